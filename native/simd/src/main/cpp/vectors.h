// Vectors as wide as the instruction set that a file is compiled for; the compiler's own vector types, so that one
// source serves all instruction sets. Everything is in a namespace of the instruction set: no function compiled for one
// may be linked in place of the same one compiled for another.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE static inline __attribute__((always_inline))

namespace CLIP4J_ISA {

#if defined(__AVX512F__)
constexpr int WIDTH = 16;
// 28 sums, 2 weights and an input in 32 registers.
constexpr int TILE_ROWS = 14;
constexpr int TILE_VECTORS = 2;
#elif defined(__AVX2__)
constexpr int WIDTH = 8;
// 12 sums, 2 weights and an input in 16 registers.
constexpr int TILE_ROWS = 6;
constexpr int TILE_VECTORS = 2;
#elif defined(__aarch64__)
constexpr int WIDTH = 4;
// 24 sums, 4 weights and an input in 32 registers.
constexpr int TILE_ROWS = 6;
constexpr int TILE_VECTORS = 4;
#else
constexpr int WIDTH = 4;
// 8 sums, 2 weights and an input in 16 registers.
constexpr int TILE_ROWS = 4;
constexpr int TILE_VECTORS = 2;
#endif

// Columns of a panel of weights.
constexpr int PANEL = TILE_VECTORS * WIDTH;

typedef float F __attribute__((vector_size(WIDTH * 4)));
typedef int32_t I __attribute__((vector_size(WIDTH * 4)));
typedef float UnalignedF __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef int32_t UnalignedI __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef uint16_t Shorts __attribute__((vector_size(WIDTH * 2)));
typedef uint16_t UnalignedShorts __attribute__((vector_size(WIDTH * 2), aligned(2), may_alias));

INLINE F load(const float* from) {
  return *reinterpret_cast<const UnalignedF*>(from);
}

INLINE void store(float* to, F value) {
  *reinterpret_cast<UnalignedF*>(to) = value;
}

// x - 0 is x for every x, -0 included; x + 0 is not.
INLINE F splat(float x) {
  return x - F{};
}

// The first count of WIDTH values, then zeros.
INLINE F load_some(const float* from, int64_t count) {
  float values[WIDTH] = {};
  memcpy(values, from, static_cast<size_t>(count) * sizeof(float));
  return load(values);
}

INLINE void store_some(float* to, F value, int64_t count) {
  float values[WIDTH];
  store(values, value);
  memcpy(to, values, static_cast<size_t>(count) * sizeof(float));
}

INLINE F select(I condition, F yes, F no) {
  return reinterpret_cast<F>((condition & reinterpret_cast<I>(yes)) | (~condition & reinterpret_cast<I>(no)));
}

INLINE F max(F a, F b) {
  return select(a > b, a, b);
}

INLINE F min(F a, F b) {
  return select(a < b, a, b);
}

INLINE F absolute(F x) {
  return reinterpret_cast<F>(reinterpret_cast<I>(x) & 0x7FFFFFFF);
}

// In pairs, so that the order of the sum does not depend on the compiler.
INLINE float sum(F x) {
  float values[WIDTH];
  store(values, x);
  for (int half = WIDTH / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) {
      values[i] += values[i + half];
    }
  }
  return values[0];
}

INLINE float largest(F x) {
  float values[WIDTH];
  store(values, x);
  float result = values[0];
  for (int i = 1; i < WIDTH; i++) {
    result = values[i] > result ? values[i] : result;
  }
  return result;
}

INLINE F bf16_to_f32(Shorts x) {
  return reinterpret_cast<F>(__builtin_convertvector(x, I) << 16);
}

INLINE F load_bf16(const uint16_t* from) {
  return bf16_to_f32(*reinterpret_cast<const UnalignedShorts*>(from));
}

}  // namespace CLIP4J_ISA
