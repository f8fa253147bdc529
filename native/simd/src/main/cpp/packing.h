// Weights from rows of a checkpoint to panels; see linear.h.
#pragma once

#include "linear.h"

namespace CLIP4J_ISA {

INLINE float f16_to_f32(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t magnitude = static_cast<uint32_t>(bits & 0x7FFF) << 13;
  float value;
  if (magnitude >= 0x0F800000) {
    magnitude |= 0x7F800000;  // infinity, or no number
    memcpy(&value, &magnitude, sizeof value);
  } else {
    memcpy(&value, &magnitude, sizeof value);
    value *= 0x1p112f;  // an f16's exponent counts from -15, that of an f32 from -127
  }
  uint32_t result;
  memcpy(&result, &value, sizeof result);
  result |= sign;
  memcpy(&value, &result, sizeof value);
  return value;
}

INLINE float to_f32(float x) {
  return x;
}

INLINE float bf16_value(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
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

// Packs a block of the depth of one panel; missing columns become zeros.
template <typename W>
static void pack_block(const clip4j::Packing& call, int64_t panel, int64_t k, int64_t depth, W* to) {
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
      W* line = to + (from + i) * PANEL;
      for (int64_t c = 0; c < PANEL; c++) {
        put(line + c, rows[c][i]);
      }
    }
  }
}

template <typename W>
static void pack_of(const clip4j::Packing& call) {
  int64_t panels = divide_up(call.columns, PANEL);
  for (int64_t panel = call.first_panel; panel < call.last_panel; panel++) {
    for (int64_t k = 0; k < call.depth; k += DEPTH_BLOCK) {
      int64_t depth = call.depth - k < DEPTH_BLOCK ? call.depth - k : DEPTH_BLOCK;
      pack_block<W>(call, panel, k, depth, static_cast<W*>(call.packed) + (panels * k + panel * depth) * PANEL);
    }
  }
}

static void pack(const clip4j::Packing& call) {
  if (call.form == clip4j::Form::BF16) {
    pack_of<uint16_t>(call);
  } else {
    pack_of<float>(call);
  }
}

}  // namespace CLIP4J_ISA
