// Rows of f32 to what the products of other libraries take.
#pragma once

#include "int8.h"
#include "packing.h"

namespace CLIP4J_ISA {

// Inputs in bytes are around this: org.clip4j.kernels.cpu.RowConversion.
constexpr float ZERO_POINT = 128.0f;

// Steps from 0 to the largest input of a row in bytes.
constexpr float BYTE_STEPS = 127.0f;

// To the nearest, ties to even; what is no number stays none.
INLINE Shorts to_bf16(F x) {
  typedef uint32_t U __attribute__((vector_size(WIDTH * 4)));
  U bits = reinterpret_cast<U>(x);
  U nearest = bits + 0x7FFF + ((bits >> 16) & 1);
  F chosen = select(x == x, reinterpret_cast<F>(nearest), reinterpret_cast<F>(bits | 0x400000));
  return __builtin_convertvector(reinterpret_cast<U>(chosen) >> 16, Shorts);
}

static void to_bf16_rows(const clip4j::Conversion& call) {
  for (int64_t r = 0; r < call.rows; r++) {
    const float* x = call.x + r * call.x_stride;
    uint16_t* out = static_cast<uint16_t*>(call.out) + r * call.columns;
    int64_t i = 0;
    for (; i + WIDTH <= call.columns; i += WIDTH) {
      Shorts shorts = to_bf16(load(x + i));
      memcpy(out + i, &shorts, sizeof shorts);
    }
    for (; i < call.columns; i++) {
      out[i] = to_bf16(x[i]);
    }
  }
}

// The low bytes of integers, which compilers pack best in a plain loop.
INLINE void store_bytes(uint8_t* to, const int32_t* steps, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] = static_cast<uint8_t>(steps[i]);
  }
}

static void to_byte_rows(const clip4j::Conversion& call) {
  constexpr int64_t STRETCH = 64;
  int32_t steps[STRETCH];
  for (int64_t r = 0; r < call.rows; r++) {
    const float* x = call.x + r * call.x_stride;
    uint8_t* out = static_cast<uint8_t*>(call.out) + r * call.columns;
    float most = magnitude(x, call.columns);
    call.scales[r] = most / BYTE_STEPS;
    float inverse = most > 0 ? BYTE_STEPS / most : 0;
    for (int64_t from = 0; from < call.columns; from += STRETCH) {
      int64_t count = call.columns - from < STRETCH ? call.columns - from : STRETCH;
      for (int64_t i = 0; i < count; i += WIDTH) {
        F value = count - i >= WIDTH ? load(x + from + i) : load_some(x + from + i, count - i);
        value = value * inverse + (ROUNDING + ZERO_POINT);
        memcpy(steps + i, &value, sizeof value);
      }
      if (count == STRETCH) {
        store_bytes(out + from, steps, STRETCH);
      } else {
        store_bytes(out + from, steps, count);
      }
    }
  }
}

}  // namespace CLIP4J_ISA
