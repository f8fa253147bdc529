// Rows passed by queries: what may be among the k nearest is scored anew at once, everything else is forgotten.
//
// A product in f32 only chooses. Its row is scored in double precision, in the order of org.clip4j.kernels.cpu.RowMath,
// when it is not below the query's limit: the k-th score so far, less what rounding can do. So neither the order of rows nor
// that of a sum can be seen in the result.
//
// Few queries are a pass over memory, in several streams: prefetchers follow each, and one alone does not fill a core's
// share of the bandwidth. Many queries are packed in panels as the weights of a layer are (linear.h), and their products
// are compared while they are in registers.
#pragma once

#include "codes.h"

namespace CLIP4J_ISA {

// Rows of a stream that the next queries find in the level-2 cache.
constexpr int64_t STREAM_ROWS = 8;
// Queries whose sums share a row's registers: with the streams 12 sums, 3 queries and a row in 16 registers.
constexpr int GROUP = 3;

// The products of a row of each stream with some queries.
template <int QUERIES, typename T>
INLINE void stream_products(const clip4j::Search& call, int64_t query, const T* row, int64_t stream_stride,
                            float (&products)[QUERIES][STREAMS]) {
  // One query alone has too few sums to hide the latency of an addition.
  constexpr int CHAINS = QUERIES == 1 ? 2 : 1;
  F sums[QUERIES][STREAMS][CHAINS] = {};
  const float* x = call.x + query * call.x_stride;
  int64_t whole = call.width / (CHAINS * WIDTH) * (CHAINS * WIDTH);
  for (int64_t k = 0; k < whole; k += CHAINS * WIDTH) {
#pragma GCC unroll 2
    for (int c = 0; c < CHAINS; c++) {
      F q[QUERIES];
#pragma GCC unroll 4
      for (int i = 0; i < QUERIES; i++) {
        q[i] = load(x + i * call.x_stride + k + c * WIDTH);
      }
#pragma GCC unroll 8
      for (int s = 0; s < STREAMS; s++) {
        F values = load_row(row + s * stream_stride + k + c * WIDTH);
#pragma GCC unroll 4
        for (int i = 0; i < QUERIES; i++) {
          sums[i][s][c] += q[i] * values;
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < QUERIES; i++) {
#pragma GCC unroll 8
    for (int s = 0; s < STREAMS; s++) {
      products[i][s] = sum(CHAINS == 1 ? sums[i][s][0] : sums[i][s][0] + sums[i][s][CHAINS - 1]);
      for (int64_t k = whole; k < call.width; k++) {
        products[i][s] += x[i * call.x_stride + k] * element(row + s * stream_stride + k);
      }
    }
  }
}

// A stretch of rows of each stream, for some queries.
template <int QUERIES, typename T>
static void stream_stretch(const clip4j::Search& call, int64_t query, int64_t from, int64_t to, int64_t stream_rows) {
  const float* limits = limits_of(call) + query;
  for (int64_t row = from; row < to; row++) {
    float products[QUERIES][STREAMS];
    stream_products<QUERIES, T>(call, query, static_cast<const T*>(call.rows) + row * call.width,
                                stream_rows * call.width, products);
    for (int i = 0; i < QUERIES; i++) {
      for (int s = 0; s < STREAMS; s++) {
        if (!(products[i][s] < limits[i])) {
          consider(call, query + i, row + s * stream_rows);
        }
      }
    }
  }
}

template <typename T>
static void stream_rows(const clip4j::Search& call) {
  int64_t each = call.row_count / STREAMS;
  for (int64_t from = 0; from < each; from += STREAM_ROWS) {
    int64_t to = smaller(each, from + STREAM_ROWS);
    int64_t query = 0;
    for (; query + GROUP <= call.queries; query += GROUP) {
      stream_stretch<GROUP, T>(call, query, from, to, each);
    }
    if (call.queries - query == 2) {
      stream_stretch<2, T>(call, query, from, to, each);
    } else if (call.queries - query == 1) {
      stream_stretch<1, T>(call, query, from, to, each);
    }
  }
}

template <int ROWS>
static __attribute__((noinline)) void search_tile(const clip4j::Search& call, const float* x, int64_t row,
                                                  const float* panel, int64_t query) {
  F sums[ROWS][TILE_VECTORS] = {};
  multiply_tile<ROWS>(x, call.width, panel, call.width, sums);
  const float* limits = limits_of(call) + query;
  I near = {};
#pragma GCC unroll 4
  for (int v = 0; v < TILE_VECTORS; v++) {
    F limit = load(limits + v * WIDTH);
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      near |= ~(sums[r][v] < limit);
    }
  }
  if (any(near)) {
    float products[ROWS * PANEL];
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < TILE_VECTORS; v++) {
        store(products + r * PANEL + v * WIDTH, sums[r][v]);
      }
    }
    look_at_tile(call, products, row, ROWS, query);
  }
}

template <int ROWS = TILE_ROWS>
INLINE void search_tile_of(int64_t rows, const clip4j::Search& call, const float* x, int64_t row, const float* panel,
                           int64_t query) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS) {
      search_tile<ROWS>(call, x, row, panel, query);
    } else {
      search_tile_of<ROWS - 1>(rows, call, x, row, panel, query);
    }
  }
}

INLINE const float* widen_rows(const clip4j::Search&, const float* rows, int64_t) {
  return rows;
}

template <typename T>
INLINE const float* widen_rows(const clip4j::Search& call, const T* rows, int64_t count) {
  float* wide = wide_rows_of(call);
  int64_t values = count * call.width;
  int64_t i = 0;
  for (; i + WIDTH <= values; i += WIDTH) {
    store(wide + i, load_row(rows + i));
  }
  for (; i < values; i++) {
    wide[i] = element(rows + i);
  }
  return wide;
}

template <typename T>
static void panel_rows(const clip4j::Search& call) {
  const T* rows = static_cast<const T*>(call.rows);
  int64_t block = block_rows(call.width);
  for (int64_t top = 0; top < call.row_count; top += block) {
    int64_t count = smaller(block, call.row_count - top);
    const float* x = widen_rows(call, rows + top * call.width, count);
    int64_t tiles = divide_up(count, TILE_ROWS);
    for (int64_t query = 0; query < call.queries; query += PANEL) {
      const float* panel = panels_of(call) + query * call.width;
      for (int64_t t = 0; t < tiles; t++) {
        int64_t from = count * t / tiles;
        int64_t to = count * (t + 1) / tiles;
        search_tile_of(to - from, call, x + from * call.width, top + from, panel, query);
      }
    }
  }
}

template <typename T>
static void search_of(const clip4j::Search& call) {
  if (call.queries > FEW_QUERIES) {
    panel_rows<T>(call);
    return;
  }
  stream_rows<T>(call);
  consider_rest(call);
}

static void search(const clip4j::Search& call) {
  if (call.codes != nullptr) {
    search_codes(call);
    return;
  }
  switch (call.type) {
    case clip4j::Type::F32:
      search_of<float>(call);
      break;
    case clip4j::Type::F16:
      search_of<F16>(call);
      break;
    default:
      search_of<Bf16>(call);
  }
}

static void pack_queries(const clip4j::Search& call) {
  for (int64_t q = 0; q < padded_queries(call.queries); q++) {
    float* column = panels_of(call) + q / PANEL * PANEL * call.width + q % PANEL;
    for (int64_t k = 0; k < call.width; k++) {
      column[k * PANEL] = q < call.queries ? call.x[q * call.x_stride + k] : 0;
    }
  }
}

// Empties the lists, and packs queries when they are many.
static void begin_search(const clip4j::Search& call) {
  float* limits = limits_of(call);
  for (int64_t q = 0; q < padded_queries(call.queries); q++) {
    limits[q] = q < call.queries ? -__builtin_inff() : __builtin_inff();
  }
  for (int64_t i = 0; i < call.queries * call.k; i++) {
    call.keys[i] = clip4j::NO_KEY;
  }
  if (call.queries > FEW_QUERIES && call.x_codes != nullptr) {
    pack_query_codes(call);
  } else if (call.queries > FEW_QUERIES) {
    pack_queries(call);
  }
}

}  // namespace CLIP4J_ISA
