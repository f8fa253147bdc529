// Attention with tensor cores for heads of 64 columns of 16-bit elements, after FlashAttention-2 (Dao,
// arXiv:2307.08691): a warp takes 16 queries through the keys in tiles of 64; scores, softmax and sums stay in
// registers, and the next tile of keys and values is fetched while this one is worked on.
#pragma once

#include "segments.cuh"

namespace mma {

constexpr int HEAD = 64;
constexpr int KEYS = 64;
constexpr int WARPS = 4;
constexpr int WARP_QUERIES = 16;
constexpr int BLOCK_QUERIES = WARPS * WARP_QUERIES;
constexpr int GROUPS = KEYS / 16; // of 16 keys: the depth of one mma
constexpr int CHUNKS = HEAD / 8;  // of 16 bytes in a row of a tile
constexpr int TILE = KEYS * CHUNKS;
constexpr int FETCHES = TILE / (WARPS * WARP); // chunks of a tile that a thread copies

// Chunk of a tile in shared memory. Eight rows fill all banks eight times over: with the chunks of row r permuted by
// r % 8, both eight chunks of a row and one chunk of eight rows lie in different banks.
__device__ __forceinline__ int chunk_at(int row, int chunk) { return row * CHUNKS + (chunk ^ (row & 7)); }

__device__ __forceinline__ unsigned two(float low, float high, __half) {
    const __half2 pair = __floats2half2_rn(low, high);
    return *reinterpret_cast<const unsigned*>(&pair);
}

__device__ __forceinline__ unsigned two(float low, float high, __nv_bfloat16) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const unsigned*>(&pair);
}

// A warp's 16 queries: scores with a tile's keys, sums of values. Element e of tile n is that of
// row lane / 4 + e / 2 * 8, column 8 n + lane % 4 * 2 + e % 2.
struct Running {
    float values[HEAD / 8][4];
    float largest[2]; // of rows lane / 4 and lane / 4 + 8
    float sum[2];     // of this lane's keys
};

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
    int causal;
    float scale;
    T* out;
    int outStride;
};

// Starts to fetch 64 rows of x, of which this thread copies a chunk each of four: rows[i], or zeros where that is
// negative.
template <class T>
__device__ __forceinline__ void fetch(const T* x, int stride, const int (&rows)[FETCHES], uint4* tile) {
    const int thread = threadIdx.y * WARP + threadIdx.x;
    const int chunk = thread % CHUNKS;
#pragma unroll
    for (int i = 0; i < FETCHES; i++) {
        const T* from = rows[i] < 0 ? x : row_of(x, rows[i], stride) + chunk * 8;
        cp_async_16(tile + chunk_at(thread / CHUNKS + i * (KEYS / FETCHES), chunk), from, rows[i] >= 0);
    }
    cp_async_commit();
}

// Starts to fetch keys, and after them values, of 64 keys from first on. Of those beyond count there are zeros, as a
// weight of zero makes no zero of what shared memory held before.
template <class T>
__device__ __forceinline__ void fetch_pairs(const Head<T>& head, int first, int count, uint4* keys, uint4* values) {
    int rows[FETCHES];
#pragma unroll
    for (int i = 0; i < FETCHES; i++) {
        const int key = (threadIdx.y * WARP + threadIdx.x) / CHUNKS + i * (KEYS / FETCHES);
        rows[i] = key < count ? key_row(head.keyRows, first + key) : -1;
    }
    fetch(head.k, head.kStride, rows, keys);
    fetch(head.v, head.vStride, rows, values);
}

// The warp's queries as fragments, four of 16 columns; zeros beyond count.
template <class T>
__device__ __forceinline__ void load_queries(const T* q, int stride, int count, unsigned (&fragments)[HEAD / 16][4]) {
    const int row = threadIdx.x / 4;
    const T* from = q + threadIdx.x % 4 * 2;
#pragma unroll
    for (int s = 0; s < HEAD / 16; s++) {
#pragma unroll
        for (int f = 0; f < 4; f++) {
            const int r = row + f % 2 * 8;
            fragments[s][f] = r < count
                                  ? *reinterpret_cast<const unsigned*>(row_of(from, r, stride) + s * 16 + f / 2 * 8)
                                  : 0u;
        }
    }
}

// scores = queries * keys' for the first groups groups of 16 keys; zeros in the rest.
template <class T>
__device__ __forceinline__ void score(const unsigned (&queries)[HEAD / 16][4], const uint4* tile, int groups,
                                      float (&scores)[KEYS / 8][4]) {
    // Matrices of an ldmatrix: keys 0-7 and 8-15, each of columns 0-7 and 8-15.
    const int key = threadIdx.x / 16 * 8 + threadIdx.x % 8;
    const int side = threadIdx.x / 8 % 2;
#pragma unroll
    for (int g = 0; g < GROUPS; g++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            scores[2 * g][e] = 0.0f;
            scores[2 * g + 1][e] = 0.0f;
        }
        if (g < groups) {
#pragma unroll
            for (int s = 0; s < HEAD / 16; s++) {
                unsigned keys[4];
                ldmatrix_x4(keys, tile + chunk_at(g * 16 + key, s * 2 + side));
                mma_16816(scores[2 * g], queries[s], {keys[0], keys[1]}, T());
                mma_16816(scores[2 * g + 1], queries[s], {keys[2], keys[3]}, T());
            }
        }
    }
}

// Hides keys that a query does not see; row is the lane's first query.
__device__ __forceinline__ void mask(const Segment& segment, int causal, int row, int firstKey,
                                     float (&scores)[KEYS / 8][4]) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int end = segment.visible(row + half * 8, causal) - firstKey - threadIdx.x % 4 * 2;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                if (8 * n + e >= end) {
                    scores[n][half * 2 + e] = -INFINITY;
                }
            }
        }
    }
}

// Scores become weights relative to the largest score so far. scale, positive, includes log2(e).
__device__ __forceinline__ void soften(float scale, float (&scores)[KEYS / 8][4], Running& running) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float largest = running.largest[half];
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
            largest = fmaxf(largest, fmaxf(scores[n][half * 2], scores[n][half * 2 + 1]));
        }
        largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 1));
        largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 2));
        // Infinity less infinity is no number; nothing seen yet leaves weights of zero.
        const float base = largest == -INFINITY ? 0.0f : largest * scale;
        const float rescale = exp2_approx(fmaf(running.largest[half], scale, -base));
        running.largest[half] = largest;
        float sum = 0.0f;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                float& score = scores[n][half * 2 + e];
                score = exp2_approx(fmaf(score, scale, -base));
                sum += score;
            }
            running.values[n][half * 2] *= rescale;
            running.values[n][half * 2 + 1] *= rescale;
        }
        running.sum[half] = fmaf(running.sum[half], rescale, sum);
    }
}

// running.values += weights * values for the first groups groups of 16 keys. The accumulators of two score tiles are
// laid out as an operand of 16 keys, so the weights need not leave their registers.
template <class T>
__device__ __forceinline__ void weigh(const float (&weights)[KEYS / 8][4], const uint4* tile, int groups,
                                      Running& running) {
    // Matrices of a transposed ldmatrix: columns 0-7 and 8-15, each of keys 0-7 and 8-15.
    const int key = threadIdx.x % 16;
    const int side = threadIdx.x / 16;
#pragma unroll
    for (int g = 0; g < GROUPS; g++) {
        if (g < groups) {
            const float(&left)[4] = weights[2 * g];
            const float(&right)[4] = weights[2 * g + 1];
            const unsigned w[4] = {two(left[0], left[1], T()), two(left[2], left[3], T()),
                                   two(right[0], right[1], T()), two(right[2], right[3], T())};
#pragma unroll
            for (int s = 0; s < HEAD / 16; s++) {
                unsigned values[4];
                ldmatrix_x4_trans(values, tile + chunk_at(g * 16 + key, s * 2 + side));
                mma_16816(running.values[2 * s], w, {values[0], values[1]}, T());
                mma_16816(running.values[2 * s + 1], w, {values[2], values[3]}, T());
            }
        }
    }
}

// Writes count rows of the warp's sums, divided, by way of shared memory: there lanes exchange what they have for whole
// chunks. tile is the warp's, of 16 rows.
template <class T>
__device__ __forceinline__ void write(Running& running, int count, uint4* tile, T* out, int stride) {
    unsigned* pairs = reinterpret_cast<unsigned*>(tile);
    const int lane = threadIdx.x;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float sum = running.sum[half];
        sum += __shfl_xor_sync(ALL_LANES, sum, 1);
        sum += __shfl_xor_sync(ALL_LANES, sum, 2);
        const float scale = sum == 0.0f ? 0.0f : 1.0f / sum; // no key at all: zeros
#pragma unroll
        for (int n = 0; n < CHUNKS; n++) {
            pairs[chunk_at(lane / 4 + half * 8, n) * 4 + lane % 4] =
                two(running.values[n][half * 2] * scale, running.values[n][half * 2 + 1] * scale, T());
        }
    }
    __syncwarp();
    const bool packs = packs_fit<8>(out, stride);
#pragma unroll
    for (int row = lane / CHUNKS; row < WARP_QUERIES; row += WARP / CHUNKS) {
        const uint4* chunk = tile + chunk_at(row, lane % CHUNKS);
        T* to = row_of(out, row, stride) + lane % CHUNKS * 8;
        if (row < count && packs) {
            *reinterpret_cast<uint4*>(to) = *chunk;
        } else if (row < count) {
#pragma unroll 1
            for (int e = 0; e < 8; e++) {
                to[e] = reinterpret_cast<const T*>(chunk)[e];
            }
        }
    }
}

// Keys and values of two tiles: one in use, one under way.
struct Stages {
    uint4* keys;
    uint4* values;
};

// The block's 64 queries from tileQuery on.
template <class T>
__device__ __forceinline__ void attend(const Segment& segment, const Head<T>& head, int tileQuery,
                                       const Stages& stages) {
    const int tileEnd = tileQuery + BLOCK_QUERIES < segment.queries ? tileQuery + BLOCK_QUERIES : segment.queries;
    const int end = segment.visible(tileEnd - 1, head.causal);
    const int warpQuery = tileQuery + threadIdx.y * WARP_QUERIES;
    const int count = segment.queries - warpQuery;
    // Of the warp's queries the first sees fewest keys, the last most.
    const int allSee = count > 0 ? segment.visible(warpQuery, head.causal) : 0;
    const int oneSees = count > 0 ? segment.visible(warpQuery + WARP_QUERIES - 1, head.causal) : 0;
    fetch_pairs(head, segment.firstKey, end, stages.keys, stages.values);
    unsigned queries[HEAD / 16][4];
    load_queries(row_of(head.q, segment.firstQuery + warpQuery, head.qStride), head.qStride, count, queries);
    Running running = {};
    running.largest[0] = -INFINITY;
    running.largest[1] = -INFINITY;
    int stage = 0;
#pragma unroll 1
    for (int firstKey = 0; firstKey < end; firstKey += KEYS, stage ^= 1) {
        cp_async_wait<1>(); // all but the values of this tile
        __syncthreads();    // which ends the use of the other stage, too
        const int next = firstKey + KEYS;
        if (next < end) {
            fetch_pairs(head, segment.firstKey + next, end - next, stages.keys + (stage ^ 1) * TILE,
                        stages.values + (stage ^ 1) * TILE);
        } else {
            cp_async_commit(); // empty groups, to be counted
            cp_async_commit();
        }
        const int left = oneSees - firstKey;
        const int groups = left <= 0 ? 0 : left < KEYS ? (left + 15) / 16 : GROUPS;
        float scores[KEYS / 8][4];
        if (groups > 0) {
            score<T>(queries, stages.keys + stage * TILE, groups, scores);
            if (allSee < firstKey + KEYS) {
                mask(segment, head.causal, warpQuery + threadIdx.x / 4, firstKey, scores);
            }
            soften(head.scale, scores, running);
        }
        cp_async_wait<2>(); // all but the next tile
        __syncthreads();
        if (groups > 0) {
            weigh<T>(scores, stages.values + stage * TILE, groups, running);
        }
    }
    if (count > 0) {
        // All warps are past the scores, so no keys are read or under way.
        write(running, count, stages.keys + threadIdx.y * WARP_QUERIES * CHUNKS,
              row_of(head.out, segment.firstQuery + warpQuery, head.outStride), head.outStride);
    }
}

// Grid (heads, segments, tiles), any number of tiles; block (32, 4). Rows of q, k and v are 16-byte aligned.
template <class T>
__device__ __forceinline__ void attention(const T* q, int qStride, const T* k, int kStride, const T* v, int vStride,
                                          const int* queryOffsets, const int* keyOffsets, const int* keyRows,
                                          int causal, float scale, T* out, int outStride) {
    SHARED(uint4, keys, 2 * TILE);
    SHARED(uint4, values, 2 * TILE);
    const Segment segment = segment_of(queryOffsets, keyOffsets, blockIdx.y);
    const int first = blockIdx.x * HEAD;
    constexpr float LOG2_E = 1.4426950408889634f;
    const Head<T> head = {q + first, qStride, k + first, kStride,     v + first, vStride,
                          keyRows,   causal,  scale * LOG2_E, out + first, outStride};
#pragma unroll 1
    for (int tileQuery = blockIdx.z * BLOCK_QUERIES; tileQuery < segment.queries;
         tileQuery += gridDim.z * BLOCK_QUERIES) {
        attend(segment, head, tileQuery, {keys, values});
        __syncthreads(); // the next tile overwrites what the outputs went through
    }
}

} // namespace mma
