// Nearest rows by dot product: a score is computed in f32 in one fixed order wherever a row lies and however many
// queries there are, so that equal rows have equal scores and all ways to a result agree.
#pragma once

#include "numerics.cuh"

namespace nearest {

// Lanes that share a row: each takes 16 bytes of every 128.
constexpr int ROW_LANES = 8;
constexpr int WARP_ROWS = WARP / ROW_LANES;
constexpr int MAX_NEAREST = 128;
// Of COLLECTED places, those that ROUND rows may take are free at the start of a round.
constexpr int COLLECTED = 512;
constexpr int ROUND = 256;
constexpr int SCAN_WARPS = 8;

template <class T>
constexpr int PIECE = 16 / sizeof(T);

// Matrix [count, width] in blocks of 2^shift rows, at least ROUND. width is a multiple of 64; what a row has beyond its
// values is zeros.
template <class T>
struct Rows {
    const T* const* blocks;
    int shift;
    int count;
    int width;

    __device__ __forceinline__ const T* at(int row) const {
        return row_of(blocks[row >> shift], row & ((1 << shift) - 1), width);
    }
};

// A score and its row as one number: larger is nearer, of equal scores the smaller row. 0 is less than any. A score
// that is no number counts as negative infinity.
__device__ __forceinline__ unsigned long long key_of(float score, int row) {
    const float number = score != score ? -INFINITY : score + 0.0f; // -0 is 0
    const unsigned bits = __float_as_uint(number);
    const unsigned ordered = bits >> 31 ? ~bits : bits | 0x80000000u;
    return static_cast<unsigned long long>(ordered) << 32 | ~static_cast<unsigned>(row);
}

__device__ __forceinline__ float score_of(unsigned long long key) {
    const unsigned ordered = static_cast<unsigned>(key >> 32);
    return __uint_as_float(ordered >> 31 ? ordered & 0x7fffffffu : ~ordered);
}

__device__ __forceinline__ int row_of_key(unsigned long long key) {
    return static_cast<int>(~static_cast<unsigned>(key));
}

// Keys in shared memory, of which the k largest matter. Threads add keys between barriers, a warp keeps.
struct Collector {
    unsigned long long* keys;      // [COLLECTED]
    int* count;                    // may exceed what is kept, never COLLECTED
    unsigned long long* threshold; // the k-th largest of those kept, 0 while there are fewer

    __device__ __forceinline__ void add(unsigned long long key) const { keys[atomicAdd(count, 1)] = key; }

    // Sorts, largest first, and drops what is not among the k largest; for one whole warp.
    __device__ __forceinline__ void keep(int k) const {
        const int lane = threadIdx.x;
        const int had = *count;
        int size = 2;
        while (size < had) {
            size *= 2;
        }
        for (int i = had + lane; i < size; i += WARP) {
            keys[i] = 0;
        }
        __syncwarp();
        for (int run = 2; run <= size; run *= 2) {
            for (int stride = run / 2; stride > 0; stride /= 2) {
                for (int i = lane; i < size / 2; i += WARP) {
                    const int low = 2 * i - (i & (stride - 1));
                    const unsigned long long left = keys[low];
                    const unsigned long long right = keys[low + stride];
                    if ((left < right) == ((low & run) == 0)) {
                        keys[low] = right;
                        keys[low + stride] = left;
                    }
                }
                __syncwarp();
            }
        }
        if (lane == 0) {
            *count = had < k ? had : k;
            *threshold = had < k ? 0 : keys[k - 1];
        }
        __syncwarp();
    }

    // At the end of a round, by a whole warp.
    __device__ __forceinline__ void make_room(int k) const {
        if (*count > COLLECTED - ROUND) {
            keep(k);
        }
    }
};

// Queries in shared memory as lanes read them: 16 bytes for each of the eight lanes in turn. J pieces for each lane.
template <class T>
__device__ __forceinline__ int staged_at(int query, int column, int J) {
    constexpr int P = PIECE<T>;
    const int piece = column / P;
    const int half = column % P / 4;
    return (((query * J + piece / ROW_LANES) * (P / 4) + half) * ROW_LANES + piece % ROW_LANES) * 4 + column % 4;
}

// Adds the products of a piece of a row, the lane's j-th, with the query's.
template <class T>
__device__ __forceinline__ float add_piece(const uint4& piece, const float4* staged, int query, int j, int J,
                                           float sum) {
    const T* values = reinterpret_cast<const T*>(&piece);
#pragma unroll
    for (int half = 0; half < PIECE<T> / 4; half++) {
        const float4 q =
            staged[((query * J + j) * (PIECE<T> / 4) + half) * ROW_LANES + threadIdx.x % ROW_LANES];
        sum = fmaf(q.x, to_float(values[half * 4]), sum);
        sum = fmaf(q.y, to_float(values[half * 4 + 1]), sum);
        sum = fmaf(q.z, to_float(values[half * 4 + 2]), sum);
        sum = fmaf(q.w, to_float(values[half * 4 + 3]), sum);
    }
    return sum;
}

__device__ __forceinline__ float lanes_sum(float sum) {
    sum += __shfl_xor_sync(ALL_LANES, sum, 4);
    sum += __shfl_xor_sync(ALL_LANES, sum, 2);
    sum += __shfl_xor_sync(ALL_LANES, sum, 1);
    return sum;
}

// The sums of eight queries over the row's lanes, each lane left with the query of its number: seven exchanges and not
// 24, and the same additions as lanes_sum.
__device__ __forceinline__ float transposed_sum(float (&sums)[ROW_LANES]) {
    const int lane = threadIdx.x;
#pragma unroll
    for (int distance = ROW_LANES / 2; distance > 0; distance /= 2) {
        const bool upper = lane & distance;
#pragma unroll
        for (int i = 0; i < distance; i++) {
            const float sent = upper ? sums[i] : sums[i + distance];
            const float kept = upper ? sums[i + distance] : sums[i];
            sums[i] = kept + __shfl_xor_sync(ALL_LANES, sent, distance);
        }
    }
    return sums[0];
}

// Stages Q queries from the first on; those beyond count are zeros. chosen, when not null, has the numbers of queries.
template <class T, int Q>
__device__ __forceinline__ void stage_queries(const float* queries, int stride, int queryWidth, const int* chosen,
                                              int first, int count, int width, float* staged) {
    const int J = width / (PIECE<T> * ROW_LANES);
    for (int i = threadIdx.y * WARP + threadIdx.x; i < Q * width; i += blockDim.y * WARP) {
        const int query = i / width;
        const int column = i % width;
        float value = 0.0f;
        if (first + query < count && column < queryWidth) {
            const int number = chosen == nullptr ? first + query : chosen[first + query];
            value = row_of(queries, number, stride)[column];
        }
        staged[staged_at<T>(query, column, J)] = value;
    }
}

// Scores of ROW_SETS rows for each eight lanes, rows 4 apart, with Q queries. Eight loads of 16 bytes are under way.
template <class T, int Q, int ROW_SETS>
__device__ __forceinline__ void score(const T* const (&from)[ROW_SETS], const float4* staged, int J,
                                      float (&sums)[ROW_SETS][Q]) {
    constexpr int AHEAD = 8 / ROW_SETS;
#pragma unroll
    for (int r = 0; r < ROW_SETS; r++) {
#pragma unroll
        for (int q = 0; q < Q; q++) {
            sums[r][q] = 0.0f;
        }
    }
    const int lane = threadIdx.x % ROW_LANES;
    for (int j = 0; j < J; j += AHEAD) {
        uint4 pieces[AHEAD][ROW_SETS];
#pragma unroll
        for (int ahead = 0; ahead < AHEAD; ahead++) {
            if (j + ahead < J) {
#pragma unroll
                for (int r = 0; r < ROW_SETS; r++) {
                    pieces[ahead][r] = reinterpret_cast<const uint4*>(from[r])[(j + ahead) * ROW_LANES + lane];
                }
            }
        }
#pragma unroll
        for (int ahead = 0; ahead < AHEAD; ahead++) {
            if (j + ahead < J) {
#pragma unroll
                for (int q = 0; q < Q; q++) {
#pragma unroll
                    for (int r = 0; r < ROW_SETS; r++) {
                        sums[r][q] = add_piece<T>(pieces[ahead][r], staged, q, j + ahead, J, sums[r][q]);
                    }
                }
            }
        }
    }
}

// The k nearest of the rows that this block sees, for all queries, Q at a time: keys [queries, blocks, k], largest
// first, 0 where there are fewer rows. Each pass over the rows is one over memory. Grid: any number of blocks.
template <class T, int Q>
__device__ __forceinline__ void scan(const Rows<T>& rows, const float* queries, int stride, int queryWidth,
                                     const int* chosen, int count, int k, unsigned long long* best) {
    constexpr int ROW_SETS = 2;
    constexpr int STEP = SCAN_WARPS * WARP_ROWS * ROW_SETS;
    SHARED(unsigned long long, keys, Q* COLLECTED);
    SHARED(unsigned long long, thresholds, Q);
    SHARED(int, counts, Q);
    SHARED_DYNAMIC(float, staged);
    const int J = rows.width / (PIECE<T> * ROW_LANES);
    const int lane = threadIdx.x;
    // The query whose scores this lane looks at, and with one query the lanes that do.
    const int own = Q == 1 ? 0 : lane % ROW_LANES;
    const Collector collector = {keys + own * COLLECTED, counts + own, thresholds + own};
    for (int first = 0; first < count; first += Q) {
        stage_queries<T, Q>(queries, stride, queryWidth, chosen, first, count, rows.width, staged);
        if (lane == 0 && threadIdx.y < Q) {
            for (int q = threadIdx.y; q < Q; q += SCAN_WARPS) {
                counts[q] = 0;
                thresholds[q] = 0;
            }
        }
        __syncthreads();
        for (long long start = static_cast<long long>(blockIdx.x) * ROUND; start < rows.count;
             start += static_cast<long long>(gridDim.x) * ROUND) {
            const unsigned long long threshold = *collector.threshold;
            const T* block = rows.at(static_cast<int>(start));
            const int left = rows.count - start < ROUND ? static_cast<int>(rows.count - start) : ROUND;
            for (int step = threadIdx.y * WARP_ROWS * ROW_SETS; step < ROUND; step += STEP) {
                const int row = step + lane / ROW_LANES;
                const T* from[ROW_SETS];
#pragma unroll
                for (int r = 0; r < ROW_SETS; r++) {
                    const int next = row + r * WARP_ROWS;
                    from[r] = row_of(block, next < left ? next : left - 1, rows.width);
                }
                float sums[ROW_SETS][Q];
                score<T, Q, ROW_SETS>(from, reinterpret_cast<const float4*>(staged), J, sums);
#pragma unroll
                for (int r = 0; r < ROW_SETS; r++) {
                    const int next = row + r * WARP_ROWS;
                    float sum;
                    bool looks;
                    if constexpr (Q == 1) {
                        sum = lanes_sum(sums[r][0]);
                        looks = lane % ROW_LANES == r;
                    } else {
                        sum = transposed_sum(sums[r]);
                        looks = first + own < count;
                    }
                    const unsigned long long key = key_of(sum, static_cast<int>(start) + next);
                    if (looks && next < left && key > threshold) {
                        collector.add(key);
                    }
                }
            }
            __syncthreads();
            for (int q = threadIdx.y; q < Q; q += SCAN_WARPS) {
                Collector{keys + q * COLLECTED, counts + q, thresholds + q}.make_room(k);
            }
            __syncthreads();
        }
        for (int q = threadIdx.y; q < Q && first + q < count; q += SCAN_WARPS) {
            const Collector last = {keys + q * COLLECTED, counts + q, thresholds + q};
            last.keep(k);
            unsigned long long* to = best + (static_cast<long long>(first + q) * gridDim.x + blockIdx.x) * k;
            for (int i = lane; i < k; i += WARP) {
                to[i] = i < *last.count ? last.keys[i] : 0;
            }
        }
        __syncthreads();
    }
}

// A block collects keys of one query, ROUND at a time.
struct BlockCollector {
    Collector collector;

    __device__ __forceinline__ void start() const {
        if (threadIdx.x == 0 && threadIdx.y == 0) {
            *collector.count = 0;
            *collector.threshold = 0;
        }
        __syncthreads();
    }

    // Ends a round; for all threads.
    __device__ __forceinline__ void make_room(int k) const {
        __syncthreads();
        if (threadIdx.y == 0) {
            collector.make_room(k);
        }
        __syncthreads();
    }

    // Sorts; for all threads. Answers how many there are.
    __device__ __forceinline__ int finish(int k) const {
        __syncthreads();
        if (threadIdx.y == 0) {
            collector.keep(k);
        }
        __syncthreads();
        return *collector.count;
    }

    __device__ __forceinline__ void write(int k, float* scores, int* indices) const {
        for (int i = threadIdx.y * WARP + threadIdx.x; i < k; i += blockDim.y * WARP) {
            scores[i] = score_of(collector.keys[i]);
            indices[i] = row_of_key(collector.keys[i]);
        }
    }
};

#define BLOCK_COLLECTOR(name)                                                                                          \
    SHARED(unsigned long long, name##Keys, COLLECTED);                                                                 \
    SHARED(unsigned long long, name##Threshold, 1);                                                                    \
    SHARED(int, name##Count, 1);                                                                                       \
    const BlockCollector name = {{name##Keys, name##Count, name##Threshold}}

// The k largest of the keys that blocks have found for a query, [queries, lists, k]. Grid: a block for each query,
// block (32, 8). There are at least k.
__device__ __forceinline__ void merge(const unsigned long long* best, int lists, int k, const int* chosen, int count,
                                      float* scores, int scoreStride, int* indices, int indexStride) {
    BLOCK_COLLECTOR(block);
    const int slot = blockIdx.x;
    if (slot >= count) {
        return;
    }
    block.start();
    const long long total = static_cast<long long>(lists) * k;
    const unsigned long long* from = best + slot * total;
    const int thread = threadIdx.y * WARP + threadIdx.x;
    for (long long i = thread; i - thread < total; i += ROUND) {
        // The best of all lists come first.
        const unsigned long long key = i < total ? from[i % lists * k + i / lists] : 0;
        if (key > *block.collector.threshold) {
            block.collector.add(key);
        }
        block.make_room(k);
    }
    block.finish(k);
    const int query = chosen == nullptr ? slot : chosen[slot];
    block.write(k, row_of(scores, query, scoreStride), row_of(indices, query, indexStride));
}

// Rows in the type that they are stored in; the largest square of a row's norm, as bits, which for numbers that are not
// negative are in the same order. One warp per row.
template <class X, class T>
__device__ __forceinline__ void store(const X* x, int xStride, int rows, int width, T* out, int outStride,
                                      unsigned* largestSquare) {
    for (int row = warp_number(); row < rows; row += warp_count()) {
        const X* from = row_of(x, row, xStride);
        T* to = row_of(out, row, outStride);
        float square = 0.0f;
        for (int i = threadIdx.x; i < width; i += WARP) {
            T stored;
            from_float(to_float(from[i]), stored);
            to[i] = stored;
            const float value = to_float(stored);
            square = fmaf(value, value, square);
        }
        square = warp_sum(square);
        if (threadIdx.x == 0) {
            atomicMax(largestSquare, __float_as_uint(square));
        }
    }
}

} // namespace nearest
