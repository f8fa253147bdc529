// What the attention kernels have in common: the segment that a block works on.
#pragma once

#include "numerics.cuh"

// A segment's queries and keys, as org.clip4j.kernels.AttentionInput describes them.
struct Segment {
    int firstQuery;
    int queries;
    int firstKey;
    int keys;

    // Keys that query j sees, from the first on; with a causal mask the last query sees all.
    __device__ __forceinline__ int visible(int j, int causal) const {
        const int end = keys - queries + j + 1;
        return causal != 0 && end < keys ? end : keys;
    }
};

__device__ __forceinline__ Segment segment_of(const int* queryOffsets, const int* keyOffsets, int segment) {
    const int firstQuery = queryOffsets[segment];
    const int firstKey = keyOffsets[segment];
    return {firstQuery, queryOffsets[segment + 1] - firstQuery, firstKey, keyOffsets[segment + 1] - firstKey};
}

// Row of a key in the matrices of keys and values.
__device__ __forceinline__ int key_row(const int* keyRows, int key) {
    return keyRows == nullptr ? key : keyRows[key];
}
