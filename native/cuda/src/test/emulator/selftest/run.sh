#!/bin/bash
# Builds the emulator with the self-test's kernels and runs all cases, each in its own process since errors last.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../../../target/emulator-selftest}
platform=$here/../../../main/cuda
mkdir -p "$out"
mkdir -p "$out/kernels"
cp "$here/kernels.cu" "$platform/platform.cuh" "$out/kernels"
KERNELS=$out/kernels "$here/../build.sh" "$out" >"$out/build.log" || { cat "$out/build.log"; exit 1; }
cuda=${CUDA_HOME:-/usr/local/cuda}
g++ -std=c++17 -O1 -Wall -isystem "$cuda/include" "$here/selftest.cpp" -o "$out/selftest" \
    -L"$out" -l:libcuda.so.1 -l:libcudart.so.13 -Wl,-rpath,"$out"
failed=0
for order in forward reverse 1; do
    export CLIP4J_EMULATOR_ORDER=$order
    for name in $("$out/selftest"); do
        "$out/selftest" "$name" || failed=1
    done
done
exit $failed
