// Attention of any head width and element type, in f32. A block takes QUERIES queries per warp through the keys in
// tiles of TILE_KEYS, with the softmax's maximum and sum carried along (online softmax, Milakov and Gimelshein,
// arXiv:1805.02867). In the scores a lane has two keys, in the weighted sum of values it has two columns.
#pragma once

#include "segments.cuh"

constexpr int TILE_KEYS = 2 * WARP;
// Columns of a head that are worked on at a time: CLIP's head width. Wider heads take several passes.
constexpr int TILE_COLUMNS = 2 * WARP;
// Four floats beyond, so that eight lanes that read four floats each of neighbouring rows meet 32 different banks.
constexpr int TILE_PITCH = TILE_COLUMNS + 4;
constexpr int QUERIES = 4;
constexpr int ATTENTION_MAX_WARPS = 8;

// What the scores and sums of a warp's queries have come to.
struct Running {
    float largest[QUERIES];
    float sum[QUERIES]; // of this lane's keys
    float values[QUERIES][2];
};

// Copies count rows of columns columns to a tile of tileRows rows of TILE_COLUMNS columns, the rest zeros. Row i is
// rowNumbers[first + i] of x, or first + i.
template <class T>
__device__ __forceinline__ void stage(const T* x, int stride, const int* rowNumbers, int first, int count, int columns,
                                      float* tile, int tileRows, int pitch) {
    constexpr int PACKS = TILE_COLUMNS / 4;
    const bool packs = packs_fit<4>(x, stride) && columns % 4 == 0;
#pragma unroll 1
    for (int i = threadIdx.y * WARP + threadIdx.x; i < tileRows * PACKS; i += blockDim.y * WARP) {
        const int row = i / PACKS;
        const int column = i % PACKS * 4;
        float v[4] = {};
        if (row < count) {
            const T* from = row_of(x, key_row(rowNumbers, first + row), stride) + column;
            if (packs) {
                if (column < columns) {
                    load_pack(from, v);
                }
            } else {
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    if (column + e < columns) {
                        v[e] = to_float(from[e]);
                    }
                }
            }
        }
        store_pack(tile + row * pitch + column, v);
    }
}

// Adds the products of the warp's staged queries with the two staged keys of each lane.
__device__ __forceinline__ void score(const float* queries, const float* tile, int columns,
                                      float (&scores)[QUERIES][2]) {
#pragma unroll 2
    for (int c = 0; c < columns; c += 4) {
        float near[4];
        float far[4];
        load_pack(tile + threadIdx.x * TILE_PITCH + c, near);
        load_pack(tile + (threadIdx.x + WARP) * TILE_PITCH + c, far);
#pragma unroll
        for (int j = 0; j < QUERIES; j++) {
            float q[4];
            load_pack(queries + j * TILE_COLUMNS + c, q);
#pragma unroll
            for (int e = 0; e < 4; e++) {
                scores[j][0] = fmaf(q[e], near[e], scores[j][0]);
                scores[j][1] = fmaf(q[e], far[e], scores[j][1]);
            }
        }
    }
}

// Turns scores into weights relative to the largest score so far, and what was summed before with them.
__device__ __forceinline__ void soften(const Segment& segment, int firstQuery, int firstKey, int causal, float scale,
                                       const float (&scores)[QUERIES][2], float* weights, Running& running) {
    const int key = firstKey + threadIdx.x;
#pragma unroll
    for (int j = 0; j < QUERIES; j++) {
        const int end = segment.visible(firstQuery + j, causal);
        const float near = key < end ? scores[j][0] * scale : -INFINITY;
        const float far = key + WARP < end ? scores[j][1] * scale : -INFINITY;
        const float largest = fmaxf(running.largest[j], warp_max(fmaxf(near, far)));
        // Infinity less infinity is no number; nothing seen yet leaves weights of zero.
        const float base = largest == -INFINITY ? 0.0f : largest;
        const float rescale = expf(running.largest[j] - base);
        const float nearWeight = expf(near - base);
        const float farWeight = expf(far - base);
        running.largest[j] = largest;
        running.sum[j] = fmaf(running.sum[j], rescale, nearWeight + farWeight);
        running.values[j][0] *= rescale;
        running.values[j][1] *= rescale;
        weights[j * TILE_KEYS + threadIdx.x] = nearWeight;
        weights[j * TILE_KEYS + threadIdx.x + WARP] = farWeight;
    }
}

// Adds the staged values of keys keys, weighted, to the two columns of each lane.
__device__ __forceinline__ void weigh(const float* weights, const float* tile, int keys, Running& running) {
#pragma unroll 2
    for (int k = 0; k < keys; k += 4) {
        float v[4][2];
#pragma unroll
        for (int e = 0; e < 4; e++) {
            load_pack(tile + (k + e) * TILE_PITCH + 2 * threadIdx.x, v[e]);
        }
#pragma unroll
        for (int j = 0; j < QUERIES; j++) {
            float w[4];
            load_pack(weights + j * TILE_KEYS + k, w);
#pragma unroll
            for (int e = 0; e < 4; e++) {
                running.values[j][0] = fmaf(w[e], v[e][0], running.values[j][0]);
                running.values[j][1] = fmaf(w[e], v[e][1], running.values[j][1]);
            }
        }
    }
}

// The operands of a head, at its first column.
template <class T>
struct Head {
    const T* q;
    int qStride;
    const T* k;
    int kStride;
    const T* v;
    int vStride;
    const int* keyRows;
    int width;
    int causal;
    float scale;
    T* out;
    int outStride;
};

// Shared memory of a block.
struct Tiles {
    float* pairs;   // keys, then values, [TILE_KEYS, TILE_PITCH]
    float* queries; // [warps * QUERIES, TILE_COLUMNS]
    float* weights; // [warps * QUERIES, TILE_KEYS]
};

// Output columns column to column + TILE_COLUMNS of the block's queries, from tileQuery on.
template <class T>
__device__ __forceinline__ void attend(const Segment& segment, const Head<T>& head, int tileQuery, int column,
                                       const Tiles& tiles) {
    const int blockQueries = blockDim.y * QUERIES;
    const int count = segment.queries - tileQuery < blockQueries ? segment.queries - tileQuery : blockQueries;
    const int firstQuery = tileQuery + threadIdx.y * QUERIES;
    const bool active = firstQuery < segment.queries;
    const int end = segment.visible(tileQuery + count - 1, head.causal);
    const float* queries = tiles.queries + threadIdx.y * QUERIES * TILE_COLUMNS;
    float* weights = tiles.weights + threadIdx.y * QUERIES * TILE_KEYS;
    const int outColumns = head.width - column < TILE_COLUMNS ? head.width - column : TILE_COLUMNS;
    Running running;
#pragma unroll
    for (int j = 0; j < QUERIES; j++) {
        running.largest[j] = -INFINITY;
        running.sum[j] = 0.0f;
        running.values[j][0] = 0.0f;
        running.values[j][1] = 0.0f;
    }
#pragma unroll 1
    for (int firstKey = 0; firstKey < end; firstKey += TILE_KEYS) {
        const int keys = end - firstKey < TILE_KEYS ? end - firstKey : TILE_KEYS;
        float scores[QUERIES][2] = {};
#pragma unroll 1
        for (int c = 0; c < head.width; c += TILE_COLUMNS) {
            const int columns = head.width - c < TILE_COLUMNS ? head.width - c : TILE_COLUMNS;
            __syncthreads(); // the tiles were in use
            stage(head.k + c, head.kStride, head.keyRows, segment.firstKey + firstKey, keys, columns, tiles.pairs,
                  TILE_KEYS, TILE_PITCH);
            if (firstKey == 0 || head.width > TILE_COLUMNS) {
                stage(head.q + c, head.qStride, nullptr, segment.firstQuery + tileQuery, count, columns, tiles.queries,
                      blockQueries, TILE_COLUMNS);
            }
            __syncthreads();
            if (active) {
                score(queries, tiles.pairs, columns, scores);
            }
        }
        __syncthreads();
        stage(head.v + column, head.vStride, head.keyRows, segment.firstKey + firstKey, keys, outColumns, tiles.pairs,
              TILE_KEYS, TILE_PITCH);
        if (active) {
            soften(segment, firstQuery, firstKey, head.causal, head.scale, scores, weights, running);
        }
        __syncthreads();
        if (active) {
            weigh(weights, tiles.pairs, keys, running);
        }
    }
#pragma unroll
    for (int j = 0; j < QUERIES; j++) {
        if (firstQuery + j < segment.queries) {
            const float sum = warp_sum(running.sum[j]);
            T* to = row_of(head.out, segment.firstQuery + firstQuery + j, head.outStride) + column;
#pragma unroll
            for (int e = 0; e < 2; e++) {
                if (2 * static_cast<int>(threadIdx.x) + e < outColumns) {
                    // No key at all: zeros.
                    from_float(sum == 0.0f ? 0.0f : running.values[j][e] / sum, to[2 * threadIdx.x + e]);
                }
            }
        }
    }
}

// Grid (heads, segments, tiles), any number of tiles; block (32, 1 to 8).
template <class T>
__device__ __forceinline__ void attention(const T* q, int qStride, const T* k, int kStride, const T* v, int vStride,
                                          const int* queryOffsets, const int* keyOffsets, const int* keyRows,
                                          int headWidth, int causal, float scale, T* out, int outStride) {
    SHARED(float4, pairs, TILE_KEYS* TILE_PITCH / 4);
    SHARED(float4, queries, ATTENTION_MAX_WARPS* QUERIES* TILE_COLUMNS / 4);
    SHARED(float4, weights, ATTENTION_MAX_WARPS* QUERIES* TILE_KEYS / 4);
    const Tiles tiles = {reinterpret_cast<float*>(pairs), reinterpret_cast<float*>(queries),
                         reinterpret_cast<float*>(weights)};
    const Segment segment = segment_of(queryOffsets, keyOffsets, blockIdx.y);
    const long long first = static_cast<long long>(blockIdx.x) * headWidth;
    const Head<T> head = {q + first, qStride, k + first, kStride, v + first, vStride,
                          keyRows,   headWidth, causal,  scale,   out + first, outStride};
    const int blockQueries = blockDim.y * QUERIES;
#pragma unroll 1
    for (int tileQuery = blockIdx.z * blockQueries; tileQuery < segment.queries;
         tileQuery += gridDim.z * blockQueries) {
#pragma unroll 1
        for (int column = 0; column < headWidth; column += TILE_COLUMNS) {
            attend(segment, head, tileQuery, column, tiles);
        }
    }
}
