// Weights from rows of a checkpoint to panels; see linear.h.
#pragma once

#include "int8.h"

namespace CLIP4J_ISA {

INLINE float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE float f16_to_f32(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t magnitude = static_cast<uint32_t>(bits & 0x7FFF) << 13;
  if (magnitude >= 0x0F800000) {
    return from_bits(sign | magnitude | 0x7F800000);  // infinity, or no number
  }
  // An f16's exponent counts from -15, that of an f32 from -127.
  return from_bits(sign | magnitude) * 0x1p112f;
}

INLINE float bf16_value(uint16_t bits) {
  return from_bits(static_cast<uint32_t>(bits) << 16);
}

// To the nearest, ties to even.
INLINE uint16_t to_bf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) {
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  }
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

INLINE void widen(const clip4j::Packing& call, int64_t row, int64_t k, int64_t count, float* to) {
  int64_t at = row * call.depth + k;
  switch (call.type) {
    case clip4j::Type::F32:
      memcpy(to, static_cast<const float*>(call.weights) + at, static_cast<size_t>(count) * sizeof(float));
      break;
    case clip4j::Type::F16:
      for (int64_t i = 0; i < count; i++) {
        to[i] = f16_to_f32(static_cast<const uint16_t*>(call.weights)[at + i]);
      }
      break;
    default:
      for (int64_t i = 0; i < count; i++) {
        to[i] = bf16_value(static_cast<const uint16_t*>(call.weights)[at + i]);
      }
  }
}

INLINE void put(float* to, float value) {
  *to = value;
}

INLINE void put(uint16_t* to, float value) {
  *to = to_bf16(value);
}

// Of -127 to 127: to the nearest.
INLINE void put(int8_t* to, float value) {
  float rounded = value + ROUNDING;
  int32_t bits;
  memcpy(&bits, &rounded, sizeof bits);
  *to = static_cast<int8_t>(bits);
}

// Where a weight lies in a block of a panel.
INLINE int64_t place(const float*, int64_t k, int64_t column) {
  return k * PANEL + column;
}

// Of two vectors of columns the first lies in the lower halves of 32 bits, the second in the upper ones.
INLINE int64_t place(const uint16_t*, int64_t k, int64_t column) {
  int64_t vector = column / WIDTH;
  return k * PANEL + (vector / 2 * WIDTH + column % WIDTH) * 2 + vector % 2;
}

INLINE int64_t place(const int8_t*, int64_t k, int64_t column) {
  return (k / 2 * PANEL + column) * 2 + k % 2;
}

// Packs a block of the depth of one panel; missing columns become zeros. Weights are multiplied first.
template <typename W>
static void pack_block(const clip4j::Packing& call, int64_t panel, int64_t k, int64_t depth, const float* factors,
                       W* to) {
  constexpr int64_t STRETCH = 16;  // a cache line of each row at a time
  float rows[PANEL][STRETCH];
  for (int64_t from = 0; from < depth; from += STRETCH) {
    int64_t count = depth - from < STRETCH ? depth - from : STRETCH;
    for (int64_t c = 0; c < PANEL; c++) {
      int64_t row = panel * PANEL + c;
      if (row < call.columns) {
        widen(call, row, k + from, count, rows[c]);
      } else {
        memset(rows[c], 0, sizeof rows[c]);
      }
    }
    for (int64_t i = 0; i < count; i++) {
      for (int64_t c = 0; c < PANEL; c++) {
        put(to + place(to, from + i, c), rows[c][i] * factors[c]);
      }
    }
  }
}

template <typename Tiles>
static void pack_panel(const clip4j::Packing& call, int64_t panel, const float* factors) {
  typedef typename Tiles::Weight W;
  int64_t panels = divide_up(call.columns, PANEL);
  int64_t most = block_depth(call.depth, Tiles::DEPTH);
  for (int64_t k = 0; k < call.depth; k += most) {
    int64_t depth = call.depth - k < most ? call.depth - k : most;
    W* block = static_cast<W*>(call.packed) + (panels * k + panel * Tiles::stored(depth)) * PANEL;
    if (Tiles::stored(depth) > depth) {
      memset(block, 0, static_cast<size_t>(Tiles::stored(depth) * PANEL) * sizeof(W));
    }
    pack_block<W>(call, panel, k, depth, factors, block);
  }
}

// The largest magnitude of a column's weights.
INLINE float column_magnitude(const clip4j::Packing& call, int64_t column) {
  constexpr int64_t STRETCH = 256;
  float values[STRETCH];
  float most = 0;
  for (int64_t k = 0; k < call.depth; k += STRETCH) {
    int64_t count = call.depth - k < STRETCH ? call.depth - k : STRETCH;
    widen(call, column, k, count, values);
    float here = magnitude(values, count);
    most = here > most || here != here ? here : most;
  }
  return most;
}

static void pack(const clip4j::Packing& call) {
  for (int64_t panel = call.first_panel; panel < call.last_panel; panel++) {
    float factors[PANEL];
    for (int64_t c = 0; c < PANEL; c++) {
      factors[c] = 1;
      int64_t column = panel * PANEL + c;
      if (call.form == clip4j::Form::INT8) {
        float most = column < call.columns ? column_magnitude(call, column) : 0;
        call.scales[column] = most / WEIGHT_STEPS;
        factors[c] = most > 0 ? WEIGHT_STEPS / most : 0;
      }
    }
    switch (call.form) {
      case clip4j::Form::BF16:
        pack_panel<FloatTiles<uint16_t>>(call, panel, factors);
        break;
      case clip4j::Form::INT8:
        pack_panel<Int8Tiles>(call, panel, factors);
        break;
      default:
        pack_panel<FloatTiles<float>>(call, panel, factors);
    }
  }
}

}  // namespace CLIP4J_ISA
