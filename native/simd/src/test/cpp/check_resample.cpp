// Resampling to planes: every bit beside plain loops over whole numbers, as Pillow's fixed point defines it.
#include "check.h"

#include <algorithm>

using checks::Expected;
using checks::Grid;
using checks::Random;

constexpr int64_t ONE = 1 << 22;
constexpr int64_t MULTIPLE = 4;

namespace {

// Random weights around 1 / taps, with negative ones, so that sums go beyond both ends of a byte.
struct Weights {
  std::vector<int32_t> first, taps, start, weights;
  int64_t most = 1;
  int64_t to = 0;

  Weights(Random& random, int64_t count, int64_t most_taps) {
    int64_t at = below(random, 4);
    for (int64_t o = 0; o < count; o++) {
      int64_t own = 1 + below(random, most_taps);
      first.push_back(static_cast<int32_t>(at));
      taps.push_back(static_cast<int32_t>(own));
      start.push_back(static_cast<int32_t>(weights.size()));
      for (int64_t j = 0; j < own; j++) {
        weights.push_back(static_cast<int32_t>(below(random, 3 * ONE / own) - ONE / own));
      }
      most = std::max(most, own);
      to = std::max(to, at + own);
      at += below(random, std::max<int64_t>(2, most_taps / 2));
    }
  }

  static int64_t below(Random& random, int64_t limit) {
    return static_cast<int64_t>(random.bits() % static_cast<uint64_t>(limit));
  }

  clip4j::Axis axis() const {
    return {first.data(), taps.data(), start.data(), weights.data(), static_cast<int64_t>(first.size()),
            (most + MULTIPLE - 1) / MULTIPLE * MULTIPLE};
  }

  template <typename Input>
  int64_t sum(int64_t o, Input input) const {
    size_t output = static_cast<size_t>(o);
    int64_t result = ONE / 2;
    for (int32_t j = 0; j < taps[output]; j++) {
      result += static_cast<int64_t>(input(first[output] + j)) * weights[static_cast<size_t>(start[output] + j)];
    }
    return std::clamp<int64_t>(result >> 22, 0, 255);
  }
};

void compare(checks::Report& report, int64_t size, int64_t most_taps, int64_t pixel_stride) {
  Random& random = report.random;
  Weights columns(random, size, most_taps);
  Weights rows(random, size, most_taps);
  int64_t width = columns.to;
  // Ends with the last sample: what is read behind it is not the image's.
  std::vector<uint8_t> pixels(static_cast<size_t>(width * pixel_stride * rows.to - (pixel_stride == 4 ? 1 : 0)));
  for (uint8_t& sample : pixels) {
    sample = random.bits() % 3 == 0 ? static_cast<uint8_t>(random.bits()) : random.bits() % 2 == 0 ? 0 : 255;
  }
  int64_t bands[3] = {0, pixel_stride == 1 ? 0 : 1, pixel_stride == 1 ? 0 : 2};
  std::vector<float> levels(3 * 256);
  for (size_t i = 0; i < levels.size(); i++) {
    levels[i] = static_cast<float>(i);
  }
  clip4j::Axis column_axis = columns.axis();
  clip4j::Axis row_axis = rows.axis();
  std::vector<int32_t> packed_columns(static_cast<size_t>(size * 4 * column_axis.padded_taps));
  std::vector<int32_t> packed_rows(static_cast<size_t>(size * row_axis.padded_taps));
  report.kernels.pack_axis(column_axis, true, packed_columns.data());
  report.kernels.pack_axis(row_axis, false, packed_rows.data());
  int64_t ring_rows = 1;
  while (ring_rows < rows.most + 4) {
    ring_rows *= 2;
  }
  int64_t ring_stride = (4 * size + 63) / 64 * 64;
  int64_t unpacked_stride = 4 * (width + 4);
  Grid<uint8_t> ring(ring_rows, ring_stride);
  Grid<uint8_t> row(1, ring_stride);
  Grid<uint8_t> unpacked(4, unpacked_stride);
  Grid<float> planes(3 * size, size);
  report.kernels.resample({pixels.data(), pixels.data() + pixels.size(), width * pixel_stride, pixel_stride,
                           {bands[0], bands[1], bands[2]}, columns.first[0], columns.to, rows.to, column_axis, row_axis,
                           packed_columns.data(), packed_rows.data(), ring.data(), ring_rows, ring_stride, row.data(),
                           unpacked.data(), unpacked_stride, levels.data(), planes.data()});
  std::string what = checks::named("size", size) + checks::named("taps", most_taps) +
                     checks::named("pixel_stride", pixel_stride);
  report.compare(what, planes, [&](int64_t r, int64_t x) {
    int64_t channel = r / size;
    int64_t sample = rows.sum(r % size, [&](int64_t y) {
      return columns.sum(x, [&](int64_t from) {
        return pixels[static_cast<size_t>((y * width + from) * pixel_stride + bands[channel])];
      });
    });
    return Expected{static_cast<double>(channel * 256 + sample), 0};
  });
  report.guards(what + " ring", ring);
  report.guards(what + " row", row);
  report.guards(what + " unpacked", unpacked);
}

}  // namespace

CHECK(resample) {
  for (int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33}) {
    for (int64_t most_taps : {1, 2, 3, 4, 5, 8, 9, 13, 31}) {
      for (int64_t pixel_stride : {1, 3, 4}) {
        compare(report, size, most_taps, pixel_stride);
      }
    }
  }
}
