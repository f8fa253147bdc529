// Element types, vector loads and warp reductions that every kernel uses. Arithmetic is in f32 whatever the type.
#pragma once

#include "platform.cuh"

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(__half x) { return __half2float(x); }
__device__ __forceinline__ float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

__device__ __forceinline__ void from_float(float x, float& out) { out = x; }
__device__ __forceinline__ void from_float(float x, __half& out) { out = __float2half_rn(x); }
__device__ __forceinline__ void from_float(float x, __nv_bfloat16& out) { out = __float2bfloat16_rn(x); }
__device__ __forceinline__ void from_float(float x, __nv_fp8_e4m3& out) { out = __nv_fp8_e4m3(x); } // to nearest, saturates

// N neighbouring elements that one instruction moves.
template <class T, int N>
struct alignas(N * sizeof(T)) Pack {
    T at[N];
};

// Elements in a pack when T is read and U is written: 16 bytes of the wider of the two.
template <class T, class U>
constexpr int packSize = sizeof(T) > sizeof(U) ? 16 / sizeof(T) : 16 / sizeof(U);

template <int N, class T>
__device__ __forceinline__ void load_pack(const T* from, float (&v)[N]) {
    const Pack<T, N> pack = *reinterpret_cast<const Pack<T, N>*>(from);
#pragma unroll
    for (int i = 0; i < N; i++) {
        v[i] = to_float(pack.at[i]);
    }
}

// The same for what is not read again soon.
template <int N, class T>
__device__ __forceinline__ void load_pack_once(const T* from, float (&v)[N]) {
    load_pack(from, v);
}

__device__ __forceinline__ void load_pack_once(const float* from, float (&v)[4]) {
    const float4 pack = load_once(reinterpret_cast<const float4*>(from));
    v[0] = pack.x;
    v[1] = pack.y;
    v[2] = pack.z;
    v[3] = pack.w;
}

template <int N, class T>
__device__ __forceinline__ void store_pack(T* to, const float (&v)[N]) {
    Pack<T, N> pack;
#pragma unroll
    for (int i = 0; i < N; i++) {
        from_float(v[i], pack.at[i]);
    }
    *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

// True when packs of N elements can be moved in every row of a matrix.
template <int N, class T>
__device__ __forceinline__ bool packs_fit(const T* rows, int stride) {
    return reinterpret_cast<unsigned long long>(rows) % (N * sizeof(T)) == 0 && stride % N == 0;
}

template <class T>
__device__ __forceinline__ T* row_of(T* rows, long long row, int stride) {
    return rows + row * stride;
}

__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x += __shfl_xor_sync(ALL_LANES, x, distance);
    }
    return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, distance));
    }
    return x;
}

// Number of this warp in the grid, and of warps in it.
__device__ __forceinline__ unsigned warp_number() { return blockIdx.x * blockDim.y + threadIdx.y; }
__device__ __forceinline__ unsigned warp_count() { return gridDim.x * blockDim.y; }

// A thread's share of the cells of a matrix, in a grid-stride loop of fewer than 2^32 threads:
//   for (Cells cell(perRow); cell.row < rows; cell.advance())
// divides once; a division in each step would cost more than the rest of a copy.
struct Cells {
    unsigned row;
    unsigned place;
    unsigned perRow;
    unsigned rowStep;
    unsigned placeStep;

    __device__ __forceinline__ Cells(int cellsPerRow) : perRow(cellsPerRow) {
        const unsigned first = warp_number() * WARP + threadIdx.x;
        const unsigned step = warp_count() * WARP;
        row = first / perRow;
        place = first - row * perRow;
        rowStep = step / perRow;
        placeStep = step - rowStep * perRow;
    }

    __device__ __forceinline__ void advance() {
        row += rowStep;
        place += placeStep;
        if (place >= perRow) {
            place -= perRow;
            row++;
        }
    }
};
