// Nearest rows for many queries, with tensor cores. Their products, of queries rounded to 16 bits and summed in an
// order of the hardware's own, only choose candidates; what is returned are scores as similarity.cuh computes them:
//   1. the products with a sample of the rows, of which only the largest of each group is kept, give a bound: k groups
//      have a row at least as near, so the k-th nearest row is no farther;
//   2. the products with all rows give the candidates: those that are less than the products' error below the bound;
//   3. candidates are scored anew.
// A query with more candidates than there is room for, such as one that all rows are equally near to, is left to a
// scan.
#pragma once

#include "similarity_candidates.cuh"

namespace nearest {

constexpr int PRODUCT_WARPS = 8;
constexpr int CHUNK = 64;       // columns that are fetched at a time
constexpr int CHUNK_PIECES = 8; // of 16 bytes, in a row of a chunk
constexpr int STEPS = CHUNK / 16;
constexpr int WARP_QUERIES = 64;

// Place of 16 bytes in a chunk: as in attention_mma.cuh, eight rows of one piece lie in different banks.
__device__ __forceinline__ int piece_at(int row, int piece) { return row * CHUNK_PIECES + (piece ^ (row & 7)); }

// How a block's shared memory is used: so many queries stay, tiles of so many rows pass by, of each so many chunks are
// there, one in use and the others under way.
template <int QUERIES_, int ROWS_, int STAGES_>
struct Geometry {
    static constexpr int QUERIES = QUERIES_;
    static constexpr int ROWS = ROWS_;
    static constexpr int STAGES = STAGES_;
    static constexpr int WARPS_ALONG_ROWS = PRODUCT_WARPS * WARP_QUERIES / QUERIES;
    static constexpr int N = ROWS / WARPS_ALONG_ROWS / 8; // of a warp's products with 8 rows
};

// Where tiles of rows are taken from: tile i starts at row i * stride times the rows of a tile.
struct Tiles {
    int count;
    int stride;
};

// What becomes of the products: the largest of each group of rows, where maxima are asked for, else candidates.
struct Products {
    float* maxima; // [queries, tiles * warps along the rows], or null
    const float* bounds;
    int* candidates; // [queries, capacity]
    int* counts;
    int capacity;
};

// A thread's share of a chunk of rows on its way to shared memory, a few pieces at each of the STEPS steps that the
// chunk before it is multiplied in, so that neither waits for the other.
template <class T, int TILE_ROWS>
struct Fetch {
    static constexpr int APART = PRODUCT_WARPS * WARP / CHUNK_PIECES; // rows between a thread's pieces
    static constexpr int PIECES = TILE_ROWS / APART / STEPS;

    const T* from = nullptr;
    const T* tile; // some address in memory, for pieces that are not read
    uint4* to;
    int left; // rows from the thread's first on
    long long apart;

    __device__ __forceinline__ void start(const Rows<T>& rows, int firstRow, int chunk, uint4* stage) {
        const int thread = threadIdx.y * WARP + threadIdx.x;
        const int row = thread / CHUNK_PIECES;
        const int piece = thread % CHUNK_PIECES;
        tile = rows.at(firstRow);
        from = row_of(tile, row, rows.width) + chunk * CHUNK + piece * 8;
        to = stage + piece_at(row, piece);
        left = rows.count - firstRow - row;
        apart = static_cast<long long>(APART) * rows.width;
    }

    // Rows beyond the last are zeros.
    __device__ __forceinline__ void step(int number) const {
#pragma unroll
        for (int i = number * PIECES; i < (number + 1) * PIECES; i++) {
            const bool valid = i * APART < left;
            // With APART a multiple of 8 the piece's place within its row is the same.
            cp_async_16(to + i * APART * CHUNK_PIECES, valid ? from + i * apart : tile, valid);
        }
    }
};

// Fragments of one step of 16 columns: 64 queries, and 8 N rows.
template <int N>
struct Fragments {
    unsigned queries[4][4];
    unsigned rows[N / 2][4];

    __device__ __forceinline__ void load(const uint4* queryTile, const uint4* rowTile, int step) {
        const int lane = threadIdx.x;
        const int queryPiece = (2 * step + lane / 16) ^ (lane & 7);
        const int rowPiece = (2 * step + lane / 8 % 2) ^ (lane & 7);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            ldmatrix_x4(queries[i], queryTile + (i * 16 + lane % 16) * CHUNK_PIECES + queryPiece);
        }
#pragma unroll
        for (int i = 0; i < N / 2; i++) {
            ldmatrix_x4(rows[i], rowTile + (i * 16 + lane / 16 * 8 + lane % 8) * CHUNK_PIECES + rowPiece);
        }
    }
};

// products += queries * rows' over a chunk; the fragments of the next step are loaded while this one's are multiplied.
template <class T, int N, class F>
__device__ __forceinline__ void multiply(const uint4* queryTile, const uint4* rowTile, float (&products)[4][N][4],
                                         const F& fetch) {
    Fragments<N> fragments[2];
    fragments[0].load(queryTile, rowTile, 0);
#pragma unroll
    for (int step = 0; step < STEPS; step++) {
        if (step + 1 < STEPS) {
            fragments[(step + 1) % 2].load(queryTile, rowTile, step + 1);
        }
        if (fetch.from != nullptr) {
            fetch.step(step);
        }
        const Fragments<N>& now = fragments[step % 2];
#pragma unroll
        for (int i = 0; i < 4; i++) {
#pragma unroll
            for (int n = 0; n < N; n++) {
                mma_16816(products[i][n], now.queries[i],
                          {now.rows[n / 2][n % 2 * 2], now.rows[n / 2][n % 2 * 2 + 1]}, T());
            }
        }
    }
}

// Looks at a warp's products: of query i * 16 + half * 8 + lane / 4 with row n * 8 + lane % 4 * 2 + e.
template <int I, int N>
__device__ __forceinline__ void look(float (&products)[I][N][4], const Products& to, const float (&bounds)[I][2],
                                     int firstQuery, int firstRow, int rowCount, int groups, int group) {
    const int lane = threadIdx.x;
    const int row = firstRow + lane % 4 * 2;
    if (firstRow + N * 8 > rowCount) {
#pragma unroll
        for (int n = 0; n < N; n++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                if (row + n * 8 + e >= rowCount) {
#pragma unroll
                    for (int i = 0; i < I; i++) {
                        products[i][n][e] = NAN; // is neither the largest nor a candidate
                        products[i][n][2 + e] = NAN;
                    }
                }
            }
        }
    }
#pragma unroll
    for (int i = 0; i < I; i++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float largest = -INFINITY;
#pragma unroll
            for (int n = 0; n < N; n++) {
                largest = fmaxf(largest, fmaxf(products[i][n][half * 2], products[i][n][half * 2 + 1]));
            }
            const long long query = firstQuery + i * 16 + half * 8 + lane / 4;
            if (to.maxima != nullptr) {
                largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 1));
                largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 2));
                if (lane % 4 == 0) {
                    to.maxima[query * groups + group] = largest;
                }
            } else if (largest >= bounds[i][half]) {
#pragma unroll
                for (int n = 0; n < N; n++) {
#pragma unroll
                    for (int e = 0; e < 2; e++) {
                        if (products[i][n][half * 2 + e] >= bounds[i][half]) {
                            const int place = atomicAdd(to.counts + query, 1);
                            if (place < to.capacity) {
                                to.candidates[query * to.capacity + place] = row + n * 8 + e;
                            }
                        }
                    }
                }
            }
        }
    }
}

// The tile's chunks that are fetched next, and the stages that they go to.
template <class T, class G>
struct Ahead {
    const Rows<T>& rows;
    const Tiles& tiles;
    uint4* stages;
    int chunks;
    int tileStep;
    int tile;
    int chunk = 0;
    int stage = 0;

    // Nothing, when there are no more.
    __device__ __forceinline__ Fetch<T, G::ROWS> next() {
        Fetch<T, G::ROWS> next;
        if (tile < tiles.count) {
            next.start(rows, tile * tiles.stride * G::ROWS, chunk, stages + stage * G::ROWS * CHUNK_PIECES);
            if (++chunk == chunks) {
                chunk = 0;
                tile += tileStep;
            }
            stage = stage + 1 == G::STAGES ? 0 : stage + 1;
        }
        return next;
    }

    __device__ __forceinline__ void fetch() {
        const auto all = next();
        if (all.from != nullptr) {
#pragma unroll
            for (int part = 0; part < STEPS; part++) {
                all.step(part);
            }
        }
        cp_async_commit(); // an empty group, when there is nothing, to be counted
    }
};

// Fetches a block's queries, [width / CHUNK][QUERIES][CHUNK].
template <class T, int QUERIES>
__device__ __forceinline__ void fetch_queries(const T* from, int chunks, uint4* to) {
    const int perRow = chunks * CHUNK_PIECES;
    for (int i = threadIdx.y * WARP + threadIdx.x; i < QUERIES * perRow; i += PRODUCT_WARPS * WARP) {
        const int query = i / perRow;
        const int piece = i % perRow;
        cp_async_16(to + piece / CHUNK_PIECES * QUERIES * CHUNK_PIECES + piece_at(query, piece % CHUNK_PIECES),
                    row_of(from, query, chunks * CHUNK) + piece * 8, true);
    }
}

// The queries of a block stay in shared memory while the tiles of rows pass by, a chunk of columns at a time. Block
// (32, 8); grid: a multiple of queryGroups, neighbouring blocks having the same rows, so that memory is read once.
// Dynamic shared memory: queries [width / CHUNK][QUERIES][CHUNK], then stages [STAGES][ROWS][CHUNK].
template <class T, class G>
__device__ __forceinline__ void products(const Rows<T>& rows, const T* queries, int queryGroups, const Tiles& tiles,
                                         const Products& to) {
    constexpr int QUERIES = G::QUERIES;
    constexpr int WARPS_ALONG_ROWS = G::WARPS_ALONG_ROWS;
    constexpr int N = G::N;
    constexpr int STAGES = G::STAGES;
    constexpr int STAGE = G::ROWS * CHUNK_PIECES;
    SHARED_DYNAMIC(uint4, memory);
    const int chunks = rows.width / CHUNK;
    uint4* const stages = memory + chunks * QUERIES * CHUNK_PIECES;
    const int group = blockIdx.x % queryGroups;
    const int firstTile = blockIdx.x / queryGroups;
    const int tileStep = gridDim.x / queryGroups;
    const int mine = firstTile < tiles.count ? (tiles.count - firstTile + tileStep - 1) / tileStep : 0;
    const int steps = mine * chunks;
    const int lane = threadIdx.x;
    const int warpQuery = threadIdx.y / WARPS_ALONG_ROWS * WARP_QUERIES;
    const int warpRow = threadIdx.y % WARPS_ALONG_ROWS * N * 8;

    fetch_queries<T, QUERIES>(row_of(queries, group * QUERIES, rows.width), chunks, memory);
    float bounds[4][2];
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            bounds[i][half] =
                to.maxima != nullptr ? 0.0f : to.bounds[group * QUERIES + warpQuery + i * 16 + half * 8 + lane / 4];
        }
    }

    Ahead<T, G> ahead = {rows, tiles, stages, chunks, tileStep, firstTile};
#pragma unroll
    for (int i = 0; i < STAGES - 1; i++) {
        ahead.fetch();
    }

    float sums[4][N][4];
    int tile = firstTile;
    int chunk = 0;
    int stage = 0;
    for (int step = 0; step < steps; step++) {
        if (chunk == 0) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int n = 0; n < N; n++) {
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        sums[i][n][e] = 0.0f;
                    }
                }
            }
        }
        cp_async_wait<STAGES - 2>();
        __syncthreads(); // which ends the use of the stage before this one, too
        multiply<T, N>(memory + (chunk * QUERIES + warpQuery) * CHUNK_PIECES,
                       stages + stage * STAGE + warpRow * CHUNK_PIECES, sums, ahead.next());
        cp_async_commit();
        stage = stage + 1 == STAGES ? 0 : stage + 1;
        if (++chunk == chunks) {
            look(sums, to, bounds, group * QUERIES + warpQuery, tile * tiles.stride * G::ROWS + warpRow, rows.count,
                    tiles.count * WARPS_ALONG_ROWS, tile * WARPS_ALONG_ROWS + threadIdx.y % WARPS_ALONG_ROWS);
            chunk = 0;
            tile += tileStep;
        }
    }
    cp_async_wait<0>();
}

} // namespace nearest
