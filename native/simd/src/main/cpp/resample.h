// Resampling of 8-bit pixels to planes of floats in Pillow's fixed point (Resample.c): 22 bits behind the point, rounding
// and clamping to bytes after each direction. The same bits as org.clip4j.image.ByteResampler.
//
// A weight is split into 15 low bits and what is above, so that a pair of samples takes one multiplication of 16-bit
// numbers for each half: modulo 2^32 the sums of both, put together, are the sum of the whole products.
#pragma once

#include "kernels.h"
#include "vectors.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace CLIP4J_ISA {

// Pixels have 4 bytes, each with a lane of its own.
constexpr int PIXEL = 4;
constexpr int LANES = WIDTH < 8 ? WIDTH : 8;
// Taps of a vector: a pair of pixels in each group of 4 lanes.
constexpr int STEP = LANES / 2;
// Rows that share the loading of weights.
constexpr int ROWS = 4;
constexpr int LOW_BITS = 15;
constexpr int PRECISION_BITS = 22;  // Pillow's PRECISION_BITS, 32 - 8 - 2

typedef int32_t Sums __attribute__((vector_size(LANES * 4)));
typedef int32_t UnalignedSums __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint8_t Bytes __attribute__((vector_size(LANES)));
typedef uint8_t UnalignedBytes __attribute__((vector_size(LANES), aligned(1), may_alias));

// Intrinsics where a compiler makes single bytes of the conversion.
INLINE Sums load_bytes(const uint8_t* from) {
#if defined(__AVX2__)
  return reinterpret_cast<Sums>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#elif defined(__SSE2__)
  int32_t bytes;
  memcpy(&bytes, from, LANES);
  __m128i words = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), _mm_setzero_si128());
  return reinterpret_cast<Sums>(_mm_unpacklo_epi16(words, _mm_setzero_si128()));
#else
  return __builtin_convertvector(*reinterpret_cast<const UnalignedBytes*>(from), Sums);
#endif
}

// 16-bit samples of two pixels in each lane: taps g and g + STEP / 2 in group g of lanes.
INLINE Sums load_taps(const uint8_t* from) {
#if defined(__AVX2__)
  const __m256i pairs = _mm256_setr_epi8(0, -1, 8, -1, 1, -1, 9, -1, 2, -1, 10, -1, 3, -1, 11, -1,  //
                                         4, -1, 12, -1, 5, -1, 13, -1, 6, -1, 14, -1, 7, -1, 15, -1);
  __m128i pixels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return reinterpret_cast<Sums>(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(pixels), pairs));
#else
  return load_bytes(from) | load_bytes(from + LANES) << 16;
#endif
}

// In each lane the sum of both products of 16-bit numbers.
INLINE Sums multiply_pairs(Sums a, Sums b) {
#if defined(__AVX2__)
  return reinterpret_cast<Sums>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<Sums>(_mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
}

INLINE Sums load_weights(const int32_t* from) {
  return *reinterpret_cast<const UnalignedSums*>(from);
}

// What a sum comes to, before it is clamped to a byte.
INLINE Sums whole(Sums low, Sums high) {
  return ((high << LOW_BITS) + low + (1 << (PRECISION_BITS - 1))) >> PRECISION_BITS;
}

INLINE void store_clamped(uint8_t* to, Sums value) {
#if defined(__AVX2__)
  __m256i all = reinterpret_cast<__m256i>(value);
  __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
#elif defined(__SSE2__)
  __m128i words = _mm_packs_epi32(reinterpret_cast<__m128i>(value), reinterpret_cast<__m128i>(value));
  int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  memcpy(to, &bytes, LANES);
#else
  Sums positive = value & (value > 0);
  Sums over = positive > 255;
  *reinterpret_cast<UnalignedBytes*>(to) = __builtin_convertvector((positive & ~over) | (over & 255), Bytes);
#endif
}

// A pixel from the sums of its groups of lanes.
INLINE void store_pixel(uint8_t* to, Sums low, Sums high) {
#if defined(__AVX2__)
  __m256i both = reinterpret_cast<__m256i>((high << LOW_BITS) + low);
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (PRECISION_BITS - 1))), PRECISION_BITS);
  sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
  int32_t pixel = _mm_cvtsi128_si32(sum);
  memcpy(to, &pixel, PIXEL);
#else
  static_assert(LANES == PIXEL, "one group of lanes");
  store_clamped(to, whole(low, high));
#endif
}

// Weights of two taps for multiply_pairs.
INLINE int32_t low_pair(int32_t first, int32_t second) {
  const int32_t mask = (1 << LOW_BITS) - 1;
  return (first & mask) | static_cast<int32_t>(static_cast<uint32_t>(second & mask) << 16);
}

INLINE int32_t high_pair(int32_t first, int32_t second) {
  return ((first >> LOW_BITS) & 0xFFFF) | static_cast<int32_t>(static_cast<uint32_t>(second >> LOW_BITS) << 16);
}

// Columns: for each output and vector of taps LANES low pairs, LANES high ones. Rows: for each output and pair of taps the
// low pair, the high one. Taps that an output does not have weigh nothing.
static void pack_axis(const clip4j::Axis& axis, bool columns, int32_t* packed) {
  for (int64_t o = 0; o < axis.count; o++) {
    const int32_t* weights = axis.weights + axis.start[o];
    auto weight = [&](int64_t tap) { return tap < axis.taps[o] ? weights[tap] : 0; };
    int64_t step = columns ? STEP : 2;
    for (int64_t tap = 0; tap < axis.padded_taps; tap += step) {
      for (int half = 0; half < 2; half++) {
        for (int64_t lane = 0; lane < (columns ? LANES : 1); lane++) {
          int64_t first = tap + lane / PIXEL;
          int64_t second = first + step / 2;
          *packed++ = half == 0 ? low_pair(weight(first), weight(second)) : high_pair(weight(first), weight(second));
        }
      }
    }
  }
}

// Pixels of one row as 4 bytes each, from the first column that is needed on: in place where they are and may be read a
// vector beyond the end, else copied.
INLINE const uint8_t* unpack(const clip4j::Resampling& call, int64_t y, uint8_t* unpacked) {
  const uint8_t* row = call.pixels + y * call.row_stride + call.from_column * call.pixel_stride;
  int64_t count = call.to_column - call.from_column;
  if (call.pixel_stride == PIXEL) {
    if (row + (count + STEP) * PIXEL <= call.end) {
      return row;
    }
    // The last pixel may end with its last sample.
    int64_t bytes = call.end - row < count * PIXEL ? call.end - row : count * PIXEL;
    memcpy(unpacked, row, static_cast<size_t>(bytes));
    return unpacked;
  }
  if (call.pixel_stride == 1) {
    for (int64_t x = 0; x < count; x++) {
      uint32_t gray = row[x] * 0x01010101u;
      memcpy(unpacked + x * PIXEL, &gray, PIXEL);
    }
    return unpacked;
  }
  for (int64_t x = 0; x < count - 1; x++) {
    memcpy(unpacked + x * PIXEL, row + x * 3, PIXEL);
  }
  memcpy(unpacked + (count - 1) * PIXEL, row + (count - 1) * 3, 3);
  return unpacked;
}

// Rows from y on, horizontally, into the ring.
static void resample_columns(const clip4j::Resampling& call, int64_t y, int64_t count) {
  const uint8_t* from[ROWS];
  uint8_t* to[ROWS];
  for (int64_t r = 0; r < ROWS; r++) {
    // Where there are fewer rows, the last is computed more than once.
    int64_t row = y + (r < count ? r : count - 1);
    from[r] = unpack(call, row, call.unpacked + (row - y) * call.unpacked_stride);
    to[r] = call.ring + (row & (call.ring_rows - 1)) * call.ring_stride;
  }
  int64_t weights_per_output = call.columns.padded_taps * PIXEL;
  for (int64_t o = 0; o < call.columns.count; o++) {
    const int32_t* weights = call.packed_columns + o * weights_per_output;
    int64_t at = (call.columns.first[o] - call.from_column) * PIXEL;
    Sums low[ROWS] = {};
    Sums high[ROWS] = {};
    for (int64_t tap = 0; tap < call.columns.taps[o]; tap += STEP) {
      Sums low_weights = load_weights(weights);
      Sums high_weights = load_weights(weights + LANES);
      for (int r = 0; r < ROWS; r++) {
        Sums pixels = load_taps(from[r] + at);
        low[r] += multiply_pairs(pixels, low_weights);
        high[r] += multiply_pairs(pixels, high_weights);
      }
      weights += 2 * LANES;
      at += STEP * PIXEL;
    }
    for (int r = 0; r < ROWS; r++) {
      store_pixel(to[r] + o * PIXEL, low[r], high[r]);
    }
  }
}

// Output o of the rows, from the ring.
static void resample_rows(const clip4j::Resampling& call, int64_t o) {
  constexpr int VECTORS = 4;
  const int32_t* all_weights = call.packed_rows + o * call.rows.padded_taps;
  int64_t first = call.rows.first[o];
  for (int64_t x = 0; x < call.columns.count * PIXEL; x += VECTORS * LANES) {
    const int32_t* weights = all_weights;
    Sums low[VECTORS] = {};
    Sums high[VECTORS] = {};
    for (int64_t tap = 0; tap < call.rows.taps[o]; tap += 2) {
      const uint8_t* upper = call.ring + ((first + tap) & (call.ring_rows - 1)) * call.ring_stride + x;
      const uint8_t* lower = call.ring + ((first + tap + 1) & (call.ring_rows - 1)) * call.ring_stride + x;
      Sums low_weights = Sums{} + weights[0];
      Sums high_weights = Sums{} + weights[1];
      for (int v = 0; v < VECTORS; v++) {
        Sums pixels = load_bytes(upper + v * LANES) | load_bytes(lower + v * LANES) << 16;
        low[v] += multiply_pairs(pixels, low_weights);
        high[v] += multiply_pairs(pixels, high_weights);
      }
      weights += 2;
    }
    for (int v = 0; v < VECTORS; v++) {
      store_clamped(call.row + x + v * LANES, whole(low[v], high[v]));
    }
  }
}

static void resample(const clip4j::Resampling& call) {
  int64_t size = call.columns.count;
  int64_t ready = call.rows.first[0];
  for (int64_t o = 0; o < size; o++) {
    for (int64_t until = call.rows.first[o] + call.rows.taps[o]; ready < until;) {
      int64_t count = call.to_row - ready < ROWS ? call.to_row - ready : ROWS;
      resample_columns(call, ready, count);
      ready += count;
    }
    resample_rows(call, o);
    for (int64_t channel = 0; channel < 3; channel++) {
      const float* levels = call.levels + channel * 256;
      const uint8_t* samples = call.row + call.bands[channel];
      float* plane = call.planes + (channel * size + o) * size;
      for (int64_t x = 0; x < size; x++) {
        plane[x] = levels[samples[x * PIXEL]];
      }
    }
  }
}

}  // namespace CLIP4J_ISA
