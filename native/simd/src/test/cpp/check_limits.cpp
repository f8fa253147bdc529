// The loops that benchmarks measure a processor's limits with: do what is counted, and read nothing behind it.
#include "check.h"

using checks::Expected;
using checks::Grid;

CHECK(limits) {
  for (int64_t count : {0, 63, 64, 65, 127, 1031, 4096}) {
    // Whole numbers, whose sums are exact in any order; what may not be read would spoil them.
    Grid<float> values(1, count + 1);
    values.fill([&](int64_t, int64_t i) { return i < count ? static_cast<double>(report.random.bits() % 1000) : NAN; });
    double sum = 0;
    for (int64_t i = 0; i < count / 64 * 64; i++) {
      sum += static_cast<double>(values.at(0, i));
    }
    Grid<float> answer(1, 1);
    answer.at(0, 0) = report.kernels.read_all(values.data(), count);
    report.compare("read" + checks::named("count", count), answer, [&](int64_t, int64_t) { return Expected{sum, 0}; });
  }
  // Chain i of limits.h starts at i, and each round halves its distance to 1.
  constexpr int64_t CHAINS = 12;
  int64_t lanes = report.kernels.round_operations / (2 * CHAINS);
  for (int rounds : {0, 1, 2, 100}) {
    double sum = 0;
    for (int64_t i = 0; i < CHAINS; i++) {
      sum += static_cast<double>(lanes) * (1 + std::ldexp(static_cast<double>(i - 1), -rounds));
    }
    Grid<float> answer(1, 1);
    answer.at(0, 0) = report.kernels.multiply_rounds(rounds);
    report.compare("multiply" + checks::named("rounds", rounds), answer, [&](int64_t, int64_t) {
      return Expected{sum, sum * checks::EPSILON};
    });
  }
}
