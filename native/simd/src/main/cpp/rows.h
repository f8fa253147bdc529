// Functions of each row of a matrix.
#pragma once

#include "functions.h"
#include "kernels.h"

namespace CLIP4J_ISA {

typedef double D __attribute__((vector_size(WIDTH * 4)));

// Sums of rows are in double precision: the lanes of half a vector, widened.
struct Sum {
  D low = {};
  D high = {};

  INLINE D half(F x, int which) {
    D wide;
    for (int i = 0; i < WIDTH / 2; i++) {
      wide[i] = static_cast<double>(x[which * (WIDTH / 2) + i]);
    }
    return wide;
  }

  INLINE double total(const Sum& s) {
    D all = s.low + s.high;
    double result = 0;
    for (int i = 0; i < WIDTH / 2; i++) {
      result += all[i];
    }
    return result;
  }
};

// Mean before variance.
static void layer_norm(const clip4j::Rows& call) {
  int64_t whole = call.columns / WIDTH * WIDTH;
  int64_t rest = call.columns - whole;
  for (int64_t r = 0; r < call.rows; r++) {
    const float* x = call.x + r * call.x_stride;
    float* out = call.out + r * call.out_stride;
    Sum sum;
    for (int64_t i = 0; i < whole; i += WIDTH) {
      F value = load(x + i);
      sum.low += Sum::half(value, 0);
      sum.high += Sum::half(value, 1);
    }
    double total = Sum::total(sum);
    for (int64_t i = whole; i < call.columns; i++) {
      total += static_cast<double>(x[i]);
    }
    double mean = total / static_cast<double>(call.columns);
    Sum squares;
    for (int64_t i = 0; i < whole; i += WIDTH) {
      F value = load(x + i);
      D low = Sum::half(value, 0) - mean;
      D high = Sum::half(value, 1) - mean;
      squares.low += low * low;
      squares.high += high * high;
    }
    total = Sum::total(squares);
    for (int64_t i = whole; i < call.columns; i++) {
      double distance = static_cast<double>(x[i]) - mean;
      total += distance * distance;
    }
    double variance = total / static_cast<double>(call.columns);
    float scale = static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(call.epsilon)));
    float shift = static_cast<float>(mean);
    for (int64_t i = 0; i < whole; i += WIDTH) {
      store(out + i, (load(x + i) - shift) * scale * load(call.gain + i) + load(call.bias + i));
    }
    if (rest > 0) {
      F value = (load_some(x + whole, rest) - shift) * scale * load_some(call.gain + whole, rest) +
                load_some(call.bias + whole, rest);
      store_some(out + whole, value, rest);
    }
  }
}

static void l2_normalize(const clip4j::Rows& call) {
  int64_t whole = call.columns / WIDTH * WIDTH;
  for (int64_t r = 0; r < call.rows; r++) {
    const float* x = call.x + r * call.x_stride;
    float* out = call.out + r * call.out_stride;
    Sum squares;
    for (int64_t i = 0; i < whole; i += WIDTH) {
      D low = Sum::half(load(x + i), 0);
      D high = Sum::half(load(x + i), 1);
      squares.low += low * low;
      squares.high += high * high;
    }
    double total = Sum::total(squares);
    for (int64_t i = whole; i < call.columns; i++) {
      total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    double norm = total == 0 ? 1 : __builtin_sqrt(total);
    for (int64_t i = 0; i < call.columns; i++) {
      out[i] = static_cast<float>(static_cast<double>(x[i]) / norm);
    }
  }
}

// A vector of a row's columns; count values of it are there.
template <int ACTIVATION>
INLINE void finish(const clip4j::Epilogue& call, int64_t row, int64_t column, int64_t count) {
  bool whole = count >= WIDTH;
  const float* from = call.x + row * call.x_stride + column;
  float* out = call.out + row * call.out_stride + column;
  F value = whole ? load(from) : load_some(from, count);
  if (call.scales != nullptr) {
    value *= call.scales[row];
  }
  if (call.bias != nullptr) {
    value += whole ? load(call.bias + column) : load_some(call.bias + column, count);
  }
  if (call.add) {
    value += whole ? load(out) : load_some(out, count);
  }
  value = activate(ACTIVATION, value);
  if (whole) {
    store(out, value);
  } else {
    store_some(out, value, count);
  }
}

// By value: what is stored could be a part of what a reference refers to, for all that the compiler knows.
template <int ACTIVATION>
static void epilogue_of(const clip4j::Epilogue call) {
  for (int64_t r = 0; r < call.rows; r++) {
    int64_t i = 0;
    for (; i + WIDTH <= call.columns; i += WIDTH) {
      finish<ACTIVATION>(call, r, i, WIDTH);
    }
    if (i < call.columns) {
      finish<ACTIVATION>(call, r, i, call.columns - i);
    }
  }
}

static void epilogue(const clip4j::Epilogue& call) {
  switch (call.activation) {
    case QUICK_GELU:
      epilogue_of<QUICK_GELU>(call);
      break;
    case GELU:
      epilogue_of<GELU>(call);
      break;
    case RELU:
      epilogue_of<RELU>(call);
      break;
    default:
      epilogue_of<NONE>(call);
  }
}

}  // namespace CLIP4J_ISA
