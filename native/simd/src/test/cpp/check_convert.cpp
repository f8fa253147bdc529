// What follows the products of other libraries, and the types that they take.
#include <cstring>

#include "layers.h"

using checks::EPSILON;
using checks::Expected;
using checks::Grid;

static const int64_t WIDTHS[] = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 768};
constexpr int64_t ROWS = 3;

CHECK(epilogue) {
  for (int64_t width : WIDTHS) {
    for (int variant = 0; variant < 8 * checks::ACTIVATIONS; variant++) {
      int activation = variant / 8;
      bool scaled = (variant & 1) != 0;
      bool biased = (variant & 2) != 0;
      bool add = (variant & 4) != 0;
      Grid<float> x = report.random.normals(ROWS, width, 3);
      Grid<float> scales = report.random.normals(1, ROWS);
      Grid<float> bias = report.random.normals(1, width);
      Grid<float> out = report.random.normals(ROWS, width, 2);
      Grid<float> before = out;
      clip4j::Epilogue call = {x.data(), x.stride(), scaled ? scales.data() : nullptr, out.data(), out.stride(), ROWS,
                               width, biased ? bias.data() : nullptr, activation, add};
      Expected (*of)(int, double, double) = checks::activation_of;
      auto definition = [&](int64_t r, int64_t c) {
        double product = static_cast<double>(x.at(r, c)) * (scaled ? static_cast<double>(scales.at(0, r)) : 1);
        double shift = biased ? static_cast<double>(bias.at(0, c)) : 0;
        double old = add ? static_cast<double>(before.at(r, c)) : 0;
        // A product and two sums.
        return of(activation, product + shift + old,
                  3 * EPSILON * (std::fabs(product) + std::fabs(shift) + std::fabs(old)) + checks::SMALLEST);
      };
      report.kernels.epilogue(call);
      std::string what = checks::named("width", width) + checks::named("variant", variant);
      report.compare(what, out, definition);
      if (!add) {
        Grid<float> in_place = x;
        call.x = in_place.data();
        call.out = in_place.data();
        call.out_stride = in_place.stride();
        report.kernels.epilogue(call);
        report.compare(what + " in place", in_place, definition);
      }
    }
  }
}

CHECK(to_bf16) {
  for (int64_t width : WIDTHS) {
    Grid<float> x = report.random.normals(ROWS, width, 3);
    const float ties[] = {0x1.01p0f, 0x1.03p0f, -0x1.01p0f, 0x1.010002p0f, INFINITY, -INFINITY, -0.0f, 0x1p-149f};
    x.fill([&](int64_t r, int64_t c) { return r == 1 ? ties[c % 8] : x.at(r, c); });
    Grid<uint16_t> out(ROWS, width);
    clip4j::Conversion call = {x.data(), x.stride(), ROWS, width, out.data(), nullptr};
    report.kernels.to_bf16(call);
    report.compare(checks::named("width", width), out, [&](int64_t r, int64_t c) {
      return Expected{static_cast<double>(checks::bf16_bits(x.at(r, c))), 0};
    });
    // Those that rounding would turn into a zero and an infinity.
    const uint32_t none[] = {0x7FFFFFFF, 0x7F800001};
    for (int64_t i = 0; i < ROWS * width; i++) {
      std::memcpy(&x.at(i / width, i % width), &none[i % 2], sizeof none[0]);
    }
    report.kernels.to_bf16(call);
    Grid<float> back(ROWS, width);
    back.fill([&](int64_t r, int64_t c) { return checks::bf16_value(out.at(r, c)); });
    report.compare(checks::named("width", width) + " none", back, [](int64_t, int64_t) {
      return Expected{NAN, 0};
    });
  }
}

CHECK(to_bytes) {
  constexpr double STEPS = 127;
  constexpr double ZERO_POINT = 128;
  for (int64_t width : WIDTHS) {
    Grid<float> x = report.random.normals(ROWS, width, 3);
    x.fill([&](int64_t r, int64_t c) { return r == 1 ? 0 : x.at(r, c); });
    Grid<uint8_t> out(ROWS, width);
    Grid<float> scales(1, ROWS);
    clip4j::Conversion call = {x.data(), x.stride(), ROWS, width, out.data(), scales.data()};
    report.kernels.to_bytes(call);
    double most[ROWS] = {};
    for (int64_t r = 0; r < ROWS; r++) {
      for (int64_t c = 0; c < width; c++) {
        most[r] = std::fmax(most[r], std::fabs(static_cast<double>(x.at(r, c))));
      }
    }
    report.compare(checks::named("width", width) + " scales", scales, [&](int64_t, int64_t r) {
      return Expected{most[r] / STEPS, most[r] / STEPS * EPSILON + checks::SMALLEST};
    });
    report.compare(checks::named("width", width), out, [&](int64_t r, int64_t c) {
      double exact = most[r] == 0 ? 0 : static_cast<double>(x.at(r, c)) / most[r] * STEPS;
      // Half a step, and what quotient and product are rounded by.
      return Expected{ZERO_POINT + exact, 0.5 + STEPS * 2 * EPSILON};
    });
    const float strange[] = {NAN, INFINITY, -INFINITY};
    for (float value : strange) {
      Grid<float> one = x;
      one.at(0, width - 1) = value;
      call.x = one.data();
      report.kernels.to_bytes(call);
      if (std::isfinite(scales.at(0, 0)) || !std::isfinite(scales.at(0, 1))) {
        report.fail(checks::named("width", width) + " a row with " + std::to_string(value) + " has the scale " +
                    std::to_string(scales.at(0, 0)));
      }
    }
    report.guards(checks::named("width", width), out);
  }
}
