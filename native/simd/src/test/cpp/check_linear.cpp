// Linear layers in f32, and in bf16 with weights rounded to it.
#include <cstring>

#include "layers.h"

using checks::Expected;
using checks::Grid;
using checks::Size;

// Adds the exact sums and the magnitudes that their roundings are relative to.
struct Sums {
  Grid<double> sums;
  Grid<double> magnitudes;

  Sums(const Grid<float>& x, const Grid<float>& weights, const Grid<float>& bias)
      : sums(x.rows(), weights.rows()), magnitudes(x.rows(), weights.rows()) {
    for (int64_t r = 0; r < x.rows(); r++) {
      for (int64_t n = 0; n < weights.rows(); n++) {
        double sum = static_cast<double>(bias.at(0, n));
        double magnitude = std::fabs(sum);
        for (int64_t k = 0; k < x.columns(); k++) {
          double product = static_cast<double>(x.at(r, k)) * static_cast<double>(weights.at(n, k));
          sum += product;
          magnitude += std::fabs(product);
        }
        sums.at(r, n) = sum;
        magnitudes.at(r, n) = magnitude;
      }
    }
  }
};

static void check_size(checks::Report& report, const char* name, clip4j::Form form, const Size& size, int64_t padding) {
  Grid<float> x = report.random.normals(size.rows, size.depth, padding);
  Grid<float> weights = report.random.normals(size.columns, size.depth);
  Grid<float> bias = report.random.normals(1, size.columns);
  checks::Layer layer(report.kernels, form, clip4j::Type::F32, weights.data(), size.depth, size.columns);
  layer.set_bias(bias);
  if (form == clip4j::Form::BF16) {
    weights.fill([&](int64_t n, int64_t k) { return checks::bf16_value(checks::bf16_bits(weights.at(n, k))); });
  }
  Sums sums(x, weights, bias);
  for (int activation = 0; activation < checks::ACTIVATIONS; activation++) {
    for (int add = 0; add < 2; add++) {
      std::string what = name + checks::named("rows", size.rows) + checks::named("K", size.depth) +
                         checks::named("N", size.columns) + checks::named("activation", activation) +
                         checks::named("add", add);
      Grid<float> before = report.random.normals(size.rows, size.columns, padding);
      Grid<float> out = before;
      layer.run(x.data(), x.stride(), nullptr, activation, add == 1, out);
      report.compare(what, out, [&](int64_t r, int64_t n) {
        double old = add == 1 ? static_cast<double>(before.at(r, n)) : 0;
        // K products and K - 1 sums, then the bias and what was there.
        double error = static_cast<double>(size.depth + 3) * checks::EPSILON *
                       (sums.magnitudes.at(r, n) + std::fabs(old));
        return checks::activation_of(activation, sums.sums.at(r, n) + old, error);
      });
      layer.guards(what, report);
    }
  }
}

// Weights of zero add nothing to what is already there: activations alone, also of numbers that are none.
static void check_activations(checks::Report& report) {
  const float extremes[] = {0.0f,   -0.0f,  1e-45f, -1e-45f, 1e-40f, -1e-40f, 1e-20f, -1e-20f, 1e4f,     -1e4f,
                            1e10f,  -1e10f, 1e19f,  -1e19f,  1e30f,  -1e30f,  3e38f,  -3e38f,  NAN};
  constexpr int64_t POINTS = 2003;
  Grid<float> points(3, POINTS);
  for (int64_t i = 0; i < POINTS; i++) {
    points.at(0, i) = static_cast<float>(-40 + 80.0 * static_cast<double>(i) / (POINTS - 1));
    points.at(1, i) = static_cast<float>(report.random.normal() * std::pow(10, -static_cast<double>(i % 30)));
    points.at(2, i) = extremes[static_cast<size_t>(i) % (sizeof extremes / sizeof *extremes)];
  }
  Grid<float> weights(POINTS, 1);
  Grid<float> x(3, 1);
  checks::Layer layer(report.kernels, clip4j::Form::F32, clip4j::Type::F32, weights.data(), 1, POINTS);
  for (int activation = 0; activation < checks::ACTIVATIONS; activation++) {
    Grid<float> out = points;
    layer.run(x.data(), x.stride(), nullptr, activation, true, out);
    report.compare("activation" + checks::named("activation", activation), out, [&](int64_t r, int64_t i) {
      double y = static_cast<double>(points.at(r, i));
      return std::isnan(y) ? Expected{y, 0} : checks::activation_of(activation, y, 0);
    });
  }
}

// An input that is no number spreads to its row, and to no other.
static void check_not_a_number(checks::Report& report) {
  Grid<float> x = report.random.normals(16, 40);
  Grid<float> weights = report.random.normals(37, 40);
  x.at(9, 37) = NAN;
  for (clip4j::Form form : {clip4j::Form::F32, clip4j::Form::BF16}) {
    checks::Layer layer(report.kernels, form, clip4j::Type::F32, weights.data(), 40, 37);
    for (int activation = 0; activation < checks::ACTIVATIONS; activation++) {
      Grid<float> out(16, 37);
      layer.run(x.data(), x.stride(), nullptr, activation, false, out);
      for (int64_t r = 0; r < 16; r++) {
        for (int64_t n = 0; n < 37; n++) {
          if (std::isnan(out.at(r, n)) != (r == 9)) {
            report.fail("no number:" + checks::named("row", r) + checks::named("column", n) +
                        checks::named("activation", activation));
            return;
          }
        }
      }
    }
  }
}

CHECK(linear) {
  int64_t padding = 0;
  for (const Size& size : checks::sizes(report.kernels)) {
    check_size(report, "f32", clip4j::Form::F32, size, padding % 4);
    check_size(report, "bf16", clip4j::Form::BF16, size, padding % 5);
    padding++;
  }
  check_activations(report);
  check_not_a_number(report);
}
