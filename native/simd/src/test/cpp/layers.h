// Layers that checks pack and run, and the limits of their results.
#pragma once

#include "check.h"

namespace checks {

// Numbers of functions.h.
enum Activation { NONE = 0, RELU = 1, QUICK_GELU = 2, GELU = 3, ACTIVATIONS = 4 };

// What an activation is, and how far it may be from that where its argument is off by so much.
inline Expected activation_of(int activation, double y, double argument_error) {
  // exp in f32, relative: a polynomial with remainder 6e-9 and about 3 roundings.
  constexpr double EXP = 2e-7;
  // Fractional error of the Chebyshev fit of erfc: Numerical Recipes, erfcc.
  constexpr double ERFC = 1.2e-7;
  // exp may give 0 below this, the smallest normal f32.
  constexpr double SMALLEST_EXP = 0x1p-126;
  double magnitude = std::fabs(y);
  switch (activation) {
    case RELU:
      return {std::fmax(y, 0), argument_error + magnitude * EPSILON};
    case QUICK_GELU: {
      double value = y / (1 + std::exp(-1.702 * y));
      // The argument of exp is rounded twice, and once more when it becomes a power of two; a quotient, a sum.
      double relative = EXP + (3 * 1.702 * magnitude + 3) * EPSILON;
      // 1.0998: the steepest slope.
      return {value, 1.1 * argument_error + std::fabs(value) * relative + std::fmin(magnitude, 53) * SMALLEST_EXP +
                         SMALLEST};
    }
    case GELU: {
      double tail = 0.5 * std::erfc(magnitude * 0.7071067811865476);
      // z^2 carries 5 roundings, its sums and the factor log2(e) three more; the polynomial about 16.
      double relative = ERFC + EXP + (16 + 4 * y * y) * EPSILON;
      // 1.129: the steepest slope.
      return {y > 0 ? y - y * tail : y * tail,
              1.13 * argument_error + magnitude * tail * relative + (y > 0 ? y : 0) * EPSILON +
                  std::fmin(magnitude, 14) * SMALLEST_EXP + SMALLEST};
    }
    default:
      return {y, argument_error + magnitude * EPSILON};
  }
}

// The nearest bf16, ties to even, as its bits.
inline uint16_t bf16_bits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline float bf16_value(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// A value of binary16.
inline double f16_value(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  double mantissa = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

// A layer, packed in parts of its panels.
class Layer {
 public:
  // Weights in rows that adjoin, [columns, depth] of the type.
  Layer(const clip4j::Kernels& kernels, clip4j::Form form, clip4j::Type type, const void* weights, int64_t depth,
        int64_t columns)
      : kernels_(kernels), form_(form), depth_(depth), columns_(columns),
        panels_((columns + kernels.panel - 1) / kernels.panel), bias_(1, panels_ * kernels.panel),
        scales_(1, panels_ * kernels.panel), packed_(1, panels_ * kernels.panel * element_bytes() * stored_depth()) {
    for (int64_t part = 0; part < PARTS; part++) {
      clip4j::Packing call = {form, type, weights, depth, columns, first_panel(part), first_panel(part + 1),
                              packed_.data(), scales_.data()};
      kernels.pack(call);
    }
  }

  // Depth as it is stored: whole pairs in INT8.
  int64_t stored_depth() const { return form_ == clip4j::Form::INT8 ? (depth_ + 1) / 2 * 2 : depth_; }

  void set_bias(const Grid<float>& bias) {
    for (int64_t c = 0; c < columns_; c++) {
      bias_.at(0, c) = bias.at(0, c);
    }
  }

  // x is [rows, depth] of f32, or with INT8 of 16 bits with scales.
  void run(const void* x, int64_t x_stride, const float* x_scales, int activation, bool add, Grid<float>& out) const {
    for (int64_t part = 0; part < PARTS; part++) {
      clip4j::Linear call = {form_, activation, packed_.data(), bias_.data(), scales_.data(), depth_, columns_,
                             first_panel(part), first_panel(part + 1), x, x_stride, x_scales, out.data(), out.stride(),
                             out.rows(), add};
      kernels_.linear(call);
    }
  }

  // A convolution of it: its input is of patches.
  void convolve(const clip4j::Images& images, const float* x, int activation, bool add, Grid<float>& out) const {
    for (int64_t part = 0; part < PARTS; part++) {
      // Rows are parts of theirs too.
      int64_t middle = out.rows() / 2;
      for (int64_t half = 0; half < 2; half++) {
        int64_t first = half == 0 ? 0 : middle;
        clip4j::Convolution call = {images, activation, reinterpret_cast<const float*>(packed_.data()), bias_.data(),
                                    columns_, first_panel(part), first_panel(part + 1), x,
                                    out.data() + first * out.stride(), out.stride(), first,
                                    half == 0 ? middle : out.rows(), add};
        kernels_.convolve(call);
      }
    }
  }

  // Bytes of all panels.
  const Grid<uint8_t>& packed() const { return packed_; }

  // [columns, padded to whole panels], INT8 only.
  const Grid<float>& scales() const { return scales_; }

  // Of the memory that was packed into.
  void guards(const std::string& what, Report& report) const {
    report.guards(what + " packed", packed_);
    report.guards(what + " scales", scales_);
  }

 private:
  static constexpr int64_t PARTS = 3;

  int64_t element_bytes() const {
    return form_ == clip4j::Form::F32 ? 4 : form_ == clip4j::Form::BF16 ? 2 : 1;
  }

  int64_t first_panel(int64_t part) const { return panels_ * part / PARTS; }

  const clip4j::Kernels& kernels_;
  clip4j::Form form_;
  int64_t depth_;
  int64_t columns_;
  int64_t panels_;
  Grid<float> bias_;
  Grid<float> scales_;
  Grid<uint8_t> packed_;
};

// One layer's size.
struct Size {
  int64_t rows;
  int64_t depth;
  int64_t columns;
};

// One, primes, around the panels, the tiles' rows of every instruction set and the blocks; and a width of CLIP.
inline std::vector<Size> sizes(const clip4j::Kernels& kernels) {
  int64_t panel = kernels.panel;
  return {{1, 1, 1},
          {2, 7, panel - 1},
          {3, 64, panel},
          {4, 65, panel + 1},
          {5, 255, 3},
          {6, 256, 2 * panel},
          {7, 257, 2 * panel + 1},
          {13, 31, 5 * panel - 3},
          {14, 511, panel},
          {15, 512, 7},
          {16, 513, 11},
          {29, 17, 3 * panel + 5},
          {257, 33, panel + 1},
          {50, 768, 2 * panel + 1}};
}

}  // namespace checks
