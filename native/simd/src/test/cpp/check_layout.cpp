// Layouts: files of packed weights outlive a version of this program, so the bytes that a layout's number stands for must
// not change, with any instruction set. SimdPrecisionTest has the same checksums of what a file holds, for fewer of them.
#include <cstring>

#include "layers.h"

using checks::Expected;
using checks::Grid;
using clip4j::Form;

// The number that the checksums below belong to.
static_assert(clip4j::PACKING == 1, "another layout: take its checksums, and its number here");

struct Known {
  const char* instruction_set;
  Form form;
  uint32_t checksum;
};

// Sizes that fill neither a panel nor a pair: what is behind them is part of the layout.
constexpr int64_t COLUMNS = 50;
constexpr int64_t DEPTH = 301;

static const std::vector<Known> KNOWN = {
#if defined(__x86_64__)
    {"baseline", Form::F32, 3040898576},
    {"baseline", Form::BF16, 1437521583},
    {"baseline", Form::INT8, 1882394229},
    {"avx2", Form::F32, 3903886707},
    {"avx2", Form::BF16, 1384117017},
    {"avx2", Form::INT8, 1851327475},
    {"avx512", Form::F32, 3755839468},
    {"avx512", Form::BF16, 3502734214},
    {"avx512", Form::INT8, 2207070337},
    {"avx512vnni", Form::F32, 3755839468},
    {"avx512vnni", Form::BF16, 3502734214},
    {"avx512vnni", Form::INT8, 2207070337},
#elif defined(__aarch64__)
    {"baseline", Form::F32, 3903886707},
    {"baseline", Form::BF16, 1778621483},
    {"baseline", Form::INT8, 1851327475},
#endif
};

// CRC-32 of zip files, carried on.
template <typename T>
static uint32_t carried_on(uint32_t crc, const Grid<T>& values) {
  for (int64_t c = 0; c < values.columns(); c++) {
    uint8_t bytes[sizeof(T)];
    std::memcpy(bytes, values.data() + c, sizeof(T));
    for (uint8_t byte : bytes) {
      crc ^= byte;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
      }
    }
  }
  return crc;
}

// Of what SimdLayer gives to a file: weights, bias, and with integers the scales.
static uint32_t checksum(const clip4j::Kernels& kernels, Form form) {
  Grid<float> weights(COLUMNS, DEPTH);
  weights.fill([](int64_t n, int64_t k) { return ((n * DEPTH + k) * 7 % 256 - 128) * 0.125; });
  checks::Layer layer(kernels, form, clip4j::Type::F32, weights.data(), DEPTH, COLUMNS);
  Grid<float> no_bias(1, layer.scales().columns());
  uint32_t crc = carried_on(carried_on(~0u, layer.packed()), no_bias);
  return ~(form == Form::INT8 ? carried_on(crc, layer.scales()) : crc);
}

CHECK(layout) {
  bool known_set = false;
  for (const Known& known : KNOWN) {
    if (std::strcmp(known.instruction_set, report.kernels.name) == 0) {
      Grid<uint32_t> actual(1, 1);
      actual.at(0, 0) = checksum(report.kernels, known.form);
      report.compare(checks::named("form", static_cast<int>(known.form)) + checks::named("checksum", actual.at(0, 0)) +
                         " is of another layout; raise PACKING in kernels.h, and take the new checksums",
                     actual, [&](int64_t, int64_t) { return Expected{static_cast<double>(known.checksum), 0}; });
      known_set = true;
    }
  }
  if (!known_set && !KNOWN.empty()) {
    report.fail("no checksums are known of the instruction set; take them");
  }
}
