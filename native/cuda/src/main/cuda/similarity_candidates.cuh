// What is before, between and behind the products of similarity_mma.cuh: queries are rounded, products of a sample become
// a bound, and candidates are scored anew.
#pragma once

#include "similarity.cuh"

namespace nearest {

// Queries in 16 bits, and how far below a bound a product must be so that its score cannot reach it. One warp per
// query; queries beyond count are zeros. Clears the number of queries that are left to a scan.
template <class T>
__device__ __forceinline__ void prepare(const float* queries, int stride, int queryWidth, int count, int padded,
                                        int width, const unsigned* largestSquare, T* out, float* margins,
                                        int* leftCount) {
    if (warp_number() == 0 && threadIdx.x == 0) {
        *leftCount = 0;
    }
    for (int query = warp_number(); query < padded; query += warp_count()) {
        float square = 0.0f;
        float lost = 0.0f;
        for (int i = threadIdx.x; i < width; i += WARP) {
            const float value = query < count && i < queryWidth ? row_of(queries, query, stride)[i] : 0.0f;
            T rounded;
            from_float(value, rounded);
            row_of(out, query, width)[i] = rounded;
            const float difference = value - to_float(rounded);
            square = fmaf(value, value, square);
            lost = fmaf(difference, difference, lost);
        }
        square = warp_sum(square);
        lost = warp_sum(lost);
        if (threadIdx.x == 0) {
            // By Cauchy and Schwarz no sum of products, whatever their signs, exceeds |q| |r|. Of that are lost: at
            // most 2^-22 per column by tensor cores, which truncate; 2^-24 per addition of the score; and what rounding
            // took from the query. 1.001: the norms are rounded, too.
            const float row = sqrtf(__uint_as_float(*largestSquare));
            const float sums = width * 0x1p-22f + (width / ROW_LANES + 8) * 0x1p-24f;
            const float margin = 2.0f * 1.001f * row * (sqrtf(lost) + sums * sqrtf(square)) + 1e-36f;
            margins[query] = margin <= 3e38f ? margin : INFINITY;
        }
    }
}

// The k-th largest of a query's maxima, [queries, groups], less its margin; clears its count of candidates. Grid: a
// block for each query, block (32, 8).
__device__ __forceinline__ void bound(const float* maxima, int groups, int k, const float* margins, int count,
                                      float* bounds, int* counts) {
    BLOCK_COLLECTOR(block);
    const int query = blockIdx.x;
    block.start();
    const int thread = threadIdx.y * WARP + threadIdx.x;
    for (int i = thread; i - thread < groups; i += ROUND) {
        const unsigned long long key =
            i < groups ? key_of(maxima[static_cast<long long>(query) * groups + i], i) : 0;
        if (key > *block.collector.threshold) {
            block.collector.add(key);
        }
        block.make_room(k);
    }
    const int found = block.finish(k);
    if (thread == 0) {
        const float kth = found < k ? -INFINITY : score_of(block.collector.keys[k - 1]);
        const float lower = kth - margins[query];
        // Infinity less infinity is no number; of queries that there are not, no row is a candidate.
        bounds[query] = query >= count ? INFINITY : lower == lower ? lower : -INFINITY;
        counts[query] = 0;
    }
}

// The k nearest of a query's candidates; where there are too many or, since some scores are no numbers, too few, the
// query goes on the list of those left to a scan. Grid: a block for each query, block (32, 8).
template <class T>
__device__ __forceinline__ void rescore(const Rows<T>& rows, const float* queries, int stride, int queryWidth, int k,
                                        const int* candidates, const int* counts, int capacity, float* scores,
                                        int scoreStride, int* indices, int indexStride, int* left, int* leftCount) {
    BLOCK_COLLECTOR(block);
    SHARED_DYNAMIC(float, staged);
    const int query = blockIdx.x;
    const int count = counts[query];
    const int lane = threadIdx.x;
    if (count > capacity || count < k) {
        if (lane == 0 && threadIdx.y == 0) {
            left[atomicAdd(leftCount, 1)] = query;
        }
        return;
    }
    const int J = rows.width / (PIECE<T> * ROW_LANES);
    stage_queries<T, 1>(queries, stride, queryWidth, nullptr, query, query + 1, rows.width, staged);
    block.start();
    const int* from = candidates + static_cast<long long>(query) * capacity;
    for (int first = 0; first < count; first += ROUND) {
        for (int i = first + threadIdx.y * WARP_ROWS; i < first + ROUND && i < count; i += blockDim.y * WARP_ROWS) {
            const int place = i + lane / ROW_LANES;
            const int row = from[place < count ? place : count - 1];
            const T* const pointers[1] = {rows.at(row)};
            float sums[1][1];
            score<T, 1, 1>(pointers, reinterpret_cast<const float4*>(staged), J, sums);
            const unsigned long long key = key_of(lanes_sum(sums[0][0]), row);
            if (lane % ROW_LANES == 0 && place < count && key > *block.collector.threshold) {
                block.collector.add(key);
            }
        }
        block.make_room(k);
    }
    block.finish(k);
    block.write(k, row_of(scores, query, scoreStride), row_of(indices, query, indexStride));
}

} // namespace nearest
