// Layer norm and the L2 norm of rows, beside the input and in its place.
#include "check.h"

using checks::EPSILON;
using checks::Expected;
using checks::Grid;
using checks::SMALLEST;

// One, around the lanes of 4, 8 and 16, and widths of CLIP.
static const int64_t WIDTHS[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 127, 512, 768, 1023, 1025};
constexpr int64_t ROWS = 3;

typedef std::function<void(const clip4j::Rows&)> Kernel;
typedef std::function<Expected(int64_t, int64_t)> Definition;

// Runs a kernel on a copy of x and, in place, on another.
static void compare(checks::Report& report, const std::string& what, const Grid<float>& x, clip4j::Rows call,
                    const Kernel& kernel, const Definition& of) {
  Grid<float> out(x.rows(), x.columns(), 2);
  call.x = x.data();
  call.x_stride = x.stride();
  call.out = out.data();
  call.out_stride = out.stride();
  kernel(call);
  report.compare(what, out, of);
  Grid<float> in_place = x;
  call.x = in_place.data();
  call.out = in_place.data();
  call.out_stride = in_place.stride();
  kernel(call);
  report.compare(what + " in place", in_place, of);
}

CHECK(layer_norm) {
  for (int64_t width : WIDTHS) {
    Grid<float> x = report.random.normals(ROWS, width, width % 3);
    // A mean a hundred deviations away, as the residual stream of a deep tower has; and equal values.
    x.fill([&](int64_t r, int64_t c) { return r == 0 ? 100 + x.at(r, c) : r == 1 ? 0.1f : x.at(r, c); });
    Grid<float> gain = report.random.normals(1, width);
    Grid<float> bias = report.random.normals(1, width);
    const float epsilon = 1e-5f;
    double means[ROWS] = {};
    double scales[ROWS] = {};
    for (int64_t r = 0; r < ROWS; r++) {
      for (int64_t c = 0; c < width; c++) {
        means[r] += static_cast<double>(x.at(r, c)) / static_cast<double>(width);
      }
      double variance = static_cast<double>(epsilon);
      for (int64_t c = 0; c < width; c++) {
        variance += std::pow(static_cast<double>(x.at(r, c)) - means[r], 2) / static_cast<double>(width);
      }
      scales[r] = 1 / std::sqrt(variance);
    }
    clip4j::Rows call = {nullptr, 0, nullptr, 0, ROWS, width, gain.data(), bias.data(), epsilon};
    compare(report, checks::named("width", width), x, call, report.kernels.layer_norm, [&](int64_t r, int64_t c) {
      double factor = scales[r] * static_cast<double>(gain.at(0, c));
      double product = (static_cast<double>(x.at(r, c)) - means[r]) * factor;
      double shift = static_cast<double>(bias.at(0, c));
      // The mean, rounded, is subtracted; difference, scale, two products and the sum are rounded.
      return Expected{product + shift, EPSILON * (1.01 * std::fabs(means[r] * factor) + 5 * std::fabs(product) +
                                                  2 * std::fabs(shift)) + SMALLEST};
    });
  }
}

CHECK(l2_normalize) {
  for (int64_t width : WIDTHS) {
    Grid<float> x = report.random.normals(ROWS, width, width % 3);
    // Squares that f32 could not hold, at both ends; and a row of zeros, which stays one.
    x.fill([&](int64_t r, int64_t c) { return x.at(r, c) * (r == 1 ? 0 : width % 2 == 0 ? 1e-30f : 1e30f); });
    double norms[ROWS] = {};
    for (int64_t r = 0; r < ROWS; r++) {
      for (int64_t c = 0; c < width; c++) {
        norms[r] += std::pow(static_cast<double>(x.at(r, c)), 2);
      }
      norms[r] = norms[r] == 0 ? 1 : std::sqrt(norms[r]);
    }
    clip4j::Rows call = {nullptr, 0, nullptr, 0, ROWS, width, nullptr, nullptr, 0};
    compare(report, checks::named("width", width), x, call, report.kernels.l2_normalize, [&](int64_t r, int64_t c) {
      double value = static_cast<double>(x.at(r, c)) / norms[r];
      // Norm and quotient in double precision leave one rounding.
      return Expected{value, 1.001 * EPSILON * std::fabs(value) + SMALLEST};
    });
  }
}
