// Layers in integers, and how their inputs come to 16 bits.
#include <cstring>

#include "layers.h"

using checks::EPSILON;
using checks::Expected;
using checks::Grid;
using checks::Size;

// Steps from 0 to the largest value of a row of inputs and of a column of weights: int8.h.
constexpr double INPUT_STEPS = 32767;
constexpr double WEIGHT_STEPS = 127;

static double largest(const Grid<float>& grid, int64_t row) {
  double most = 0;
  for (int64_t c = 0; c < grid.columns(); c++) {
    most = std::fmax(most, std::fabs(static_cast<double>(grid.at(row, c))));
  }
  return most;
}

// How far a value may be from its step: half of one, and what scale, quotient and product are rounded by.
static double step_error(double most, double steps) {
  return most / steps * (0.5 + steps * 3 * EPSILON);
}

struct Inputs {
  Grid<int16_t> values;
  Grid<float> scales;

  Inputs(checks::Report& report, const std::string& what, const Grid<float>& x, int64_t stored)
      : values(x.rows(), stored), scales(1, x.rows()) {
    values.fill([](int64_t, int64_t) { return 77; });  // to be overwritten, behind the columns too
    clip4j::Quantization call = {x.data(), x.stride(), x.rows(), x.columns(), values.data(), values.stride(),
                                 scales.data()};
    report.kernels.quantize(call);
    report.compare(what + " scales", scales, [&](int64_t, int64_t r) {
      double scale = largest(x, r) / INPUT_STEPS;
      return Expected{scale, scale * EPSILON + checks::SMALLEST};
    });
    Grid<float> back(x.rows(), stored);
    back.fill([&](int64_t r, int64_t k) { return static_cast<float>(values.at(r, k)) * scales.at(0, r); });
    report.compare(what + " inputs", back, [&](int64_t r, int64_t k) {
      return k < x.columns() ? Expected{static_cast<double>(x.at(r, k)), step_error(largest(x, r), INPUT_STEPS)}
                             : Expected{0, 0};
    });
    report.guards(what + " inputs", values);
  }
};

// The exact sums without bias, the magnitudes that their roundings are relative to, and what the steps may add.
struct Sums {
  Grid<double> sums;
  Grid<double> magnitudes;
  Grid<double> errors;

  Sums(const Grid<float>& x, const Grid<float>& weights)
      : sums(x.rows(), weights.rows()), magnitudes(x.rows(), weights.rows()), errors(x.rows(), weights.rows()) {
    for (int64_t r = 0; r < x.rows(); r++) {
      double x_error = step_error(largest(x, r), INPUT_STEPS);
      for (int64_t n = 0; n < weights.rows(); n++) {
        double weight_error = step_error(largest(weights, n), WEIGHT_STEPS);
        for (int64_t k = 0; k < x.columns(); k++) {
          double a = static_cast<double>(x.at(r, k));
          double b = static_cast<double>(weights.at(n, k));
          sums.at(r, n) += a * b;
          magnitudes.at(r, n) += std::fabs(a * b);
          errors.at(r, n) += std::fabs(a) * weight_error + std::fabs(b) * x_error + x_error * weight_error;
        }
      }
    }
  }
};

static void check_size(checks::Report& report, const Size& size, int64_t padding) {
  std::string what = checks::named("rows", size.rows) + checks::named("K", size.depth) +
                     checks::named("N", size.columns);
  Grid<float> x = report.random.normals(size.rows, size.depth, padding);
  Grid<float> weights = report.random.normals(size.columns, size.depth);
  Grid<float> bias = report.random.normals(1, size.columns);
  for (int64_t k = 0; k < size.depth; k++) {
    x.at(size.rows - 1, k) = 0;  // a row without a largest value
  }
  checks::Layer layer(report.kernels, clip4j::Form::INT8, clip4j::Type::F32, weights.data(), size.depth, size.columns);
  layer.set_bias(bias);
  Inputs inputs(report, what, x, layer.stored_depth());
  Sums sums(x, weights);
  // Sums in integers are exact; each block's is rounded to f32, scaled and added.
  double roundings = 4 * static_cast<double>(size.depth / 512 + 1) + 3;
  for (int activation = 0; activation < checks::ACTIVATIONS; activation++) {
    for (int add = 0; add < 2; add++) {
      std::string own = what + checks::named("activation", activation) + checks::named("add", add);
      Grid<float> before = report.random.normals(size.rows, size.columns, padding);
      Grid<float> out = before;
      layer.run(inputs.values.data(), inputs.values.stride(), inputs.scales.data(), activation, add == 1, out);
      report.compare(own, out, [&](int64_t r, int64_t n) {
        double offset = static_cast<double>(bias.at(0, n));
        double old = add == 1 ? static_cast<double>(before.at(r, n)) : 0;
        double error = sums.errors.at(r, n);
        double magnitude = sums.magnitudes.at(r, n) + error + std::fabs(offset) + std::fabs(old);
        return checks::activation_of(activation, sums.sums.at(r, n) + offset + old,
                                     error + roundings * EPSILON * magnitude);
      });
      layer.guards(own, report);
    }
  }
}

CHECK(int8) {
  int64_t padding = 0;
  for (const Size& size : checks::sizes(report.kernels)) {
    check_size(report, size, padding++ % 4);
  }
}
