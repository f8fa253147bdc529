// Operations on rows, one warp each: L2 norms, embeddings, gathers.
#pragma once

#include <cfloat>

#include "numerics.cuh"

// Scales by a power of two, which is exact, so that no square overflows or vanishes: the largest element becomes one
// of 1 to 2. out may be x itself.
__device__ __forceinline__ void l2_normalize(const float* x, int xStride, int rows, int width, float* out,
                                             int outStride) {
    const int row = static_cast<int>(warp_number());
    if (row >= rows) {
        return;
    }
    const float* from = row_of(x, row, xStride);
    float* to = row_of(out, row, outStride);
    float largest = 0.0f;
#pragma unroll 1
    for (int i = threadIdx.x; i < width; i += WARP) {
        largest = fmaxf(largest, fabsf(from[i]));
    }
    largest = warp_max(largest);
    const int exponent = largest > 0.0f ? ilogbf(fminf(largest, FLT_MAX)) : 0;
    // -126: 2^126 times the least float is still large enough to be squared, and 2^128 would be infinite.
    const float scale = ldexpf(1.0f, exponent < -126 ? 126 : -exponent);
    float squares = 0.0f;
#pragma unroll 1
    for (int i = threadIdx.x; i < width; i += WARP) {
        float scaled = from[i] * scale;
        squares = fmaf(scaled, scaled, squares);
    }
    const float norm = sqrtf(warp_sum(squares));
#pragma unroll 1
    for (int i = threadIdx.x; i < width; i += WARP) {
        to[i] = norm == 0.0f ? from[i] : from[i] * scale / norm;
    }
}

// table [vocabulary, width] and positions [context, width] are contiguous.
template <class T>
__device__ __forceinline__ void token_embedding(const int* ids, const int* places, const T* table,
                                                const float* positions, unsigned tokens, int width, float* out,
                                                int outStride) {
    const bool packs = packs_fit<4>(table, width) && packs_fit<4>(positions, width) && packs_fit<4>(out, outStride);
#pragma unroll 1
    for (unsigned token = warp_number(); token < tokens; token += warp_count()) {
        const T* embedding = row_of(table, ids[token], width);
        const float* position = row_of(positions, places[token], width);
        float* to = row_of(out, token, outStride);
        if (packs) {
#pragma unroll 1
            for (int i = threadIdx.x * 4; i < width; i += WARP * 4) {
                float e[4];
                float p[4];
                load_pack(embedding + i, e);
                load_pack(position + i, p);
                store_pack(to + i, {e[0] + p[0], e[1] + p[1], e[2] + p[2], e[3] + p[3]});
            }
        } else {
#pragma unroll 1
            for (int i = threadIdx.x; i < width; i += WARP) {
                to[i] = to_float(embedding[i]) + position[i];
            }
        }
    }
}

// Copies bits, whatever they mean.
template <class Bits>
__device__ __forceinline__ void gather_rows(const Bits* x, int xStride, const int* rows, unsigned count, int width,
                                            Bits* out, int outStride) {
    constexpr int N = 16 / sizeof(Bits);
    const bool packs = width % N == 0 && packs_fit<N>(x, xStride) && packs_fit<N>(out, outStride);
#pragma unroll 1
    for (unsigned i = warp_number(); i < count; i += warp_count()) {
        const Bits* from = row_of(x, rows[i], xStride);
        Bits* to = row_of(out, i, outStride);
        if (packs) {
#pragma unroll 1
            for (int c = threadIdx.x * N; c < width; c += WARP * N) {
                *reinterpret_cast<uint4*>(to + c) = *reinterpret_cast<const uint4*>(from + c);
            }
        } else {
#pragma unroll 1
            for (int c = threadIdx.x; c < width; c += WARP) {
                to[c] = from[c];
            }
        }
    }
}
