// The products of similarity_mma.cuh where a warpgroup multiplies as one and reads both factors from shared memory: on
// Hopper, whose tensor cores other instructions do not keep busy. Such machine code is sm_90a's; elsewhere, and for
// geometries that the instruction does not fit, products are those of similarity_mma.cuh, from the same arguments.
#pragma once

#include "similarity_mma.cuh"

namespace nearest {

// An emulator may be asked for these, too.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) || defined(NEAREST_EMULATES_HOPPER)

constexpr int GROUP_WARPS = 4;
constexpr int PARTS = 4; // of a tile's rows, each with a maximum of its own as in the other kernel

#if defined(NEAREST_EMULATES_HOPPER)
#define SHARED_SWIZZLED SHARED_DYNAMIC

inline void products_publish() {}
inline void products_begin() {}
inline void products_commit() {}
template <int N>
void products_wait() {}
inline void pin(float (&)[PARTS][1][8][4]) {}

template <class T>
void product(float (&c)[PARTS][1][8][4], const uint4* queries, const uint4* rows, int step, bool keep, T) {
    const int lane = threadIdx.x;
    const auto value = [step](const uint4* chunk, int row, int column) {
        const uint4* piece = chunk + piece_at(row, 2 * step + column / 8);
        return to_float(reinterpret_cast<const T*>(piece)[column % 8]);
    };
    for (int i = 0; i < PARTS * 8 * 4; i++) {
        const int query = threadIdx.y % GROUP_WARPS * 16 + i / 2 % 2 * 8 + lane / 4;
        const int row = i / 4 * 8 + lane % 4 * 2 + i % 2;
        float& sum = c[i / 32][0][i / 4 % 8][i % 4];
        sum = keep ? sum : 0.0f;
        for (int column = 0; column < 16; column++) {
            sum += value(queries, query, column) * value(rows, row, column);
        }
    }
}
#else
extern __shared__ __align__(1024) uint4 swizzledShared[];
#define SHARED_SWIZZLED(type, name) type* name = reinterpret_cast<type*>(swizzledShared)

// PTX ISA 8.8, "Asynchronous Warpgroup Level Matrix Instructions".

// What this thread's copies brought may be read by products.
__device__ __forceinline__ void products_publish() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

__device__ __forceinline__ void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

__device__ __forceinline__ void products_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Until at most N of the latest groups are under way.
template <int N>
__device__ __forceinline__ void products_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}

// "Matrix Descriptor Format", of rows of 128 bytes of which each group of 8 is swizzled as piece_at does, the groups
// 1024 bytes apart: address / 16 in bits 0-13, the leading offset, which is not used here, in 16-29, the distance of
// groups / 16 in 32-45, swizzling of 128 bytes as 1 in 62-63. The hardware swizzles address bits, so the first row is
// aligned to 1024 bytes, and 32 bytes further in all rows is the address + 32.
__device__ __forceinline__ unsigned long long descriptor(const uint4* shared) {
    return 1ull << 62 | 64ull << 32 | 1ull << 16 | (shared_address(shared) & 0x3ffff) >> 4;
}

// c = queries * rows' + (keep ? c : 0), of a step's 16 columns of 64 queries and 256 rows, once it was waited for.
// Warp w of the warpgroup has queries w * 16 + lane / 4 and the one 8 after, rows lane % 4 * 2 + 8 n and the next.
#define NEAREST_SUMS(c) "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
#define NEAREST_PRODUCT(name, T)                                                                                       \
    __device__ __forceinline__ void product(float (&c)[4][1][8][4], const uint4* queries, const uint4* rows, int step, \
                                            bool keep, T) {                                                            \
        asm volatile(                                                                                                  \
            "{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %130, 0;\n\t"                                                        \
            "wgmma.mma_async.sync.aligned.m64n256k16.f32." name "." name " {"                                          \
            "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                   \
            "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "                         \
            "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                         \
            "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "                         \
            "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                         \
            "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "                         \
            "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "             \
            "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "        \
            "%128, %129, p, 1, 1, 0, 0;\n\t}"                                                                          \
            :                                                                                                          \
            NEAREST_SUMS(c[0][0][0]), NEAREST_SUMS(c[0][0][1]), NEAREST_SUMS(c[0][0][2]), NEAREST_SUMS(c[0][0][3]),    \
            NEAREST_SUMS(c[0][0][4]), NEAREST_SUMS(c[0][0][5]), NEAREST_SUMS(c[0][0][6]), NEAREST_SUMS(c[0][0][7]),    \
            NEAREST_SUMS(c[1][0][0]), NEAREST_SUMS(c[1][0][1]), NEAREST_SUMS(c[1][0][2]), NEAREST_SUMS(c[1][0][3]),    \
            NEAREST_SUMS(c[1][0][4]), NEAREST_SUMS(c[1][0][5]), NEAREST_SUMS(c[1][0][6]), NEAREST_SUMS(c[1][0][7]),    \
            NEAREST_SUMS(c[2][0][0]), NEAREST_SUMS(c[2][0][1]), NEAREST_SUMS(c[2][0][2]), NEAREST_SUMS(c[2][0][3]),    \
            NEAREST_SUMS(c[2][0][4]), NEAREST_SUMS(c[2][0][5]), NEAREST_SUMS(c[2][0][6]), NEAREST_SUMS(c[2][0][7]),    \
            NEAREST_SUMS(c[3][0][0]), NEAREST_SUMS(c[3][0][1]), NEAREST_SUMS(c[3][0][2]), NEAREST_SUMS(c[3][0][3]),    \
            NEAREST_SUMS(c[3][0][4]), NEAREST_SUMS(c[3][0][5]), NEAREST_SUMS(c[3][0][6]), NEAREST_SUMS(c[3][0][7])     \
            : "l"(descriptor(queries) + 2 * step), "l"(descriptor(rows) + 2 * step), "r"(static_cast<int>(keep)));     \
    }
NEAREST_PRODUCT("f16", __half)
NEAREST_PRODUCT("bf16", __nv_bfloat16)
#undef NEAREST_PRODUCT

// Keeps the compiler from using sums before: it does not know that products are asynchronous.
__device__ __forceinline__ void pin(float (&c)[PARTS][1][8][4]) {
#pragma unroll
    for (int i = 0; i < PARTS * 8; i++) {
        float(&four)[4] = c[i / 8][0][i % 8];
        asm volatile("" : NEAREST_SUMS(four)::"memory");
    }
}
#undef NEAREST_SUMS
#endif

// Each of the two warpgroups multiplies 64 queries with all rows of a tile. While a chunk is multiplied the copies of
// the next one are waited for, and the stage of the one before is filled anew.
template <class T, class G>
__device__ __forceinline__ void warpgroup_products(const Rows<T>& rows, const T* queries, int queryGroups,
                                                   const Tiles& tiles, const Products& to) {
    constexpr int STAGE = G::ROWS * CHUNK_PIECES;
    SHARED_SWIZZLED(uint4, memory);
    const int chunks = rows.width / CHUNK;
    uint4* const stages = memory + chunks * G::QUERIES * CHUNK_PIECES;
    const int group = blockIdx.x % queryGroups;
    const int firstTile = blockIdx.x / queryGroups;
    const int tileStep = gridDim.x / queryGroups;
    const int warp = __shfl_sync(ALL_LANES, threadIdx.y, 0);
    const int groupQuery = warp / GROUP_WARPS * WARP_QUERIES;
    const int firstQuery = group * G::QUERIES + groupQuery + warp % GROUP_WARPS * 16;

    fetch_queries<T, G::QUERIES>(row_of(queries, group * G::QUERIES, rows.width), chunks, memory);
    float bounds[1][2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
        bounds[0][half] = to.maxima != nullptr ? 0.0f : to.bounds[firstQuery + half * 8 + threadIdx.x / 4];
    }
    Ahead<T, G> ahead = {rows, tiles, stages, chunks, tileStep, firstTile};
#pragma unroll
    for (int i = 0; i < G::STAGES - 1; i++) {
        ahead.fetch();
    }

    float sums[PARTS][1][8][4];
    int stage = 0;
    for (int tile = firstTile; tile < tiles.count; tile += tileStep) {
        for (int chunk = 0; chunk < chunks; chunk++) {
            cp_async_wait<G::STAGES - 2>();
            products_publish();
            __syncthreads();
            products_begin();
#pragma unroll
            for (int step = 0; step < STEPS; step++) {
                product(sums, memory + (chunk * G::QUERIES + groupQuery) * CHUNK_PIECES, stages + stage * STAGE, step,
                        chunk + step > 0, T());
            }
            products_commit();
            products_wait<1>();
            __syncthreads(); // nobody uses the stage before this one any more
            ahead.fetch();
            stage = stage + 1 == G::STAGES ? 0 : stage + 1;
        }
        products_wait<0>();
        const int firstRow = tile * tiles.stride * G::ROWS;
        pin(sums);
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            look(sums[part], to, bounds, firstQuery, firstRow + part * 64, rows.count, tiles.count * PARTS,
                 tile * PARTS + part);
        }
    }
    cp_async_wait<0>();
}

#endif

template <class T, class G>
__device__ __forceinline__ void best_products(const Rows<T>& rows, const T* queries, int queryGroups,
                                              const Tiles& tiles, const Products& to) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) || defined(NEAREST_EMULATES_HOPPER)
    if constexpr (G::QUERIES == 128 && G::ROWS == 256) {
        warpgroup_products<T, G>(rows, queries, queryGroups, tiles, to);
        return;
    }
#endif
    products<T, G>(rows, queries, queryGroups, tiles, to);
}

} // namespace nearest
