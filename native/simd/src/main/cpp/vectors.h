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

// The second where either is no number: in this form a compiler finds the instruction that does the same.
INLINE F max(F a, F b) {
  return a > b ? a : b;
}

INLINE F min(F a, F b) {
  return a < b ? a : b;
}

INLINE F absolute(F x) {
  return reinterpret_cast<F>(reinterpret_cast<I>(x) & 0x7FFFFFFF);
}

// Vectors of four values, which all instruction sets have.
typedef float Quad __attribute__((vector_size(16)));
typedef float UnalignedQuad __attribute__((vector_size(16), aligned(4), may_alias));

#if defined(__clang__)
#define CLIP4J_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t QuadIndex __attribute__((vector_size(16)));
#define CLIP4J_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, QuadIndex{__VA_ARGS__})
#endif

INLINE Quad quad(F x, int index) {
  Quad result;
  memcpy(&result, reinterpret_cast<const char*>(&x) + index * sizeof(Quad), sizeof result);
  return result;
}

// All values of a vector combined in pairs, so that the order does not depend on the compiler.
template <typename Operation>
INLINE float combine(F x, Operation operation) {
  constexpr int QUADS = WIDTH / 4;
  Quad quads[QUADS];
  for (int i = 0; i < QUADS; i++) {
    quads[i] = quad(x, i);
  }
  for (int half = QUADS / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) {
      quads[i] = operation(quads[i], quads[i + half]);
    }
  }
  Quad pair = operation(quads[0], CLIP4J_SHUFFLE(quads[0], quads[0], 2, 3, 0, 1));
  return operation(pair, CLIP4J_SHUFFLE(pair, pair, 1, 0, 3, 2))[0];
}

INLINE float sum(F x) {
  return combine(x, [](Quad a, Quad b) __attribute__((always_inline)) { return a + b; });
}

INLINE float largest(F x) {
  return combine(x, [](Quad a, Quad b) __attribute__((always_inline)) { return a > b ? a : b; });
}

// Four values of each of four rows become the columns of as many rows, which lie a stride apart.
INLINE void transpose(const float* a, const float* b, const float* c, const float* d, float* to, int64_t stride) {
  Quad row_a = *reinterpret_cast<const UnalignedQuad*>(a);
  Quad row_b = *reinterpret_cast<const UnalignedQuad*>(b);
  Quad row_c = *reinterpret_cast<const UnalignedQuad*>(c);
  Quad row_d = *reinterpret_cast<const UnalignedQuad*>(d);
  Quad low_ab = CLIP4J_SHUFFLE(row_a, row_b, 0, 4, 1, 5);
  Quad high_ab = CLIP4J_SHUFFLE(row_a, row_b, 2, 6, 3, 7);
  Quad low_cd = CLIP4J_SHUFFLE(row_c, row_d, 0, 4, 1, 5);
  Quad high_cd = CLIP4J_SHUFFLE(row_c, row_d, 2, 6, 3, 7);
  *reinterpret_cast<UnalignedQuad*>(to) = CLIP4J_SHUFFLE(low_ab, low_cd, 0, 1, 4, 5);
  *reinterpret_cast<UnalignedQuad*>(to + stride) = CLIP4J_SHUFFLE(low_ab, low_cd, 2, 3, 6, 7);
  *reinterpret_cast<UnalignedQuad*>(to + 2 * stride) = CLIP4J_SHUFFLE(high_ab, high_cd, 0, 1, 4, 5);
  *reinterpret_cast<UnalignedQuad*>(to + 3 * stride) = CLIP4J_SHUFFLE(high_ab, high_cd, 2, 3, 6, 7);
}

INLINE F bf16_to_f32(Shorts x) {
  return reinterpret_cast<F>(__builtin_convertvector(x, I) << 16);
}

INLINE F load_bf16(const uint16_t* from) {
  return bf16_to_f32(*reinterpret_cast<const UnalignedShorts*>(from));
}

// What is no number stays none.
INLINE F load_f16(const uint16_t* from) {
#if defined(__AVX512F__)
  // With a mask, as GCC 12 takes the plain one's undefined start for an uninitialised variable.
  __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return reinterpret_cast<F>(_mm512_maskz_cvtph_ps(0xFFFF, bits));
#elif defined(__F16C__)
  return reinterpret_cast<F>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#else
  I bits = __builtin_convertvector(*reinterpret_cast<const UnalignedShorts*>(from), I);
  I magnitude = (bits & 0x7FFF) << 13;
  // An f16's exponent counts from -15, that of an f32 from -127; infinity has the largest exponent of both.
  F finite = reinterpret_cast<F>(magnitude) * 0x1p112f;
  F value = select(magnitude >= 0x0F800000, reinterpret_cast<F>(magnitude | 0x7F800000), finite);
  return reinterpret_cast<F>(reinterpret_cast<I>(value) | ((bits & 0x8000) << 16));
#endif
}

}  // namespace CLIP4J_ISA
