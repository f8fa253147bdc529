#!/bin/sh
# Builds and runs the test of the kernels: build.sh OUTPUT LIBRARIES [group]
# LIBRARIES is a folder of libcuda.so.1 and libcudart.so.13: the driver's and toolkit's, or the emulator's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
libraries=$2
mkdir -p "$out"
for source in main rows_test elements_test images_test resample_test attention_test linear_test fp8_test; do
    object=$out/$source.o
    if [ ! -e "$object" ] || [ -n "$(find "$here/$source.cpp" "$here/harness.hpp" -newer "$object")" ]; then
        g++ -std=c++17 -O2 -Wall -Wextra -isystem "${CUDA_HOME:-/usr/local/cuda}/include" -c "$here/$source.cpp" \
            -o "$object"
    fi
done
g++ -o "$out/kernel-test" "$out"/*.o -L"$libraries" -l:libcuda.so.1 -l:libcudart.so.13 -Wl,-rpath,"$libraries" \
    -Wl,--allow-shlib-undefined
exec "$out/kernel-test" "$here/../../main/resources/org/clip4j/cuda/kernels.fatbin" ${3:-}
