// The half of platform.cuh that a host compiler sees: the kernels' language on top of fibers.
#pragma once

#include "fibers.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <vector_functions.h>

#include <cmath>
#include <cstring>

// Kernels are written for this one; the headers above must not see it, or they use device instructions.
#define __CUDA_ARCH__ 800

// list-kernels.sh reads these marks in the preprocessed source.
#undef __global__
#undef __launch_bounds__
#undef __shared__
#ifdef CLIP4J_LIST_KERNELS
#define __global__ CLIP4J_GLOBAL
#define __launch_bounds__(...) CLIP4J_BOUNDS(__VA_ARGS__)
#else
#define __global__
#define __launch_bounds__(...)
#endif
#define __shared__ use_the_macros_SHARED_and_SHARED_DYNAMIC

#define threadIdx (emulator::here.thread)
#define blockIdx (emulator::here.block)
#define blockDim (emulator::here.blockDim)
#define gridDim (emulator::here.gridDim)
#define warpSize 32

#define SHARED(type, name, count)                                                                                      \
    static char name##Site;                                                                                            \
    type(&name)[count] = *static_cast<type(*)[count]>(emulator::staticShared(&name##Site, sizeof(type) * (count)))
#define SHARED_DYNAMIC(type, name) type* name = static_cast<type*>(emulator::dynamicShared())

// The place of the call, for messages and to see lanes that are not at the same one.
#define EMULATOR_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

// ---- synchronization, CUDA programming guide "Synchronization Functions", "Warp Shuffle Functions"

inline void __syncthreads(EMULATOR_PLACE) { emulator::blockBarrier(file, line); }

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, EMULATOR_PLACE) {
    emulator::exchange(emulator::Collective::SYNC_WARP, mask, {}, file, line);
}

inline void __threadfence() {}
inline void __threadfence_block() {}

namespace emulator {

template <typename T>
T shuffle(unsigned mask, T value, int source, const char* file, int line) {
    static_assert(sizeof(T) <= sizeof(Slot), "a shuffled value is at most 32 bytes");
    Slot mine{};
    std::memcpy(mine.words, &value, sizeof(T));
    Exchange all = exchange(Collective::SHUFFLE, mask, mine, file, line);
    // The value of a lane that does not take part is undefined on a device, and all ones here.
    std::memcpy(&value, all.slots[source].words, sizeof(T));
    return value;
}

inline unsigned ballot(unsigned mask, int predicate, const char* file, int line) {
    Slot mine{};
    mine.words[0] = predicate != 0;
    Exchange all = exchange(Collective::VOTE, mask, mine, file, line);
    unsigned result = 0;
    for (int lane = 0; lane < LANES; lane++) {
        result |= (mask >> lane & 1) != 0 && all.slots[lane].words[0] == 1 ? 1u << lane : 0u;
    }
    return result;
}

} // namespace emulator

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, EMULATOR_PLACE) {
    int lane = emulator::laneOfThread();
    return emulator::shuffle(mask, value, (lane & ~(width - 1)) | (source & (width - 1)), file, line);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int laneMask, int width = 32, EMULATOR_PLACE) {
    int lane = emulator::laneOfThread();
    int source = lane ^ laneMask;
    return emulator::shuffle(mask, value, source <= (lane | (width - 1)) ? source : lane, file, line);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMULATOR_PLACE) {
    int lane = emulator::laneOfThread();
    int source = lane + static_cast<int>(delta);
    return emulator::shuffle(mask, value, source <= (lane | (width - 1)) ? source : lane, file, line);
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMULATOR_PLACE) {
    int lane = emulator::laneOfThread();
    int source = lane - static_cast<int>(delta);
    return emulator::shuffle(mask, value, source >= (lane & ~(width - 1)) ? source : lane, file, line);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, EMULATOR_PLACE) {
    return emulator::ballot(mask, predicate, file, line);
}

inline int __any_sync(unsigned mask, int predicate, EMULATOR_PLACE) {
    return emulator::ballot(mask, predicate, file, line) != 0;
}

inline int __all_sync(unsigned mask, int predicate, EMULATOR_PLACE) {
    return emulator::ballot(mask, !predicate, file, line) == 0;
}

// ---- atomics: threads of a block take turns and blocks follow one another, so that nothing can come between

template <typename T>
T atomicAdd(T* address, T value) {
    T old = *address;
    *address = old + value;
    return old;
}

template <typename T>
T atomicMax(T* address, T value) {
    T old = *address;
    *address = old < value ? value : old;
    return old;
}

template <typename T>
T atomicMin(T* address, T value) {
    T old = *address;
    *address = value < old ? value : old;
    return old;
}

template <typename T>
T atomicExch(T* address, T value) {
    T old = *address;
    *address = value;
    return old;
}

template <typename T>
T atomicCAS(T* address, T compare, T value) {
    T old = *address;
    *address = old == compare ? value : old;
    return old;
}

// ---- arithmetic that a host's math.h does not have

template <typename T>
T __ldg(const T* address) {
    return *address;
}

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }

inline float rsqrtf(float x) { return static_cast<float>(1 / std::sqrt(static_cast<double>(x))); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1 / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

namespace emulator {

template <typename To, typename From>
To bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "same size");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

} // namespace emulator

inline int __float_as_int(float x) { return emulator::bits<int>(x); }
inline unsigned __float_as_uint(float x) { return emulator::bits<unsigned>(x); }
inline float __int_as_float(int x) { return emulator::bits<float>(x); }
inline float __uint_as_float(unsigned x) { return emulator::bits<float>(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }

// Kernels follow each other.
inline void start_next() {}
inline void wait_for_previous() {}

inline void prefetch(const void*) {}
inline float4 load_once(const float4* from) { return *from; }

// ex2.approx.ftz.f32: subnormal input and output are zero, PTX ISA "Floating Point Instructions: ex2"
inline float exp2_approx(float x) {
    float y = exp2f(x);
    return y < 1.17549435e-38f ? 0.0f : y;
}

// ---- instructions, PTX ISA "Warp Level Matrix Multiply-Accumulate Instructions"

namespace emulator {

inline void needAmpere(const char* instruction) {
    if (computeCapability() < 80) {
        kernelFault(209, "%s, which needs sm_80", instruction); // cudaErrorNoKernelImageForDevice
    }
}

template <typename T>
float toFloat(std::uint32_t pair, int which) {
    return static_cast<float>(bits<T>(static_cast<std::uint16_t>(pair >> 16 * which)));
}

// "Matrix Fragments for mma.m16n8k16 with floating point type": with g = lane / 4 and t = lane % 4, element i of A is
// in row g (i = 0, 1, 4, 5) or g + 8 and in column 2t + i % 2 (i < 4) or that + 8; element i of B in row 2t + i % 2
// (i < 2) or that + 8 and in column g; element i of C in row g (i < 2) or g + 8 and in column 2t + i % 2.
template <typename T>
void multiplyFragments(const Slot* slots, Joint& joint) {
    float a[16][16];
    float b[16][8];
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4;
        int t = lane % 4;
        for (int i = 0; i < 8; i++) {
            int row = i == 0 || i == 1 || i == 4 || i == 5 ? g : g + 8;
            int column = i < 4 ? 2 * t + i % 2 : 2 * t + i % 2 + 8;
            a[row][column] = toFloat<T>(slots[lane].words[i / 2], i % 2);
        }
        for (int i = 0; i < 4; i++) {
            int row = i < 2 ? 2 * t + i % 2 : 2 * t + i % 2 + 8;
            b[row][g] = toFloat<T>(slots[lane].words[4 + i / 2], i % 2);
        }
    }
    float product[16][8] = {};
    for (int row = 0; row < 16; row++) {
        for (int k = 0; k < 16; k++) {
            for (int column = 0; column < 8; column++) {
                product[row][column] += a[row][k] * b[k][column];
            }
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4;
        int t = lane % 4;
        for (int i = 0; i < 4; i++) {
            joint.words[lane * 4 + i] = bits<std::uint32_t>(product[i < 2 ? g : g + 8][2 * t + i % 2]);
        }
    }
}

// "ldmatrix": lane l brings the address of row l % 8 of matrix l / 8.
template <bool TRANSPOSED>
void loadMatrices(const Slot* slots, Joint& joint) {
    for (int lane = 0; lane < LANES; lane++) {
        int g = lane / 4;
        int t = lane % 4;
        for (int matrix = 0; matrix < 4; matrix++) {
            auto element = [slots, matrix](int row, int column) {
                std::uintptr_t address;
                std::memcpy(&address, slots[matrix * 8 + row].words, sizeof address);
                return reinterpret_cast<const std::uint16_t*>(address)[column];
            };
            std::uint32_t low = TRANSPOSED ? element(2 * t, g) : element(g, 2 * t);
            std::uint32_t high = TRANSPOSED ? element(2 * t + 1, g) : element(g, 2 * t + 1);
            joint.words[lane * 4 + matrix] = low | high << 16;
        }
    }
}

template <bool TRANSPOSED>
void loadMatrix(unsigned (&r)[4], const void* shared, const char* file, int line) {
    needAmpere("ldmatrix"); // sm_75 has it, but platform.cuh offers it from sm_80 on
    if (reinterpret_cast<std::uintptr_t>(shared) % 16 != 0) {
        kernelFault(716, "ldmatrix from %p at %s:%d, which is not aligned to 16 bytes", shared, file, line);
    }
    if (!isShared(shared, 16)) {
        kernelFault(700, "ldmatrix from %p at %s:%d, which is not in shared memory", shared, file, line);
    }
    Slot mine{};
    std::memcpy(mine.words, &shared, sizeof shared);
    Exchange all = exchange(Collective::LOAD_MATRIX, 0xFFFFFFFFu, mine, file, line, loadMatrices<TRANSPOSED>);
    std::memcpy(r, &all.joint->words[laneOfThread() * 4], sizeof r);
}

} // namespace emulator

template <typename T>
void mma_16816(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2], T, EMULATOR_PLACE) {
    static_assert(sizeof(T) == 2, "__half or __nv_bfloat16");
    emulator::needAmpere("mma.m16n8k16");
    emulator::Slot mine{{a[0], a[1], a[2], a[3], b[0], b[1]}};
    emulator::Exchange all = emulator::exchange(emulator::Collective::MMA, 0xFFFFFFFFu, mine, file, line,
                                                emulator::multiplyFragments<T>);
    for (int i = 0; i < 4; i++) {
        c[i] += emulator::bits<float>(all.joint->words[emulator::laneOfThread() * 4 + i]);
    }
}

inline void ldmatrix_x4(unsigned (&r)[4], const void* shared, EMULATOR_PLACE) {
    emulator::loadMatrix<false>(r, shared, file, line);
}

inline void ldmatrix_x4_trans(unsigned (&r)[4], const void* shared, EMULATOR_PLACE) {
    emulator::loadMatrix<true>(r, shared, file, line);
}

inline void cp_async_16(void* shared, const void* global, bool valid) {
    emulator::needAmpere("cp.async");
    emulator::asyncCopy(shared, global, valid);
}

inline void cp_async_commit() { emulator::asyncCommit(); }

template <int N>
void cp_async_wait() {
    emulator::asyncWait(N);
}
