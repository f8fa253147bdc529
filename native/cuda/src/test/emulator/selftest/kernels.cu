// Kernels that use, or misuse, one feature of the emulator each.
#include "platform.cuh"

#define KERNEL extern "C" __global__ void

// out[16, 8] = a[16, 16] b[16, 8], all row-major, through shared memory, ldmatrix and mma
template <typename T>
__device__ void multiply(const T* a, const T* b, float* out) {
    SHARED(uint4, tiles, 16 * 2 + 16);
    T* aTile = reinterpret_cast<T*>(tiles);           // [16, 16]
    T* bTile = reinterpret_cast<T*>(tiles + 16 * 2);  // [16, 8]
    const int lane = threadIdx.x;
    cp_async_16(aTile + lane * 8, a + lane * 8, true);
    cp_async_16(bTile + lane % 16 * 8, b + lane % 16 * 8, true);
    cp_async_commit();
    cp_async_wait<0>();
    __syncwarp();
    unsigned aFragment[4];
    unsigned bFragment[4];
    ldmatrix_x4(aFragment, aTile + lane % 16 * 16 + lane / 16 * 8);
    ldmatrix_x4_trans(bFragment, bTile + lane % 16 * 8);
    float c[4] = {};
    mma_16816(c, aFragment, {bFragment[0], bFragment[1]}, T());
    for (int i = 0; i < 4; i++) {
        out[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = c[i];
    }
}

KERNEL multiply_f16(const __half* a, const __half* b, float* out) { multiply(a, b, out); }
KERNEL multiply_bf16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* out) { multiply(a, b, out); }

// Sums 8 groups of lanes with xor, then passes lane numbers on in all ways; threads from count on leave at once.
KERNEL shuffles(int* out, int count) {
    const int lane = threadIdx.x;
    if (lane >= count) {
        return;
    }
    const unsigned all = 0xFFFFFFFFu;
    int sum = lane;
    sum += __shfl_xor_sync(all, sum, 1);
    sum += __shfl_xor_sync(all, sum, 2);
    int* mine = out + lane * 5;
    mine[0] = sum;
    mine[1] = __shfl_sync(all, lane, 9, 8);
    mine[2] = __shfl_down_sync(all, lane, 3);
    mine[3] = __shfl_up_sync(all, lane, 3, 16);
    mine[4] = __popc(__ballot_sync(all, lane % 3 == 0));
}

// Reverses 256 numbers through shared memory; without the barrier some of them are not there yet.
__device__ void reverse(float* x, bool wait) {
    SHARED_DYNAMIC(float, values);
    const int i = threadIdx.y * 32 + threadIdx.x;
    values[i] = x[i];
    if (wait) {
        __syncthreads();
    }
    x[i] = values[255 - i];
}

KERNEL reverse_waiting(float* x) { reverse(x, true); }
KERNEL reverse_too_early(float* x) { reverse(x, false); }

KERNEL __launch_bounds__(64) bounded(int* x) { x[threadIdx.x] = 1; }

KERNEL copy_too_early(const float* x, float* out) {
    SHARED(float4, tile, 1);
    cp_async_16(tile, x, true);
    cp_async_commit();
    *out = tile->x;
    cp_async_wait<0>();
}

KERNEL lanes_that_never_meet(int* x) {
    if (threadIdx.x < 16) {
        *x = __shfl_sync(0xFFFFFFFFu, 1, 0);
    } else {
        __syncthreads();
    }
}

KERNEL two_barriers() {
    if (threadIdx.y == 0) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}

KERNEL misaligned(const float* x, float* out) { *out = reinterpret_cast<const float4*>(x + 1)->x; }
KERNEL read_at(const float* x, int index, float* out) { *out = x[index]; }
KERNEL write_at(float* out, int index) { out[index] = 0; }
KERNEL beyond_array(int index, float* out) {
    float values[4] = {1, 2, 3, 4};
    *out = values[index];
}
KERNEL beyond_shared() {
    SHARED_DYNAMIC(float, values);
    values[4] = 0;
}
