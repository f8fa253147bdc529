#!/bin/bash
# Reads preprocessed CUDA C++ (-DCLIP4J_LIST_KERNELS) and prints a line HOST_KERNEL(name, bound(launch bounds)) for each
# __global__ function that is not a template.
set -euo pipefail
grep -v '^#' | tr '\n' ' ' |
    { grep -oE '(template *<[^;{}]*)?CLIP4J_GLOBAL +[^;{}]*\{' || true; } | { grep -v '^template' || true; } |
    sed -E 's/CLIP4J_GLOBAL//; s/\bvoid\b//; s/CLIP4J_BOUNDS\(([^()]*(\([^()]*\)[^()]*)*)\)/@\1@/;
            s/^ *(@([^@]*)@)? *([A-Za-z_0-9]+) *\(.*$/HOST_KERNEL(\3, bound(\2))/'
