// Functions of CLIP's layers on vectors.
#pragma once

#include "vectors.h"

namespace CLIP4J_ISA {

// Numbers that Java passes: org.clip4j.simd.SimdLibrary.
enum Activation { NONE = 0, RELU = 1, QUICK_GELU = 2, GELU = 3 };

// exp(x), relative error below 2e-7; 0 below 2^-126.5, infinity above 2^127.5.
//
// 2^(n + f) with f in [-0.5, 0.5]: n goes into the exponent's bits, 2^f is its Taylor polynomial of degree 7 (remainder
// below 6e-9). An exponent of -127 has the bits of zero, one of 128 those of infinity.
INLINE F exponential(F x) {
  const F rounding = splat(12582912.0f);  // 1.5 * 2^23: adding it leaves the nearest integer in the mantissa's low bits
  // In this order what is no number stays none.
  F power = max(splat(-127.0f), min(splat(128.0f), x * 1.44269504088896341f));
  F shifted = power + rounding;
  F f = power - (shifted - rounding);
  // ln(2)^n / n!
  F p = splat(1.5252733e-5f);
  p = p * f + 1.5403530e-4f;
  p = p * f + 1.3333558e-3f;
  p = p * f + 9.6181291e-3f;
  p = p * f + 5.5504109e-2f;
  p = p * f + 2.4022651e-1f;
  p = p * f + 6.9314718e-1f;
  p = p * f + 1.0f;
  F factor = reinterpret_cast<F>((reinterpret_cast<I>(shifted) << 23) + 0x3F800000);
  return p * factor;
}

INLINE F quick_gelu(F x) {
  // 1.702: QuickGELU, openai/CLIP clip/model.py
  return x / (1.0f + exponential(x * -1.702f));
}

// x * Phi(x) with erfc(z) = t * exp(-z^2 + P(t)), t = 1 / (1 + z / 2), for z = |x| / sqrt(2): the Chebyshev fit of
// Numerical Recipes (erfcc, fractional error below 1.2e-7 everywhere).
INLINE F gelu(F x) {
  F z = absolute(x) * 0.70710678118654752f;
  F t = 1.0f / (1.0f + 0.5f * z);
  F p = splat(0.17087277f);
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  F tail = 0.5f * t * exponential(p * t - 1.26551223f - z * z);
  // x < 0: x * erfc / 2; x >= 0: x - x * erfc / 2. Both are max(x, 0) - |x| * erfc / 2.
  F result = max(x, F{}) - absolute(x) * tail;
  return select(x == x, result, x);
}

INLINE F activate(int activation, F x) {
  switch (activation) {
    case QUICK_GELU:
      return quick_gelu(x);
    case GELU:
      return gelu(x);
    case RELU:
      return select(x == x, max(x, F{}), x);
    default:
      return x;
  }
}

}  // namespace CLIP4J_ISA
