// Layer norms of rows, one warp each.
#pragma once

#include <type_traits>

#include "numerics.cuh"

// A row as it lies in memory. A row type gives its elements in packs of one or four.
template <class T>
struct PlainRow {
    const T* x;

    template <int N>
    __device__ __forceinline__ void load(int i, float (&v)[N]) const {
        load_pack_once(x + i, v);
    }
};

// A sum together with what its roundings lost (Knuth, TAOCP 4.2.2): the mean of numbers that cancel would otherwise be
// off by more than its own rounding.
struct ExactSum {
    float sum = 0.0f;
    float lost = 0.0f;

    __device__ __forceinline__ void add(float x) {
        const float whole = sum + x;
        const float added = whole - sum;
        lost += (sum - (whole - added)) + (x - added);
        sum = whole;
    }

    template <int N>
    __device__ __forceinline__ void add(const float (&x)[N]) {
#pragma unroll
        for (int e = 0; e < N; e++) {
            add(x[e]);
        }
    }

    // The mean of what all lanes have, rounded once.
    __device__ __forceinline__ float warp_mean(int count) {
#pragma unroll
        for (int distance = WARP / 2; distance > 0; distance /= 2) {
            const float otherLost = __shfl_xor_sync(ALL_LANES, lost, distance);
            add(__shfl_xor_sync(ALL_LANES, sum, distance));
            lost += otherLost;
        }
        const float rough = sum / count;
        return rough + (fmaf(-rough, count, sum) + lost) / count;
    }
};

// Where the result has 16 bits, what a plain sum loses vanishes in their rounding.
struct PlainSum {
    float sum = 0.0f;

    template <int N>
    __device__ __forceinline__ void add(const float (&x)[N]) {
        if constexpr (N == 4) {
            sum += (x[0] + x[1]) + (x[2] + x[3]);
        } else {
#pragma unroll
            for (int e = 0; e < N; e++) {
                sum += x[e];
            }
        }
    }

    __device__ __forceinline__ float warp_mean(int count) { return warp_sum(sum) / count; }
};

template <class U>
using SumFor = std::conditional_t<sizeof(U) == sizeof(float), ExactSum, PlainSum>;

// 1 / sqrt(variance), rounded about once: division and root round twice, and all of a row has their error.
__device__ __forceinline__ float exact_scale(float variance) {
    const float rough = 1.0f / sqrtf(variance);
    const float product = variance * rough;
    const float left = fmaf(variance, rough, -product);
    const float off = fmaf(-product, rough, 1.0f) - left * rough;
    return fmaf(0.5f * rough, off, rough);
}

template <class U>
__device__ __forceinline__ float scale_for(float variance) {
    return sizeof(U) == sizeof(float) ? exact_scale(variance) : rsqrtf(variance);
}

// PACKS packs of four of a row in each lane; zeros beyond its end.
template <int PACKS, class Row>
__device__ __forceinline__ void load_row(const Row& row, int width, float (&v)[PACKS][4]) {
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        const int i = (p * WARP + threadIdx.x) * 4;
        if (i < width) {
            row.load(i, v[p]);
        } else {
            v[p][0] = v[p][1] = v[p][2] = v[p][3] = 0.0f;
        }
    }
}

// Layer norm of a row that is in registers. The variance is that of the distances from the mean: the difference of
// sums would cancel.
template <int PACKS, class U>
__device__ __forceinline__ void norm_loaded(float (&v)[PACKS][4], const float* gain, const float* bias, float epsilon,
                                            int width, U* out) {
    SumFor<U> sum;
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        sum.add(v[p]); // zeros beyond the end change nothing
    }
    const float mean = sum.warp_mean(width);
    float squares[4] = {};
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        if ((p * WARP + threadIdx.x) * 4 < width) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                v[p][e] -= mean;
                squares[e] = fmaf(v[p][e], v[p][e], squares[e]);
            }
        }
    }
    const float variance = warp_sum((squares[0] + squares[1]) + (squares[2] + squares[3])) / width;
    const float scale = scale_for<U>(variance + epsilon);
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        const int i = (p * WARP + threadIdx.x) * 4;
        if (i < width) {
            float g[4];
            float b[4];
            load_pack(gain + i, g);
            load_pack(bias + i, b);
#pragma unroll
            for (int e = 0; e < 4; e++) {
                v[p][e] = fmaf(v[p][e] * scale, g[e], b[e]);
            }
            store_pack(out + i, v[p]);
        }
    }
}

// Layer norm of a row of any width, which is read three times; a lane writes only what it alone reads.
template <int N, class Row, class U>
__device__ __forceinline__ void norm_in_memory(const Row& row, const float* gain, const float* bias, float epsilon,
                                               int width, U* out) {
    SumFor<U> sum;
#pragma unroll 1
    for (int i = threadIdx.x * N; i < width; i += WARP * N) {
        float v[N];
        row.load(i, v);
        sum.add(v);
    }
    const float mean = sum.warp_mean(width);
    float squares = 0.0f;
#pragma unroll 1
    for (int i = threadIdx.x * N; i < width; i += WARP * N) {
        float v[N];
        row.load(i, v);
#pragma unroll
        for (int e = 0; e < N; e++) {
            squares = fmaf(v[e] - mean, v[e] - mean, squares);
        }
    }
    const float scale = scale_for<U>(warp_sum(squares) / width + epsilon);
#pragma unroll 1
    for (int i = threadIdx.x * N; i < width; i += WARP * N) {
        float v[N];
        float g[N];
        float b[N];
        row.load(i, v);
        load_pack(gain + i, g);
        load_pack(bias + i, b);
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] = fmaf((v[e] - mean) * scale, g[e], b[e]);
        }
        store_pack(out + i, v);
    }
}

template <int PACKS, class Row, class U>
__device__ __forceinline__ void norm_in_registers(const Row& row, const float* gain, const float* bias, float epsilon,
                                                  int width, U* out) {
    float v[PACKS][4];
    load_row(row, width, v);
    norm_loaded(v, gain, bias, epsilon, width, out);
}

// In registers up to the widths of ViT-B, 768, and ViT-H, 1280.
template <class Row, class U>
__device__ __forceinline__ void norm_row(const Row& row, bool packs, const float* gain, const float* bias,
                                         float epsilon, int width, U* out) {
    if (!packs) {
        norm_in_memory<1>(row, gain, bias, epsilon, width, out);
    } else if (width <= 768) {
        norm_in_registers<6>(row, gain, bias, epsilon, width, out);
    } else if (width <= 1280) {
        norm_in_registers<10>(row, gain, bias, epsilon, width, out);
    } else {
        norm_in_memory<4>(row, gain, bias, epsilon, width, out);
    }
}

// The warp's rows one after the other, each read while the one before is worked on: memory always has requests of every
// warp, not only until its sums are there.
template <int PACKS, class T, class U>
__device__ __forceinline__ void norm_rows(const T* x, int xStride, const float* gain, const float* bias, float epsilon,
                                          int rows, int width, U* out, int outStride) {
    int row = static_cast<int>(warp_number());
    if (row >= rows) {
        return;
    }
    const int step = static_cast<int>(warp_count());
    float v[PACKS][4];
    load_row(PlainRow<T>{row_of(x, row, xStride)}, width, v);
#pragma unroll 1
    while (true) {
        const int next = row + step;
        float ahead[PACKS][4];
        if (next < rows) {
            load_row(PlainRow<T>{row_of(x, next, xStride)}, width, ahead);
        }
        norm_loaded(v, gain, bias, epsilon, width, row_of(out, row, outStride));
        if (next >= rows) {
            return;
        }
        row = next;
#pragma unroll
        for (int p = 0; p < PACKS; p++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                v[p][e] = ahead[p][e];
            }
        }
    }
}

// out may be x itself. Any grid; warps beyond the rows do nothing.
template <class T, class U>
__device__ __forceinline__ void layer_norm(const T* x, int xStride, const float* gain, const float* bias,
                                           float epsilon, int rows, int width, U* out, int outStride) {
    start_next();
    // They do not depend on the kernel before, and may be far away in memory.
    constexpr int LINE = 32; // floats in what a prefetch fetches
    for (int i = (threadIdx.y * WARP + threadIdx.x) * LINE; i < width; i += blockDim.y * WARP * LINE) {
        prefetch(gain + i);
        prefetch(bias + i);
    }
    wait_for_previous();
    const bool packs = width % 4 == 0 && packs_fit<4>(x, xStride) && packs_fit<4>(out, outStride)
                       && packs_fit<4>(gain, 0) && packs_fit<4>(bias, 0);
    if (packs && width <= 512) {
        norm_rows<4>(x, xStride, gain, bias, epsilon, rows, width, out, outStride);
    } else if (packs && width <= 768) {
        norm_rows<6>(x, xStride, gain, bias, epsilon, rows, width, out, outStride);
    } else if (packs && width <= 1024) {
        norm_rows<8>(x, xStride, gain, bias, epsilon, rows, width, out, outStride);
    } else {
#pragma unroll 1
        for (int row = static_cast<int>(warp_number()); row < rows; row += warp_count()) {
            norm_row(PlainRow<T>{row_of(x, row, xStride)}, packs, gain, bias, epsilon, width,
                     row_of(out, row, outStride));
        }
    }
}
