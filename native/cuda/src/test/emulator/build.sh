#!/bin/bash
# Builds the CUDA emulator: build.sh [output folder, default native/cuda/target/emulator]
# Needs g++ and the CUDA headers (CUDA_HOME, default /usr/local/cuda); no nvcc, no driver, no GPU.
# KERNELS names another folder with a kernels.cu. ARCH is g++'s -march, OPTIMIZE its -O, DEFINES more of its options:
# -DNEAREST_EMULATES_HOPPER for the products of similarity_hopper.cuh; CLIP4J_EMULATOR_CAPABILITY=90 has room for them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
module=$(cd "$here/../../.." && pwd)
out=${1:-$module/target/emulator}
kernels=${KERNELS:-$module/src/main/cuda}
cuda=${CUDA_HOME:-/usr/local/cuda}
mkdir -p "$out"
out=$(cd "$out" && pwd)
objects=$out/objects
mkdir -p "$objects"

common=(-std=c++17 "-march=${ARCH:-native}" -fPIC -fvisibility=hidden -Wall -Wextra -g1 -isystem "$cuda/include"
    -I"$here")
device=("${common[@]}" "${OPTIMIZE:--O2}" -DCLIP4J_EMULATOR ${DEFINES:-} -I"$kernels" -I"$objects" -Wno-unknown-pragmas
    -Wno-unused-parameter -Wno-class-memaccess -Wno-sign-compare "-ffile-prefix-map=$kernels/="
    # A misaligned vector access or an index out of a local array ends the kernel as it would (or should) on a device;
    # local variables that were never set have a value that is seen.
    -fno-strict-aliasing -fsanitize=alignment,bounds -fno-sanitize-recover=all -ftrivial-auto-var-init=pattern)

# Recompiles what is older than its sources, or was compiled by another command.
compile() { # source object folders-of-headers flags...
    local source=$1 object=$objects/$2 headers=$3
    shift 3
    local command="$* $source"
    if [ ! -e "$object" ] || [ "$command" != "$(cat "$object.command" 2>/dev/null)" ] ||
        [ "$source" -nt "$object" ] ||
        [ -n "$(find $headers -newer "$object" -type f ! -name '*.cpp' -name '*.[chi]*' ! -path '*/selftest/*')" ]; then
        echo "g++ $(basename "$source")"
        rm -f "$object"
        g++ "$@" -c "$source" -o "$object"
        echo "$command" >"$object.command"
    fi
}

g++ "${device[@]}" -DCLIP4J_LIST_KERNELS -x c++ -E "$kernels/kernels.cu" |
    "$here/list-kernels.sh" >"$objects/kernels.new"
cmp -s "$objects/kernels.new" "$objects/kernels.inc" || mv "$objects/kernels.new" "$objects/kernels.inc"
echo "$(wc -l <"$objects/kernels.inc") kernels"

pids=()
for name in memory streams context driverthread sharedmemory faults fibers; do
    compile "$here/$name.cpp" $name.o "$here" "${common[@]}" -O2 &
    pids+=($!)
done
# Version scripts choose what these export.
for name in runtime graphs driver cublas gemm product blas cudnngraph cudnnops cudnncnn; do
    compile "$here/$name.cpp" $name.o "$here" "${common[@]}" -fvisibility=default -O3 &
    pids+=($!)
done
compile "$here/kernels.cpp" kernels.o "$here $kernels $objects/kernels.inc" "${device[@]}"
for pid in "${pids[@]}"; do wait "$pid"; done

core=libclip4j-cuda-emulator.so
(cd "$objects" && g++ -shared -Wl,-soname,$core -o "$out/$core" memory.o streams.o context.o driverthread.o \
  sharedmemory.o faults.o fibers.o kernels.o)

# A library under the name, and with the symbol version, by which programs know the real one.
library() { # file version objects...
    local file=$1 version=$2
    shift 2
    local script=$objects/$file.map
    if [ -n "$version" ]; then
        echo "$version { global: cu*; nvrtc*; local: *; };" >"$script"
    else
        echo "{ global: cu*; nvrtc*; local: *; };" >"$script"
    fi
    (cd "$objects" && g++ -shared -Wl,-soname,"$file" -Wl,--version-script="$script" -Wl,--no-undefined \
        -Wl,-rpath,'$ORIGIN' -o "$out/$file" "$@" -L"$out" -lclip4j-cuda-emulator)
}
library libcuda.so.1 "" driver.o
library libcudart.so.13 libcudart.so.13 runtime.o graphs.o
library libcublasLt.so.13 libcublasLt.so.13 blas.o product.o gemm.o
library libcublas.so.13 libcublas.so.13 cublas.o
library libcudnn_graph.so.9 libcudnn_graph.so.9 cudnngraph.o
library libcudnn_ops.so.9 libcudnn_ops.so.9 cudnnops.o
library libcudnn_cnn.so.9 libcudnn_cnn.so.9 cudnncnn.o gemm.o
library libcudnn_adv.so.9 libcudnn_adv.so.9 # has nothing that is called, but must be there
echo "export LD_LIBRARY_PATH=$out"
