// Rows in 8 bits, with which queries in 16 are multiplied: sums are exact, and the row's own scale and the norm of what its
// codes lack tell how far the score can be above (org.clip4j.kernels.cpu.CodedRows). So the nearest rows are always among
// those that are scored.
#pragma once

#include "candidates.h"

namespace CLIP4J_ISA {

typedef int16_t S __attribute__((vector_size(WIDTH * 4)));
typedef int16_t UnalignedS __attribute__((vector_size(WIDTH * 4), aligned(2), may_alias));
typedef int8_t Codes __attribute__((vector_size(WIDTH * 2)));
typedef int8_t UnalignedCodes __attribute__((vector_size(WIDTH * 2), aligned(1), may_alias));

// Values of 16 bits in a vector, and codes of a step.
constexpr int CODE_STEP = 2 * WIDTH;
// Queries whose sums share a row's registers.
constexpr int CODED_GROUP = 2;

INLINE S load_shorts(const int16_t* from) {
  return *reinterpret_cast<const UnalignedS*>(from);
}

INLINE S load_codes(const int8_t* from) {
  Codes codes = *reinterpret_cast<const UnalignedCodes*>(from);
  return __builtin_convertvector(codes, S);
}

// Adds the sum of the products of each two neighbours.
INLINE I add_pairs(I sums, S a, S b) {
#if defined(__AVX512VNNI__)
  return reinterpret_cast<I>(_mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(a),
                                                 reinterpret_cast<__m512i>(b)));
#elif defined(__AVX512BW__)
  return sums + reinterpret_cast<I>(_mm512_madd_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return sums + reinterpret_cast<I>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return sums + reinterpret_cast<I>(_mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  I x = reinterpret_cast<I>(a);
  I y = reinterpret_cast<I>(b);
  return sums + (x << 16 >> 16) * (y << 16 >> 16) + (x >> 16) * (y >> 16);
#endif
}

INLINE int32_t total(I x) {
  int32_t result = 0;
  for (int i = 0; i < WIDTH; i++) {
    result += x[i];
  }
  return result;
}

// The most that a score can be.
INLINE float most(int32_t sum, const float* row_scales, const float* query_scales) {
  return static_cast<float>(sum) * (row_scales[0] * query_scales[0]) + row_scales[1] * query_scales[1];
}

template <int QUERIES>
INLINE void coded_sums(const clip4j::Search& call, int64_t query, const int8_t* row, int64_t stream_stride,
                       int32_t (&results)[QUERIES][STREAMS]) {
  I sums[QUERIES][STREAMS] = {};
  const int16_t* x = call.x_codes + query * call.width;
  int64_t whole = call.width / CODE_STEP * CODE_STEP;
  for (int64_t k = 0; k < whole; k += CODE_STEP) {
    S q[QUERIES];
#pragma GCC unroll 4
    for (int i = 0; i < QUERIES; i++) {
      q[i] = load_shorts(x + i * call.width + k);
    }
#pragma GCC unroll 8
    for (int s = 0; s < STREAMS; s++) {
      S codes = load_codes(row + s * stream_stride + k);
#pragma GCC unroll 4
      for (int i = 0; i < QUERIES; i++) {
        sums[i][s] = add_pairs(sums[i][s], codes, q[i]);
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < QUERIES; i++) {
#pragma GCC unroll 8
    for (int s = 0; s < STREAMS; s++) {
      results[i][s] = total(sums[i][s]);
      for (int64_t k = whole; k < call.width; k++) {
        results[i][s] += x[i * call.width + k] * row[s * stream_stride + k];
      }
    }
  }
}

// A stretch of rows of each stream, for some queries.
template <int QUERIES>
static void coded_stretch(const clip4j::Search& call, int64_t query, int64_t from, int64_t to, int64_t stream_rows) {
  const float* limits = limits_of(call) + query;
  for (int64_t row = from; row < to; row++) {
    int32_t sums[QUERIES][STREAMS];
    coded_sums<QUERIES>(call, query, call.codes + row * call.width, stream_rows * call.width, sums);
    for (int i = 0; i < QUERIES; i++) {
      for (int s = 0; s < STREAMS; s++) {
        int64_t at = row + s * stream_rows;
        if (!(most(sums[i][s], call.scales + 2 * at, call.x_scales + 2 * (query + i)) < limits[i])) {
          consider(call, query + i, at);
        }
      }
    }
  }
}

static void stream_codes(const clip4j::Search& call) {
  // Rows of a quarter of the size: as many bytes pass before the next queries come.
  constexpr int64_t STRETCH = 32;
  int64_t each = call.row_count / STREAMS;
  for (int64_t from = 0; from < each; from += STRETCH) {
    int64_t to = smaller(each, from + STRETCH);
    int64_t query = 0;
    for (; query + CODED_GROUP <= call.queries; query += CODED_GROUP) {
      coded_stretch<CODED_GROUP>(call, query, from, to, each);
    }
    if (query < call.queries) {
      coded_stretch<1>(call, query, from, to, each);
    }
  }
}

// Pairs of a row.
INLINE int64_t pairs(int64_t width) {
  return (width + 1) / 2;
}

template <int ROWS>
static __attribute__((noinline)) void coded_tile(const clip4j::Search& call, const int32_t* x, int64_t row,
                                                 const int32_t* panel, int64_t query) {
  int64_t depth = pairs(call.width);
  I sums[ROWS][TILE_VECTORS] = {};
  for (int64_t k = 0; k < depth; k++) {
    S w[TILE_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      w[v] = reinterpret_cast<S>(static_cast<I>(*reinterpret_cast<const UnalignedI*>(panel + k * PANEL + v * WIDTH)));
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      S a = reinterpret_cast<S>(x[r * depth + k] + I{});
#pragma GCC unroll 4
      for (int v = 0; v < TILE_VECTORS; v++) {
        sums[r][v] = add_pairs(sums[r][v], a, w[v]);
      }
    }
  }
  float products[ROWS * PANEL];
  I near = {};
#pragma GCC unroll 4
  for (int v = 0; v < TILE_VECTORS; v++) {
    F limit = load(limits_of(call) + query + v * WIDTH);
    F worth = load(worths_of(call) + query + v * WIDTH);
    F reach = load(reaches_of(call) + query + v * WIDTH);
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      const float* scales = call.scales + 2 * (row + r);
      F product = __builtin_convertvector(sums[r][v], F) * (scales[0] * worth) + scales[1] * reach;
      near |= ~(product < limit);
      store(products + r * PANEL + v * WIDTH, product);
    }
  }
  if (any(near)) {
    look_at_tile(call, products, row, ROWS, query);
  }
}

template <int ROWS = TILE_ROWS>
INLINE void coded_tile_of(int64_t rows, const clip4j::Search& call, const int32_t* x, int64_t row,
                          const int32_t* panel, int64_t query) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS) {
      coded_tile<ROWS>(call, x, row, panel, query);
    } else {
      coded_tile_of<ROWS - 1>(rows, call, x, row, panel, query);
    }
  }
}

// Codes as pairs of 16 bits, the last of an odd width with a zero.
static const int32_t* widen_codes(const clip4j::Search& call, int64_t first, int64_t count) {
  int64_t stride = 2 * pairs(call.width);
  int64_t whole = call.width / CODE_STEP * CODE_STEP;
  int16_t* wide = reinterpret_cast<int16_t*>(wide_rows_of(call));
  for (int64_t r = 0; r < count; r++) {
    const int8_t* from = call.codes + (first + r) * call.width;
    int16_t* to = wide + r * stride;
    for (int64_t k = 0; k < whole; k += CODE_STEP) {
      *reinterpret_cast<UnalignedS*>(to + k) = load_codes(from + k);
    }
    for (int64_t k = whole; k < stride; k++) {
      to[k] = k < call.width ? from[k] : 0;
    }
  }
  return reinterpret_cast<const int32_t*>(wide);
}

static void panel_codes(const clip4j::Search& call) {
  int64_t block = block_rows(call.width);
  int64_t depth = pairs(call.width);
  for (int64_t top = 0; top < call.row_count; top += block) {
    int64_t count = smaller(block, call.row_count - top);
    const int32_t* x = widen_codes(call, top, count);
    int64_t tiles = divide_up(count, TILE_ROWS);
    for (int64_t query = 0; query < call.queries; query += PANEL) {
      const int32_t* panel = reinterpret_cast<const int32_t*>(panels_of(call)) + query * depth;
      for (int64_t t = 0; t < tiles; t++) {
        int64_t from = count * t / tiles;
        int64_t to = count * (t + 1) / tiles;
        coded_tile_of(to - from, call, x + from * depth, top + from, panel, query);
      }
    }
  }
}

static void pack_query_codes(const clip4j::Search& call) {
  int64_t depth = pairs(call.width);
  int16_t* panels = reinterpret_cast<int16_t*>(panels_of(call));
  for (int64_t q = 0; q < padded_queries(call.queries); q++) {
    bool there = q < call.queries;
    worths_of(call)[q] = there ? call.x_scales[2 * q] : 0;
    reaches_of(call)[q] = there ? call.x_scales[2 * q + 1] : 0;
    int16_t* column = panels + 2 * (q / PANEL * PANEL * depth + q % PANEL);
    for (int64_t k = 0; k < 2 * depth; k++) {
      column[k / 2 * 2 * PANEL + k % 2] = there && k < call.width ? call.x_codes[q * call.width + k] : 0;
    }
  }
}

static void search_codes(const clip4j::Search& call) {
  if (call.queries > FEW_QUERIES) {
    panel_codes(call);
    return;
  }
  stream_codes(call);
  consider_rest(call);
}

}  // namespace CLIP4J_ISA
