#!/bin/sh
# Compiles the kernels of the CUDA backend into the resource that the jar carries. Needed only after a change in
# src/main/cuda; a test compares the digest of the sources with the one written here.
#
#   NVCC=/usr/local/cuda/bin/nvcc ./build-kernels.sh
set -eu
cd "$(dirname "$0")"
nvcc=${NVCC:-nvcc}
sources=src/main/cuda
resources=src/main/resources/org/clip4j/cuda
mkdir -p "$resources"

# Machine code for each generation of cards, which its later members run as well (sm_86 and sm_89 that of sm_80).
# Others, to come, translate the sm_80 PTX when the kernels are loaded; it must not be older, as below sm_80 the
# tensor-core kernels are empty. Only Hopper is 9.0, so what sm_90a alone has may be in its code: similarity_hopper.cuh.
set -- -gencode arch=compute_80,code=compute_80
for architecture in 75 80 90a 100 120; do
    set -- "$@" -gencode "arch=compute_$architecture,code=sm_$architecture"
done
"$nvcc" -fatbin --std=c++17 -O3 --compress-mode=size "$@" -o "$resources/kernels.fatbin" "$sources/kernels.cu"

# Of every file in the order of the names: name, a zero byte, content.
digest=$(cd "$sources" && for file in $(ls | LC_ALL=C sort); do
    printf '%s\0' "$file"
    cat "$file"
done | sha256sum | cut -d' ' -f1)
release=$("$nvcc" --version | sed -n 's/.*release .*, V\(.*\)/\1/p')
printf 'compiler=nvcc %s\nsources.sha256=%s\n' "$release" "$digest" > "$resources/kernels.properties"
