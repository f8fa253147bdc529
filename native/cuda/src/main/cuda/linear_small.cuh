// Matrix products with few rows, as one image or text has: bound by how fast the weights arrive and by what lies
// between kernels, not by arithmetic. A block has NT columns of the result and all rows, up to 16 MT; its warps share
// the depth out among themselves. Which element of the depth a fragment of the tensor cores holds does not matter as
// long as both operands agree, so a lane takes 16 neighbouring bytes of a row and calls them the fragments of two
// products.
//
// Two blocks should fit into an SM, or the next kernel's block, with its first weights, has to wait for the end of this
// one's: at most 128 registers. The weights, latest to arrive, have most of them; the rows of x, where there are more
// than 16, wait in shared memory, where each lane keeps only what it alone will read, as if it had more registers.
#pragma once

#include "elements.cuh"

namespace small {

constexpr int WARPS = 8;
constexpr int STEP = 32; // of the depth: four lanes of 8 elements
constexpr int ROUND = WARPS * STEP;
constexpr int STAGES = 3; // of weights in registers

template <class T>
struct Operands {
    const T* x;
    int xStride;
    const T* weight; // [columns, depth]
    const float* bias; // [columns], or null
    int rows;
    int columns;
    int depth;
    int activation;
    int add;
};

// The part of the depth that a block takes; maxSteps is the number of steps in the largest of all parts.
struct Range {
    int first;
    int end;
    int maxSteps;
};

// Of more tiles, rows go by way of shared memory.
constexpr int DIRECT_TILES = 1;

// Elements in a row of a warp's sums: where eight lanes that write two each, of four rows, meet different banks. Of 32
// columns only half of them do; more would not leave room for five tiles of rows.
template <int NT>
constexpr int SUM_STRIDE = NT == 32 ? 36 : NT == 16 ? 24 : NT;

// Stages of rows in shared memory: sm_86, sm_89 and sm_120 have 99 kB for a block.
template <int MT>
constexpr int ROW_STAGES = MT > 4 ? 2 : STAGES;

// Blocks that an SM has registers for.
template <int MT, int NT>
constexpr int BLOCKS = MT * NT >= 4 * 32 ? 1 : 2;

// Shared memory of a warp, in units of 16 bytes: first for its rows of x, as many stages as it has steps, then for its
// sums. steps is that of the whole block.
template <int MT, int NT>
__device__ __forceinline__ int warp_share(int steps) {
    constexpr int SUMS = MT * 16 * SUM_STRIDE<NT> / 4;
    const int rounds = (steps + WARPS - 1) / WARPS;
    const int stages = rounds < ROW_STAGES<MT> ? rounds : ROW_STAGES<MT>;
    const int rows = MT > DIRECT_TILES ? stages * MT * 2 * WARP : 0;
    return rows > SUMS ? rows : SUMS;
}

template <class T, int NT>
__device__ __forceinline__ void load_weights(const Operands<T>& o, int firstColumn, int k, uint4 (&w)[NT / 8]) {
    const int column = firstColumn + threadIdx.x / 4;
#pragma unroll
    for (int n = 0; n < NT / 8; n++) {
        w[n] = *reinterpret_cast<const uint4*>(row_of(o.weight, column + n * 8, o.depth) + k + threadIdx.x % 4 * 8);
    }
}

// Brings the weights that have no register yet nearer, from k on. 128 bytes serve two warps of two.
template <class T, int NT>
__device__ __forceinline__ void prefetch_weights(const Operands<T>& o, int firstColumn, int k, int end) {
    if (threadIdx.y % 2 == 0 && threadIdx.x % 4 == 0) {
#pragma unroll 1
        for (; k < end; k += ROUND) {
#pragma unroll
            for (int n = 0; n < NT / 8; n++) {
                prefetch(row_of(o.weight, firstColumn + threadIdx.x / 4 + n * 8, o.depth) + k);
            }
        }
    }
}

// Rows lane / 4 and lane / 4 + 8 of each tile of 16; zeros beyond the last.
template <class T, int MT>
__device__ __forceinline__ void load_rows(const Operands<T>& o, int k, uint4 (&a)[MT][2]) {
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = m * 16 + half * 8 + threadIdx.x / 4;
            a[m][half] = row < o.rows
                             ? *reinterpret_cast<const uint4*>(row_of(o.x, row, o.xStride) + k + threadIdx.x % 4 * 8)
                             : make_uint4(0, 0, 0, 0);
        }
    }
}

// The same into the warp's stage of shared memory; one group of copies.
template <class T, int MT>
__device__ __forceinline__ void fetch_rows(const Operands<T>& o, int k, int end, uint4* stage) {
    if (k < end) {
#pragma unroll
        for (int i = 0; i < MT * 2; i++) {
            const int row = i * 8 + threadIdx.x / 4;
            const bool valid = row < o.rows;
            cp_async_16(stage + i * WARP + threadIdx.x,
                        row_of(o.x, valid ? row : 0, o.xStride) + k + threadIdx.x % 4 * 8, valid);
        }
    }
    cp_async_commit(); // an empty one counts, too
}

template <class T, int NT>
__device__ __forceinline__ void multiply_tile(const uint4& top, const uint4& bottom, const uint4 (&w)[NT / 8],
                                              float (&sums)[NT / 8][4]) {
    const unsigned low[4] = {top.x, bottom.x, top.y, bottom.y};
    const unsigned high[4] = {top.z, bottom.z, top.w, bottom.w};
#pragma unroll
    for (int n = 0; n < NT / 8; n++) {
        mma_16816(sums[n], low, {w[n].x, w[n].y}, T());
    }
#pragma unroll
    for (int n = 0; n < NT / 8; n++) {
        mma_16816(sums[n], high, {w[n].z, w[n].w}, T());
    }
}

// sums += the warp's steps of the range; w has the weights of the first steps. Rows by way of registers.
template <class T, int MT, int NT>
__device__ __forceinline__ void multiply_direct(const Operands<T>& o, const Range& range, int firstColumn,
                                                uint4 (&w)[STAGES][NT / 8], float (&sums)[MT][NT / 8][4]) {
    for (int first = range.first + threadIdx.y * STEP; first < range.end; first += STAGES * ROUND) {
        uint4 a[STAGES][MT][2];
#pragma unroll
        for (int i = 0; i < STAGES; i++) {
            const int k = first + i * ROUND;
            if (k < range.end) {
                load_rows<T, MT>(o, k, a[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < STAGES; i++) {
            const int k = first + i * ROUND;
            if (k < range.end) {
#pragma unroll
                for (int m = 0; m < MT; m++) {
                    multiply_tile<T, NT>(a[i][m][0], a[i][m][1], w[i], sums[m]);
                }
                if (k + STAGES * ROUND < range.end) {
                    load_weights<T, NT>(o, firstColumn, k + STAGES * ROUND, w[i]);
                }
            }
        }
    }
}

// The same by way of shared memory: all stages are under way at once.
template <class T, int MT, int NT>
__device__ __forceinline__ void multiply_staged(const Operands<T>& o, const Range& range, int firstColumn,
                                                uint4 (&w)[STAGES][NT / 8], float (&sums)[MT][NT / 8][4],
                                                uint4* stages) {
    constexpr int STAGE = MT * 2 * WARP;
    constexpr int AHEAD = ROW_STAGES<MT>;
    int first = range.first + threadIdx.y * STEP;
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
        fetch_rows<T, MT>(o, first + i * ROUND, range.end, stages + i * STAGE);
    }
    uint4* stage = stages;
    for (; first < range.end; first += STAGES * ROUND) {
#pragma unroll
        for (int i = 0; i < STAGES; i++) {
            const int k = first + i * ROUND;
            if (k < range.end) {
                cp_async_wait<AHEAD - 1>(); // a lane reads what it copied itself: nobody else is waited for
                const uint4* rows = stage + threadIdx.x;
#pragma unroll
                for (int m = 0; m < MT; m++) {
                    multiply_tile<T, NT>(rows[m * 2 * WARP], rows[(m * 2 + 1) * WARP], w[i], sums[m]);
                }
                fetch_rows<T, MT>(o, k + AHEAD * ROUND, range.end, stage);
                if (k + STAGES * ROUND < range.end) {
                    load_weights<T, NT>(o, firstColumn, k + STAGES * ROUND, w[i]);
                }
                stage = stage == stages + (AHEAD - 1) * STAGE ? stages : stage + STAGE;
            }
        }
    }
    cp_async_wait<0>();
}

// Adds up what the warps have, in their order, and writes it. The block's thread i has the bias of column i.
template <class T, class OUT, int MT, int NT>
__device__ __forceinline__ void finish(const Operands<T>& o, int firstColumn, const float (&sums)[MT][NT / 8][4],
                                       float bias, uint4* shared, int warpShare, OUT* out, int outStride) {
    SHARED(float, biases, NT);
    constexpr int STRIDE = SUM_STRIDE<NT>;
    const int share = warpShare * 4;
    float* parts = reinterpret_cast<float*>(shared);
    float* own = parts + threadIdx.y * share + threadIdx.x / 4 * STRIDE + threadIdx.x % 4 * 2;
    const int thread = threadIdx.y * WARP + threadIdx.x;
    if (thread < NT) {
        biases[thread] = bias;
    }
    __syncwarp(); // its rows were there
#pragma unroll
    for (int m = 0; m < MT; m++) {
#pragma unroll
        for (int n = 0; n < NT / 8; n++) {
            float* at = own + m * 16 * STRIDE + n * 8;
            *reinterpret_cast<float2*>(at) = make_float2(sums[m][n][0], sums[m][n][1]);
            *reinterpret_cast<float2*>(at + 8 * STRIDE) = make_float2(sums[m][n][2], sums[m][n][3]);
        }
    }
    __syncthreads();
    const bool packs = packs_fit<2>(out, outStride);
    constexpr int PAIRS = NT / 2;
#pragma unroll 2
    for (int i = thread; i < o.rows * PAIRS; i += WARPS * WARP) {
        const int row = i / PAIRS;
        const int column = i % PAIRS * 2;
        OUT* to = row_of(out, row, outStride) + firstColumn + column;
        float old[2] = {};
        if (o.add && packs) {
            load_pack(to, old);
        } else if (o.add) {
            old[0] = to_float(to[0]);
            old[1] = to_float(to[1]);
        }
        float sum[2] = {};
#pragma unroll
        for (int warp = 0; warp < WARPS; warp++) {
            const float2 part = *reinterpret_cast<const float2*>(parts + warp * share + row * STRIDE + column);
            sum[0] += part.x;
            sum[1] += part.y;
        }
#pragma unroll
        for (int e = 0; e < 2; e++) {
            sum[e] = activation_of(sum[e] + biases[column + e] + old[e], o.activation, T());
        }
        if (packs) {
            store_pack(to, sum);
        } else {
            from_float(sum[0], to[0]);
            from_float(sum[1], to[1]);
        }
    }
}

template <class T, class OUT, int MT, int NT>
__device__ __forceinline__ void multiply(const Operands<T>& o, const Range& range, OUT* out, int outStride) {
    SHARED_DYNAMIC(uint4, shared);
    const int firstColumn = blockIdx.x * NT;
    const int first = range.first + threadIdx.y * STEP;
    uint4 w[STAGES][NT / 8];
    // Weights and bias do not depend on the kernel before, so they may be under way when it ends.
    start_next();
#pragma unroll
    for (int i = 0; i < STAGES; i++) {
        if (first + i * ROUND < range.end) {
            load_weights<T, NT>(o, firstColumn, first + i * ROUND, w[i]);
        }
    }
    prefetch_weights<T, NT>(o, firstColumn, first + STAGES * ROUND, range.end);
    const int thread = threadIdx.y * WARP + threadIdx.x;
    const float bias = o.bias != nullptr && thread < NT ? o.bias[firstColumn + thread] : 0.0f;
    wait_for_previous();
    const int share = warp_share<MT, NT>(range.maxSteps);
    float sums[MT][NT / 8][4] = {};
    if constexpr (MT > DIRECT_TILES) {
        multiply_staged<T, MT, NT>(o, range, firstColumn, w, sums, shared + threadIdx.y * share);
    } else {
        multiply_direct<T, MT, NT>(o, range, firstColumn, w, sums);
    }
    finish<T, OUT, MT, NT>(o, firstColumn, sums, bias, shared, share, out, outStride);
}

// Grid (columns / NT), block (32, 8), dynamic shared memory of WARPS * 16 * warp_share(depth / STEP) bytes. The depth
// is a multiple of 32; rows of x and the weights are 16-byte aligned.
template <class T, class OUT, int MT, int NT>
__device__ __forceinline__ void linear(const Operands<T>& o, OUT* out, int outStride) {
    multiply<T, OUT, MT, NT>(o, {0, o.depth, o.depth / STEP}, out, outStride);
}

// Grid (columns / NT, splits), otherwise the same, with the steps of a split rounded up: each split of the depth writes
// its own product [rows, columns].
template <class T, int MT, int NT>
__device__ __forceinline__ void linear_split(const Operands<T>& o, float* partials) {
    const int steps = o.depth / STEP;
    const int split = blockIdx.y;
    const int splits = gridDim.y;
    const Range range = {split * steps / splits * STEP, (split + 1) * steps / splits * STEP,
                         (steps + splits - 1) / splits};
    multiply<T, float, MT, NT>(o, range, partials + static_cast<long long>(split) * o.rows * o.columns, o.columns);
}

} // namespace small
