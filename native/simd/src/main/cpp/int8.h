// Layers in integers: weights of 8 bits with a scale for each column, inputs of 16 bits with a scale for each row.
//
// Inputs of 16 bits cost nothing where products are those of pairs in 32 bits (pmaddwd), and nothing of what inputs of 8
// bits lose is lost. Panels hold pairs, [depth blocks][panels][depth of the block / 2][PANEL][2].
#pragma once

#include "linear.h"

namespace CLIP4J_ISA {

// Steps from 0 to the largest weight of a column.
constexpr float WEIGHT_STEPS = 127.0f;

// Steps from 0 to the largest input of a row.
constexpr float INPUT_STEPS = 32767.0f;

// Depth of a block: the deeper, the fewer sums are scaled; those of its products must stay below 2^31.
constexpr int64_t INT8_DEPTH_BLOCK = 512;
static_assert(INT8_DEPTH_BLOCK * 127 * 32767 < (static_cast<int64_t>(1) << 31), "sums of a block fit 32 bits");

// Depth as it is stored: whole pairs.
INLINE int64_t even(int64_t depth) {
  return (depth + 1) / 2 * 2;
}

// Pairs of weights of WIDTH columns, widened to 16 bits.
#if defined(__AVX512BW__)
typedef __m512i Pairs;
INLINE Pairs load_pairs(const int8_t* from) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
INLINE I add_products(I sums, Pairs weights, int32_t inputs) {
#if defined(__AVX512VNNI__)
  // The same sums in one instruction: this form of it does not saturate.
  return reinterpret_cast<I>(
      _mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sums), weights, _mm512_set1_epi32(inputs)));
#else
  return sums + reinterpret_cast<I>(_mm512_madd_epi16(weights, _mm512_set1_epi32(inputs)));
#endif
}
#elif defined(__AVX2__)
typedef __m256i Pairs;
INLINE Pairs load_pairs(const int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
INLINE I add_products(I sums, Pairs weights, int32_t inputs) {
  return sums + reinterpret_cast<I>(_mm256_madd_epi16(weights, _mm256_set1_epi32(inputs)));
}
#elif defined(__SSE2__)
typedef __m128i Pairs;
INLINE Pairs load_pairs(const int8_t* from) {
  __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
}
INLINE I add_products(I sums, Pairs weights, int32_t inputs) {
  return sums + reinterpret_cast<I>(_mm_madd_epi16(weights, _mm_set1_epi32(inputs)));
}
#elif defined(__aarch64__)
typedef int16x8_t Pairs;  // the first weights of the columns, then their second ones
INLINE Pairs load_pairs(const int8_t* from) {
  const int8x8_t firsts_then_seconds = {0, 2, 4, 6, 1, 3, 5, 7};
  return vmovl_s8(vtbl1_s8(vld1_s8(from), firsts_then_seconds));
}
INLINE I add_products(I sums, Pairs weights, int32_t inputs) {
  int16x4_t both = vcreate_s16(static_cast<uint32_t>(inputs));
  int32x4_t first = vmlal_lane_s16(reinterpret_cast<int32x4_t>(sums), vget_low_s16(weights), both, 0);
  return reinterpret_cast<I>(vmlal_high_lane_s16(first, weights, both, 1));
}
#else
typedef I Pairs;
INLINE Pairs load_pairs(const int8_t* from) {
  typedef int16_t Both __attribute__((vector_size(WIDTH * 2)));
  Both words;
  memcpy(&words, from, sizeof words);
  return __builtin_convertvector(words, I);
}
INLINE I add_products(I sums, Pairs weights, int32_t inputs) {
  I first = (weights << 24) >> 24;
  I second = weights >> 8;
  return sums + first * static_cast<int16_t>(inputs) + second * (inputs >> 16);
}
#endif

// What a tile of integer sums is scaled by.
struct TileScales {
  const float* rows;     // of the tile
  const float* columns;  // of the panel
};

template <int ROWS>
static __attribute__((noinline)) void int8_tile(const int16_t* x, int64_t x_stride, const int8_t* weights,
                                                int64_t depth, const TileScales& scales, const TileEdge& edge) {
  I sums[ROWS][TILE_VECTORS] = {};
  for (int64_t k = 0; k < depth; k += 2) {
    Pairs w[TILE_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      w[v] = load_pairs(weights + k * PANEL + v * WIDTH * 2);
    }
    prefetch_row(reinterpret_cast<const int16_t*>(weights + (depth + k) * PANEL));  // of pairs
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      int32_t inputs;
      memcpy(&inputs, x + r * x_stride + k, sizeof inputs);
#pragma GCC unroll 4
      for (int v = 0; v < TILE_VECTORS; v++) {
        sums[r][v] = add_products(sums[r][v], w[v], inputs);
      }
    }
  }
  const TileEdge own = edge;  // which no sum is stored into, as far as the compiler knows
  for (int r = 0; r < ROWS; r++) {
    for (int v = 0; v < TILE_VECTORS; v++) {
      F scale = scales.rows[r] * load(scales.columns + v * WIDTH);
      end_sum(own, r, v * WIDTH, __builtin_convertvector(sums[r][v], F) * scale);
    }
  }
}

template <int ROWS = TILE_ROWS>
INLINE void int8_tile_of(int64_t rows, const int16_t* x, int64_t x_stride, const int8_t* weights, int64_t depth,
                          const TileScales& scales, const TileEdge& edge) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS) {
      int8_tile<ROWS>(x, x_stride, weights, depth, scales, edge);
    } else {
      int8_tile_of<ROWS - 1>(rows, x, x_stride, weights, depth, scales, edge);
    }
  }
}

// Tiles of products in integers.
struct Int8Tiles {
  typedef int16_t Input;
  typedef int8_t Weight;
  static constexpr int64_t DEPTH = INT8_DEPTH_BLOCK;

  INLINE int64_t stored(int64_t depth) {
    return even(depth);
  }

  INLINE void compute(const clip4j::Linear& call, int64_t row, int64_t column, int64_t rows, const Input* x,
                      const Weight* block, int64_t depth, const TileEdge& edge) {
    TileScales scales = {call.x_scales + row, call.scales + column};
    int8_tile_of(rows, x, call.x_stride, block, depth, scales, edge);
  }
};

// Adding 1.5 * 2^23 rounds to the nearest integer, and leaves it in the mantissa's low bits.
constexpr float ROUNDING = 12582912.0f;

typedef int16_t Words __attribute__((vector_size(WIDTH * 2)));

INLINE Words to_words(F x) {
  return __builtin_convertvector(reinterpret_cast<I>(x + ROUNDING), Words);
}

// The largest magnitude; no number where a value is infinite or none.
INLINE float magnitude(const float* x, int64_t count) {
  F most = {};
  F strange = {};  // x - x is 0 but where x is no finite number
  for (int64_t i = 0; i < count; i += WIDTH) {
    F value = count - i >= WIDTH ? load(x + i) : load_some(x + i, count - i);
    most = max(most, absolute(value));
    strange += value - value;
  }
  return largest(most) + sum(strange);
}

// Rows of f32 to 16 bits, each with its own scale; the rest of a row up to its stride becomes zeros. A row with a value
// that is no finite number becomes zeros with a scale that is none, and so does what is computed from it.
static void quantize_rows(const clip4j::Quantization& call) {
  for (int64_t r = 0; r < call.rows; r++) {
    const float* x = call.x + r * call.x_stride;
    int16_t* out = call.out + r * call.out_stride;
    float most = magnitude(x, call.columns);
    call.scales[r] = most / INPUT_STEPS;
    memset(out, 0, static_cast<size_t>(call.out_stride) * sizeof(int16_t));
    if (!(most > 0)) {
      continue;
    }
    float inverse = INPUT_STEPS / most;
    for (int64_t i = 0; i < call.columns; i += WIDTH) {
      int64_t rest = call.columns - i;
      Words words = to_words((rest >= WIDTH ? load(x + i) : load_some(x + i, rest)) * inverse);
      memcpy(out + i, &words, static_cast<size_t>(rest < WIDTH ? rest : WIDTH) * sizeof(int16_t));
    }
  }
}

static void linear(const clip4j::Linear& call) {
  switch (call.form) {
    case clip4j::Form::BF16:
      linear_of<FloatTiles<uint16_t>>(call);
      break;
    case clip4j::Form::INT8:
      linear_of<Int8Tiles>(call);
      break;
    default:
      linear_of<FloatTiles<float>>(call);
  }
}

}  // namespace CLIP4J_ISA
