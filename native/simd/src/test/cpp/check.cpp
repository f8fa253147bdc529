// Runs the checks on every instruction set that the processor has, or on one that it must have.
// usage: kernel-checks [--only INSTRUCTION-SET] [CHECK...]
// All checks without a name; the exit code is 1 when one failed, and 2 when none of that name could run.
#include "check.h"

#include <cstdio>
#include <cstring>

namespace checks {

namespace {

const Check* first_check = nullptr;
// More would not fit a screen.
constexpr int MOST_MESSAGES = 20;
int messages = 0;

bool is_named(const Check& check, int count, char** names) {
  for (int i = 0; i < count; i++) {
    if (std::strcmp(names[i], check.name) == 0) {
      return true;
    }
  }
  return count == 0;
}

// Levels are those of library.cpp; the best of a level may be that of a lower one.
int run(const char* only, int count, char** names) {
  int ran = 0;
  bool found = only == nullptr;
  bool failed = false;
  const clip4j::Kernels* before = nullptr;
  for (int level = 0; level <= clip4j::MOST_LEVEL; level++) {
    const clip4j::Kernels* kernels = clip4j::kernels_up_to(level);
    if (kernels == before) {
      continue;
    }
    before = kernels;
    if (only != nullptr && std::strcmp(only, kernels->name) != 0) {
      continue;
    }
    found = true;
    for (const Check* check = first_check; check != nullptr; check = check->next) {
      if (is_named(*check, count, names)) {
        Report report(*kernels, check->name);
        check->run(report);
        report.print();
        failed = failed || report.failed();
        ran++;
      }
    }
  }
  if (!found) {
    std::fprintf(stderr, "kernel-checks: error: this processor has no instruction set of that name: %s\n", only);
    return 2;
  }
  if (ran == 0) {
    std::fprintf(stderr, "kernel-checks: error: no check of that name: %s\n", names[0]);
    return 2;
  }
  return failed ? 1 : 0;
}

}  // namespace

Check::Check(const char* own_name, void (*own_run)(Report&)) : name(own_name), run(own_run), next(first_check) {
  first_check = this;
}

void Report::fail(const std::string& message) {
  failed_ = true;
  if (messages++ < MOST_MESSAGES) {
    std::fprintf(stderr, "%s %s %s\n", kernels.name, check_.c_str(), message.c_str());
  }
}

void Report::add(Worst& worst, int64_t row, int64_t column, double actual, Expected expected) {
  double difference = std::fabs(actual - expected.value);
  double ratio = difference == 0 ? 0 : difference / expected.limit;
  if (actual == expected.value || (std::isnan(actual) && std::isnan(expected.value))) {
    ratio = 0;
  } else if (std::isnan(ratio)) {
    ratio = std::numeric_limits<double>::infinity();
  }
  values_++;
  worst.outside += ratio > 1 ? 1 : 0;
  if (ratio > worst.ratio) {
    worst.row = row;
    worst.column = column;
    worst.expected = expected;
    worst.actual = actual;
    worst.ratio = ratio;
  }
}

void Report::finish(const std::string& what, const Worst& worst) {
  ratio_ = worst.ratio > ratio_ ? worst.ratio : ratio_;
  if (worst.outside > 0) {
    char text[200];
    std::snprintf(text, sizeof text, ": worst row=%lld column=%lld expected=%.9g actual=%.9g limit=%.3g outside=%lld",
                  static_cast<long long>(worst.row), static_cast<long long>(worst.column), worst.expected.value,
                  worst.actual, worst.expected.limit, static_cast<long long>(worst.outside));
    fail(what + text);
  }
}

void Report::print() const {
  std::printf("%-10s %-12s %s, %lld values, at worst %.2f of the limit\n", kernels.name, check_.c_str(),
              failed_ ? "FAILED" : "held", static_cast<long long>(values_), ratio_);
}

}  // namespace checks

int main(int count, char** arguments) {
  bool only = count > 2 && std::strcmp(arguments[1], "--only") == 0;
  int options = only ? 3 : 1;
  return checks::run(only ? arguments[2] : nullptr, count - options, arguments + options);
}
