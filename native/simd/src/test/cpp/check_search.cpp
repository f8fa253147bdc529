// Searches, of rows as they are and by codes, against sorted scores in double precision.
#include <algorithm>
#include <cstring>

#include "layers.h"

namespace checks {
namespace {

struct Shape {
  int64_t queries;
  int64_t rows;
  int64_t width;
  int64_t k;
};

// A value as a code of up to most, and what the codes of a row lack.
template <typename T>
void quantize(const float* from, int64_t width, double most, T* codes, float* scale, double* lacking) {
  double largest = 0;
  for (int64_t i = 0; i < width; i++) {
    largest = std::max(largest, std::fabs(static_cast<double>(from[i])));
  }
  *scale = static_cast<float>(largest / most);
  double squares = 0;
  for (int64_t i = 0; i < width; i++) {
    codes[i] = static_cast<T>(*scale > 0 ? std::lround(from[i] / *scale) : 0);
    double rest = from[i] - static_cast<double>(*scale) * codes[i];
    squares += rest * rest;
  }
  *lacking = std::sqrt(squares);
}

double norm(const float* x, int64_t width) {
  double squares = 0;
  for (int64_t i = 0; i < width; i++) {
    squares += static_cast<double>(x[i]) * x[i];
  }
  return std::sqrt(squares);
}

// Rows as they are passed, and what their elements are.
struct Stored {
  clip4j::Type type;
  Grid<uint16_t> halves;
  Grid<float> values;

  Stored(Report& report, clip4j::Type of, int64_t rows, int64_t width)
      : type(of), halves(rows, width), values(report.random.normals(rows, width)) {
    if (type == clip4j::Type::BF16) {
      halves.fill([&](int64_t r, int64_t i) { return bf16_bits(values.at(r, i)); });
      values.fill([&](int64_t r, int64_t i) { return bf16_value(halves.at(r, i)); });
    } else if (type == clip4j::Type::F16) {
      // Magnitudes below 2, some of them below the normal numbers.
      halves.fill([&](int64_t, int64_t) { return report.random.bits() & 0xBFFF; });
      values.fill([&](int64_t r, int64_t i) { return f16_value(halves.at(r, i)); });
    }
  }

  const void* data() const {
    return type == clip4j::Type::F32 ? static_cast<const void*>(values.data()) : halves.data();
  }
};

void check(Report& report, const Shape& shape, clip4j::Type type, bool coded) {
  Stored stored(report, type, shape.rows, shape.width);
  Grid<float>& rows = stored.values;
  Grid<float> x = report.random.normals(shape.queries, shape.width, 3);
  Grid<int8_t> codes(shape.rows, shape.width);
  Grid<float> scales(shape.rows, 2);
  Grid<int16_t> x_codes(shape.queries, shape.width);
  Grid<float> x_scales(shape.queries, 2);
  Grid<double> margins(1, shape.queries);
  double largest = 0;
  for (int64_t r = 0; r < shape.rows; r++) {
    double lacking = 0;
    quantize(&rows.at(r, 0), shape.width, 127, &codes.at(r, 0), &scales.at(r, 0), &lacking);
    scales.at(r, 1) = static_cast<float>(lacking * (1 + 2 * EPSILON));
    largest = std::max(largest, norm(&rows.at(r, 0), shape.width));
  }
  for (int64_t q = 0; q < shape.queries; q++) {
    double lacking = 0;
    quantize(&x.at(q, 0), shape.width, 4000, &x_codes.at(q, 0), &x_scales.at(q, 0), &lacking);
    double length = norm(&x.at(q, 0), shape.width);
    x_scales.at(q, 1) = static_cast<float>((length + lacking) * (1 + 2 * EPSILON));
    // NearestLane and CodedQueries say why.
    margins.at(0, q) = coded ? 1.0001 * largest * lacking + 32 * EPSILON * largest * length
                             : 2.02 * static_cast<double>(shape.width + 2) * EPSILON * largest * length;
  }
  Grid<int64_t> keys(shape.queries, shape.k);
  Grid<float> scratch(1, report.kernels.search_scratch(shape.queries, shape.width));
  clip4j::Search call = {type, stored.data(), 0, shape.rows, shape.width, x.data(), x.stride(),
                         shape.queries, shape.k, margins.data(), keys.data(), scratch.data(),
                         coded ? codes.data() : nullptr, coded ? scales.data() : nullptr,
                         coded ? x_codes.data() : nullptr, coded ? x_scales.data() : nullptr};
  report.kernels.begin_search(call);
  report.kernels.search(call);

  Grid<double> expected(shape.queries, shape.rows);
  expected.fill([&](int64_t q, int64_t r) {
    double sum = 0;
    for (int64_t i = 0; i < shape.width; i++) {
      sum += static_cast<double>(x.at(q, i)) * rows.at(r, i);
    }
    return sum;
  });
  std::string what = std::string(coded ? "codes" : "rows") + named("type", static_cast<int64_t>(type)) +
                     named("queries", shape.queries) + named("rows", shape.rows) + named("width", shape.width);
  Grid<float> scores(shape.queries, shape.k);
  for (int64_t q = 0; q < shape.queries; q++) {
    for (int64_t i = 0; i < shape.k; i++) {
      int32_t ordered = static_cast<int32_t>(keys.at(q, i) >> 32);
      int32_t bits = ordered ^ ((ordered >> 31) & 0x7FFFFFFF);
      std::memcpy(&scores.at(q, i), &bits, sizeof bits);
      int64_t row = static_cast<uint32_t>(~static_cast<uint32_t>(keys.at(q, i)));
      if (row >= shape.rows || static_cast<float>(expected.at(q, row)) != scores.at(q, i)) {
        report.fail(what + ": the row does not have its score: query=" + std::to_string(q) +
                    " row=" + std::to_string(row));
      }
    }
    std::sort(&expected.at(q, 0), &expected.at(q, 0) + shape.rows, [](double a, double b) { return a > b; });
  }
  report.compare(what, scores, [&](int64_t q, int64_t i) {
    return Expected{expected.at(q, i), EPSILON * std::fabs(expected.at(q, i)) + SMALLEST};
  });
  report.guards(what + " keys", keys);
  report.guards(what + " scratch", scratch);
}

}  // namespace

CHECK(search) {
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{1, 1031, 512, 10}, Shape{2, 97, 7, 3}, Shape{3, 5, 64, 5},
                             Shape{8, 203, 33, 10}, Shape{9, 97, 16, 97}, Shape{16, 600, 65, 10}, Shape{17, 61, 31, 4},
                             Shape{33, 300, 15, 20}}) {
    for (clip4j::Type type : {clip4j::Type::F32, clip4j::Type::F16, clip4j::Type::BF16}) {
      check(report, shape, type, false);
      check(report, shape, type, true);
    }
  }
}

}  // namespace checks
