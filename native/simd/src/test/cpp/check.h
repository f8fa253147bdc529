// What the checks of kernels share: guarded memory, random numbers, and a comparison that says where it is worst.
//
// A check is a file that begins with CHECK(name); check-kernels.sh compiles all that are there. It computes what it
// expects in double precision with plain loops, and each limit from a formula.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "kernels.h"

namespace checks {

// What rounding to f32 adds at most, relative.
constexpr double EPSILON = 0x1p-24;
// What results below the normal numbers may be off.
constexpr double SMALLEST = 0x1p-149;

// Rows of values, with others before, between and behind them that nobody may touch. The first value is not
// aligned to a vector.
template <typename T>
class Grid {
 public:
  Grid(int64_t rows, int64_t columns, int64_t padding = 0)
      : rows_(rows), columns_(columns), stride_(columns + padding), all_(GUARDS + rows * stride_ + GUARDS, guard()) {
    fill([](int64_t, int64_t) { return T{}; });
  }

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t stride() const { return stride_; }
  T* data() { return all_.data() + GUARDS; }
  const T* data() const { return all_.data() + GUARDS; }
  T& at(int64_t row, int64_t column) { return data()[row * stride_ + column]; }
  T at(int64_t row, int64_t column) const { return data()[row * stride_ + column]; }

  template <typename Function>
  void fill(Function value) {
    for (int64_t r = 0; r < rows_; r++) {
      for (int64_t c = 0; c < columns_; c++) {
        at(r, c) = static_cast<T>(value(r, c));
      }
    }
  }

  // The place of a guard that was overwritten, counted from the first value; or none.
  static constexpr int64_t NONE = std::numeric_limits<int64_t>::min();
  int64_t broken_guard() const {
    int64_t count = static_cast<int64_t>(all_.size());
    for (int64_t i = 0; i < count; i++) {
      int64_t place = i - GUARDS;
      bool inside = place >= 0 && place < rows_ * stride_ && place % stride_ < columns_;
      if (!inside && all_[static_cast<size_t>(i)] != guard()) {
        return place;
      }
    }
    return NONE;
  }

 private:
  // Bytes hold values of up to 4.
  static constexpr int64_t GUARDS = sizeof(T) == 1 ? 68 : 65;
  static T guard() { return static_cast<T>(85); }

  int64_t rows_;
  int64_t columns_;
  int64_t stride_;
  std::vector<T> all_;
};

// SplitMix64 (Steele, Lea, Flood 2014), and normal numbers by Box and Muller.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t bits() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // From 0 to 1, both left out.
  double uniform() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }

  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); }

  Grid<float> normals(int64_t rows, int64_t columns, int64_t padding = 0) {
    Grid<float> grid(rows, columns, padding);
    grid.fill([&](int64_t, int64_t) { return normal(); });
    return grid;
  }

 private:
  uint64_t state_;
};

// What a value should be, and how far from it it may be. No number expects none.
struct Expected {
  double value;
  double limit;
};

// What one check of one instruction set has found.
class Report {
 public:
  Report(const clip4j::Kernels& of, std::string check) : kernels(of), check_(std::move(check)) {}

  const clip4j::Kernels& kernels;
  // The same numbers in every run.
  Random random{20210226};

  // Compares all values, and looks at the guards around them.
  template <typename T>
  void compare(const std::string& what, const Grid<T>& actual, const std::function<Expected(int64_t, int64_t)>& of) {
    Worst worst;
    for (int64_t r = 0; r < actual.rows(); r++) {
      for (int64_t c = 0; c < actual.columns(); c++) {
        add(worst, r, c, static_cast<double>(actual.at(r, c)), of(r, c));
      }
    }
    finish(what, worst);
    guards(what, actual);
  }

  // Looks at the guards only.
  template <typename T>
  void guards(const std::string& what, const Grid<T>& grid) {
    if (grid.broken_guard() != Grid<T>::NONE) {
      fail(what + ": written outside of the values: place=" + std::to_string(grid.broken_guard()) +
           " rows=" + std::to_string(grid.rows()) + " columns=" + std::to_string(grid.columns()) +
           " stride=" + std::to_string(grid.stride()));
    }
  }

  void fail(const std::string& message);

  bool failed() const { return failed_; }

  // One line for people.
  void print() const;

 private:
  struct Worst {
    int64_t row = 0;
    int64_t column = 0;
    Expected expected = {};
    double actual = 0;
    double ratio = -1;  // of the limit
    int64_t outside = 0;
  };

  void add(Worst& worst, int64_t row, int64_t column, double actual, Expected expected);
  void finish(const std::string& what, const Worst& worst);

  std::string check_;
  int64_t values_ = 0;
  double ratio_ = 0;
  bool failed_ = false;
};

// A check that registers itself.
struct Check {
  Check(const char* own_name, void (*own_run)(Report&));

  const char* name;
  void (*run)(Report&);
  const Check* next;
};

// Names and values of a case, for messages.
inline std::string named(const char* name, int64_t value) {
  return std::string(" ") + name + "=" + std::to_string(value);
}

}  // namespace checks

#define CHECK(name)                                               \
  static void check_##name(checks::Report& report);               \
  static const checks::Check registered_##name(#name, check_##name); \
  static void check_##name(checks::Report& report)
