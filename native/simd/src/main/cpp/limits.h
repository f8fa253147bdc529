// What a processor can do at most, for benchmarks to compare with: loops that only read, or only multiply and add.
#pragma once

#include "vectors.h"

namespace CLIP4J_ISA {

// Reads in four streams: on Zen 3 one brought two thirds of that, eight no more. Answers what keeps the compiler from
// leaving it out.
static float read_all(const float* from, int64_t count) {
  constexpr int STREAMS_READ = 4;
  constexpr int LINE_VECTORS = 16 / WIDTH;
  int64_t each = count / STREAMS_READ / 16 * 16;
  F sums[STREAMS_READ][LINE_VECTORS] = {};
  for (int64_t i = 0; i < each; i += 16) {
#pragma GCC unroll 4
    for (int s = 0; s < STREAMS_READ; s++) {
#pragma GCC unroll 4
      for (int v = 0; v < LINE_VECTORS; v++) {
        sums[s][v] += load(from + s * each + i + v * WIDTH);
      }
    }
  }
  F all = {};
  for (auto& stream : sums) {
    for (F each_sum : stream) {
      all += each_sum;
    }
  }
  return sum(all);
}

// Sums that do not depend on each other: more than the latency of an addition times the units, on any processor here.
constexpr int CHAINS_MULTIPLIED = 12;

// Operations of a round.
constexpr int64_t ROUND_OPERATIONS = 2 * CHAINS_MULTIPLIED * WIDTH;

static float multiply_rounds(int64_t rounds) {
  F sums[CHAINS_MULTIPLIED];
  for (int i = 0; i < CHAINS_MULTIPLIED; i++) {
    sums[i] = splat(static_cast<float>(i));
  }
  // All come to 1 = 1 * 0.5 + 0.5, and stay there.
  F factor = splat(0.5f);
  F term = splat(0.5f);
  for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS_MULTIPLIED; i++) {
      sums[i] = sums[i] * factor + term;
    }
  }
  F all = {};
  for (F each_sum : sums) {
    all += each_sum;
  }
  return sum(all);
}

}  // namespace CLIP4J_ISA
