// Matrices to 8-bit floating point, e4m3, with one scale: what its largest magnitude is divided by to be 448.
#pragma once

#include "numerics.cuh"

// Largest finite e4m3 number: OCP 8-bit Floating Point Specification.
constexpr float FP8_MAX = 448.0f;
// Smallest normal f32 number: a scale below it has no finite inverse.
constexpr float SMALLEST_SCALE = 1.17549435e-38f;

// *largest becomes at least the bits of the largest magnitude; a NaN counts as the largest, so that it stays.
template <int N, class T>
__device__ __forceinline__ void largest_of_packs(const T* x, int xStride, unsigned rows, int columns,
                                                 unsigned* largest) {
    unsigned most = 0;
#pragma unroll 1
    for (Cells cell(columns / N); cell.row < rows; cell.advance()) {
        float v[N];
        load_pack(row_of(x, cell.row, xStride) + cell.place * N, v);
#pragma unroll
        for (int e = 0; e < N; e++) {
            most = max(most, __float_as_uint(fabsf(v[e])));
        }
    }
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        most = max(most, __shfl_xor_sync(ALL_LANES, most, distance));
    }
    if (threadIdx.x == 0 && most > 0) {
        atomicMax(largest, most);
    }
}

template <class T>
__device__ __forceinline__ void fp8_largest(const T* x, int xStride, unsigned rows, int columns, unsigned* largest) {
    constexpr int N = packSize<T, T>;
    if (columns % N == 0 && packs_fit<N>(x, xStride)) {
        largest_of_packs<N>(x, xStride, rows, columns, largest);
    } else {
        largest_of_packs<1>(x, xStride, rows, columns, largest);
    }
}

// out [rows, columns], a row after the other; *scale is what the product multiplies with.
template <int N, class T>
__device__ __forceinline__ void fp8_packs(const T* x, int xStride, unsigned rows, int columns, const unsigned* largest,
                                          __nv_fp8_e4m3* out, float* scale) {
    float unit = __uint_as_float(*largest) / FP8_MAX;
    if (unit < SMALLEST_SCALE) { // not for a NaN
        unit = SMALLEST_SCALE;
    }
    if (warp_number() == 0 && threadIdx.x == 0) {
        *scale = unit;
    }
    const float inverse = 1.0f / unit;
#pragma unroll 1
    for (Cells cell(columns / N); cell.row < rows; cell.advance()) {
        float v[N];
        load_pack(row_of(x, cell.row, xStride) + cell.place * N, v);
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] *= inverse;
        }
        store_pack(row_of(out, cell.row, columns) + cell.place * N, v);
    }
}

template <class T>
__device__ __forceinline__ void fp8_quantize(const T* x, int xStride, unsigned rows, int columns,
                                             const unsigned* largest, __nv_fp8_e4m3* out, float* scale) {
    constexpr int N = packSize<T, T>;
    if (columns % N == 0 && packs_fit<N>(x, xStride) && packs_fit<N>(out, columns)) {
        fp8_packs<N>(x, xStride, rows, columns, largest, out, scale);
    } else {
        fp8_packs<1>(x, xStride, rows, columns, largest, out, scale);
    }
}
