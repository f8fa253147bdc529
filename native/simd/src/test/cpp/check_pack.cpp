// Packing: inputs that are rows of the unit matrix bring every weight back as it was packed, bit by bit.
#include <cstring>

#include "layers.h"

using checks::Expected;
using checks::Grid;

// Weights as bits of 16; infinities and what is no number would spread to others.
static Grid<uint16_t> finite_halves(checks::Report& report, int64_t rows, int64_t columns, uint16_t exponent) {
  Grid<uint16_t> bits(rows, columns);
  bits.fill([&](int64_t, int64_t) {
    uint16_t value = static_cast<uint16_t>(report.random.bits());
    return (value & exponent) == exponent ? value & 0x80FF : value;
  });
  return bits;
}

// Expects the weights, in bf16 where that is how the layer keeps them.
static void check_weights(checks::Report& report, clip4j::Form form, clip4j::Type type, const void* weights,
                          int64_t depth, int64_t columns, const Grid<float>& values) {
  Grid<float> unit(depth, depth);
  unit.fill([](int64_t r, int64_t k) { return r == k ? 1 : 0; });
  checks::Layer layer(report.kernels, form, type, weights, depth, columns);
  Grid<float> out(depth, columns, 1);
  layer.run(unit.data(), unit.stride(), nullptr, checks::NONE, false, out);
  std::string what = checks::named("form", static_cast<int>(form)) + checks::named("type", static_cast<int>(type)) +
                     checks::named("K", depth) + checks::named("N", columns);
  report.compare(what, out, [&](int64_t k, int64_t n) {
    float value = values.at(n, k);
    float kept = form == clip4j::Form::BF16 ? checks::bf16_value(checks::bf16_bits(value)) : value;
    return Expected{static_cast<double>(kept), 0};
  });
  layer.guards(what, report);
}

static void check_size(checks::Report& report, clip4j::Form form, int64_t depth, int64_t columns) {
  Grid<float> values = report.random.normals(columns, depth);
  check_weights(report, form, clip4j::Type::F32, values.data(), depth, columns, values);

  Grid<uint16_t> halves = finite_halves(report, columns, depth, 0x7C00);
  values.fill([&](int64_t n, int64_t k) { return checks::f16_value(halves.at(n, k)); });
  check_weights(report, form, clip4j::Type::F16, halves.data(), depth, columns, values);

  halves = finite_halves(report, columns, depth, 0x7F80);
  values.fill([&](int64_t n, int64_t k) { return checks::bf16_value(halves.at(n, k)); });
  check_weights(report, form, clip4j::Type::BF16, halves.data(), depth, columns, values);
}

CHECK(pack) {
  for (clip4j::Form form : {clip4j::Form::F32, clip4j::Form::BF16}) {
    check_size(report, form, 1, 1);
    check_size(report, form, 15, report.kernels.panel - 1);
    check_size(report, form, 17, report.kernels.panel + 1);
    check_size(report, form, 257, 3 * report.kernels.panel + 5);
  }
}
