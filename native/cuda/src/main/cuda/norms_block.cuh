// Layer norms of few rows: a block each, as what counts is not bandwidth but how long one row takes.
#pragma once

#include "norms.cuh"

namespace block {

constexpr int WARPS = 4;
constexpr int THREADS = WARPS * WARP;
constexpr int MAX_WIDTH = 2048; // of a row in registers

__device__ __forceinline__ int thread() { return threadIdx.y * WARP + threadIdx.x; }

// Products in parts that are still to be added to the row: partials [splits, rows, width], addBias [width] or null.
// No parts at all leave the row as it is.
struct Parts {
    const float* partials;
    int splits;
    int rows;
    const float* addBias;
};

__device__ __forceinline__ bool part_fits(const Parts& parts) {
    return packs_fit<4>(parts.partials, 0) && packs_fit<4>(parts.addBias, 0);
}

struct Moments {
    float mean;
    float squares; // of the distances from it
};

// Of the block's width elements, from those of each warp (Chan, Golub, LeVeque, "Updating formulae", 1979): warps meet
// once, not for the mean and again for the squares. count is the warp's.
__device__ __forceinline__ Moments merge(const Moments& own, int count, int width) {
    SHARED(float, means, WARPS);
    SHARED(float, squares, WARPS);
    SHARED(float, counts, WARPS);
    if (threadIdx.x == 0) {
        means[threadIdx.y] = own.mean;
        squares[threadIdx.y] = own.squares;
        counts[threadIdx.y] = static_cast<float>(count);
    }
    __syncthreads();
    float sum = 0.0f;
#pragma unroll
    for (int warp = 0; warp < WARPS; warp++) {
        sum = fmaf(counts[warp], means[warp], sum);
    }
    Moments all = {sum / width, 0.0f};
#pragma unroll
    for (int warp = 0; warp < WARPS; warp++) {
        const float apart = means[warp] - all.mean;
        all.squares += fmaf(counts[warp] * apart, apart, squares[warp]);
    }
    return all;
}

// Elements of a row that the warp has of it when each thread takes packs of N in turn.
template <int N>
__device__ __forceinline__ int warp_elements(int width) {
    constexpr int ROUND = THREADS * N;
    const int first = threadIdx.y * WARP * N;
    const int left = width % ROUND - first;
    return width / ROUND * WARP * N + (left < 0 ? 0 : left < WARP * N ? left : WARP * N);
}

template <int N>
__device__ __forceinline__ void add_parts(const Parts& parts, int row, int i, int width, float (&v)[N]) {
    const float* from = row_of(parts.partials, row, width) + i;
    const long long step = static_cast<long long>(parts.rows) * width;
    float sum[N] = {};
    // Four reads under way at a time; added in order, whatever the grid.
#pragma unroll 4
    for (int s = 0; s < parts.splits; s++) {
        float part[N];
        load_pack(from + s * step, part);
#pragma unroll
        for (int e = 0; e < N; e++) {
            sum[e] += part[e];
        }
    }
#pragma unroll
    for (int e = 0; e < N; e++) {
        v[e] += sum[e];
    }
}

// A row in registers, PACKS packs of four in each thread. Gain and bias do not depend on the kernel before, so they are
// under way when it ends.
template <int PACKS, class U>
__device__ __forceinline__ void norm_in_registers(float* x, const Parts& parts, const float* gain, const float* bias,
                                                  float epsilon, int width, U* out) {
    float g[PACKS][4] = {};
    float b[PACKS][4] = {};
    float added[PACKS][4] = {};
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        const int i = (p * THREADS + thread()) * 4;
        if (i < width) {
            load_pack(gain + i, g[p]);
            load_pack(bias + i, b[p]);
            if (parts.addBias != nullptr) {
                load_pack(parts.addBias + i, added[p]);
            }
        }
    }
    wait_for_previous();
    float v[PACKS][4];
    float sum = 0.0f;
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        const int i = (p * THREADS + thread()) * 4;
#pragma unroll
        for (int e = 0; e < 4; e++) {
            v[p][e] = 0.0f;
        }
        if (i < width) {
            load_pack(x + i, v[p]);
        }
    }
    if (parts.splits > 0) {
#pragma unroll
        for (int p = 0; p < PACKS; p++) {
            const int i = (p * THREADS + thread()) * 4;
            if (i < width) {
                add_parts(parts, blockIdx.x, i, width, added[p]);
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    v[p][e] += added[p][e];
                }
                store_pack(x + i, v[p]);
            }
        }
    }
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        sum += (v[p][0] + v[p][1]) + (v[p][2] + v[p][3]);
    }
    const int count = warp_elements<4>(width);
    const float mean = count == 0 ? 0.0f : warp_sum(sum) / count;
    float squares[4] = {};
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        if ((p * THREADS + thread()) * 4 < width) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                squares[e] = fmaf(v[p][e] - mean, v[p][e] - mean, squares[e]);
            }
        }
    }
    const Moments all = merge({mean, warp_sum((squares[0] + squares[1]) + (squares[2] + squares[3]))}, count, width);
    const float scale = rsqrtf(all.squares / width + epsilon);
#pragma unroll
    for (int p = 0; p < PACKS; p++) {
        const int i = (p * THREADS + thread()) * 4;
        if (i < width) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                v[p][e] = fmaf((v[p][e] - all.mean) * scale, g[p][e], b[p][e]);
            }
            store_pack(out + i, v[p]);
        }
    }
}

// A row of any width or alignment, read from memory three times. A thread reads only what it alone has written.
template <class U>
__device__ __forceinline__ void norm_in_memory(float* x, const Parts& parts, const float* gain, const float* bias,
                                               float epsilon, int width, U* out) {
    wait_for_previous();
    float sum = 0.0f;
#pragma unroll 1
    for (int i = thread(); i < width; i += THREADS) {
        if (parts.splits > 0) {
            float added[1] = {parts.addBias == nullptr ? 0.0f : parts.addBias[i]};
            add_parts(parts, blockIdx.x, i, width, added);
            x[i] += added[0];
        }
        sum += x[i];
    }
    const int count = warp_elements<1>(width);
    const float mean = count == 0 ? 0.0f : warp_sum(sum) / count;
    float squares = 0.0f;
#pragma unroll 1
    for (int i = thread(); i < width; i += THREADS) {
        squares = fmaf(x[i] - mean, x[i] - mean, squares);
    }
    const Moments all = merge({mean, warp_sum(squares)}, count, width);
    const float scale = rsqrtf(all.squares / width + epsilon);
#pragma unroll 1
    for (int i = thread(); i < width; i += THREADS) {
        from_float(fmaf((x[i] - all.mean) * scale, gain[i], bias[i]), out[i]);
    }
}

// x += addBias + the sum of partials, then out = its layer norm. The block's row is blockIdx.x.
template <class U>
__device__ __forceinline__ void residual_norm(float* x, int xStride, const Parts& parts, const float* gain,
                                              const float* bias, float epsilon, int width, U* out, int outStride) {
    start_next();
    const bool packs = width % 4 == 0 && width <= MAX_WIDTH && packs_fit<4>(x, xStride) && packs_fit<4>(out, outStride)
                       && packs_fit<4>(gain, 0) && packs_fit<4>(bias, 0) && part_fits(parts);
    float* row = row_of(x, blockIdx.x, xStride);
    U* to = row_of(out, blockIdx.x, outStride);
    if (!packs) {
        norm_in_memory(row, parts, gain, bias, epsilon, width, to);
    } else if (width <= THREADS * 4) {
        norm_in_registers<1>(row, parts, gain, bias, epsilon, width, to);
    } else if (width <= THREADS * 8) {
        norm_in_registers<2>(row, parts, gain, bias, epsilon, width, to);
    } else {
        norm_in_registers<MAX_WIDTH / (THREADS * 4)>(row, parts, gain, bias, epsilon, width, to);
    }
}

// out may not be x.
template <class U>
__device__ __forceinline__ void layer_norm(const float* x, int xStride, const float* gain, const float* bias,
                                           float epsilon, int rows, int width, U* out, int outStride) {
    residual_norm(const_cast<float*>(x), xStride, {nullptr, 0, rows, nullptr}, gain, bias, epsilon, width, out,
                  outStride); // without parts x is not written
}

} // namespace block
