// What may be near a query is scored in double precision and put into its list.
#pragma once

#include "packing.h"

namespace CLIP4J_ISA {

// Up to so many queries, rows are passed by in streams.
constexpr int64_t FEW_QUERIES = 8;
constexpr int STREAMS = 4;
// Bytes of rows that are passed again for each panel: fit a level-2 cache of 512 kB.
constexpr int64_t BLOCK_BYTES = 192 << 10;
// RowMath.BLOCK: sums of so many products are sums of their own.
constexpr int64_t EXACT_BLOCK = 1024;

typedef double Four __attribute__((vector_size(32)));

INLINE int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

INLINE int64_t padded_queries(int64_t queries) {
  return divide_up(queries, PANEL) * PANEL;
}

INLINE int64_t block_rows(int64_t width) {
  int64_t rows = BLOCK_BYTES / (width * static_cast<int64_t>(sizeof(float)));
  return rows < TILE_ROWS ? TILE_ROWS : rows / TILE_ROWS * TILE_ROWS;
}

// Limits, what queries' codes are worth and can add, queries in panels, and rows made wide.
static int64_t search_scratch(int64_t queries, int64_t width) {
  return padded_queries(queries) * (3 + width) + block_rows(width) * width;
}

INLINE float* limits_of(const clip4j::Search& call) {
  return static_cast<float*>(call.scratch);
}

INLINE float* worths_of(const clip4j::Search& call) {
  return limits_of(call) + padded_queries(call.queries);
}

INLINE float* reaches_of(const clip4j::Search& call) {
  return worths_of(call) + padded_queries(call.queries);
}

INLINE float* panels_of(const clip4j::Search& call) {
  return reaches_of(call) + padded_queries(call.queries);
}

INLINE float* wide_rows_of(const clip4j::Search& call) {
  return panels_of(call) + padded_queries(call.queries) * call.width;
}

INLINE float element(const float* from) {
  return *from;
}

struct Bf16 {
  uint16_t bits;
};

struct F16 {
  uint16_t bits;
};

INLINE float element(const Bf16* from) {
  return bf16_value(from->bits);
}

INLINE float element(const F16* from) {
  return f16_to_f32(from->bits);
}

INLINE F load_row(const float* from) {
  return load(from);
}

INLINE F load_row(const Bf16* from) {
  return load_bf16(&from->bits);
}

INLINE F load_row(const F16* from) {
  return load_f16(&from->bits);
}

// Of a row with a query.
template <typename T>
static double exact(const float* query, const T* row, int64_t width) {
  double sum = 0;
  for (int64_t at = 0; at < width; at += EXACT_BLOCK) {
    int64_t length = smaller(EXACT_BLOCK, width - at);
    Four sums = {};
    int64_t i = 0;
    for (; i + 3 < length; i += 4) {
      Quad a = *reinterpret_cast<const UnalignedQuad*>(query + at + i);
      Quad b = {element(row + at + i), element(row + at + i + 1), element(row + at + i + 2), element(row + at + i + 3)};
      sums += __builtin_convertvector(a, Four) * __builtin_convertvector(b, Four);
    }
    double first = sums[0];
    for (; i < length; i++) {
      first += static_cast<double>(query[at + i]) * static_cast<double>(element(row + at + i));
    }
    sum += first + sums[1] + (sums[2] + sums[3]);
  }
  return sum;
}

// org.clip4j.kernels.cpu.NearestKeys
INLINE int64_t key_of(float score, int64_t row) {
  float number = score == score ? score + 0.0f : -__builtin_inff();
  int32_t bits;
  memcpy(&bits, &number, sizeof bits);
  int32_t ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF);
  return static_cast<int64_t>((static_cast<uint64_t>(static_cast<uint32_t>(ordered)) << 32) |
                              static_cast<uint32_t>(~static_cast<uint32_t>(row)));
}

INLINE float score_of(int64_t key) {
  int32_t ordered = static_cast<int32_t>(key >> 32);
  int32_t bits = ordered ^ ((ordered >> 31) & 0x7FFFFFFF);
  float score;
  memcpy(&score, &bits, sizeof score);
  return score;
}

// The next float below; -infinity and what is no number stay.
INLINE float next_down(float x) {
  if (x != x || x == -__builtin_inff()) {
    return x;
  }
  if (x == 0) {
    return -0x1p-149f;
  }
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits += bits < 0 ? 1 : -1;
  memcpy(&x, &bits, sizeof bits);
  return x;
}

static double score(const clip4j::Search& call, int64_t query, int64_t row) {
  const float* x = call.x + query * call.x_stride;
  int64_t first = row * call.width;
  switch (call.type) {
    case clip4j::Type::F32:
      return exact(x, static_cast<const float*>(call.rows) + first, call.width);
    case clip4j::Type::F16:
      return exact(x, static_cast<const F16*>(call.rows) + first, call.width);
    default:
      return exact(x, static_cast<const Bf16*>(call.rows) + first, call.width);
  }
}

// Scores a row for a query, and puts it into the list when it is near enough.
static __attribute__((noinline)) void consider(const clip4j::Search& call, int64_t query, int64_t row) {
  int64_t key = key_of(static_cast<float>(score(call, query, row)), call.first_row + row);
  int64_t* keys = call.keys + query * call.k;
  int64_t at = call.k - 1;
  if (key <= keys[at]) {
    return;
  }
  for (; at > 0 && keys[at - 1] < key; at--) {
    keys[at] = keys[at - 1];
  }
  keys[at] = key;
  if (keys[call.k - 1] != clip4j::NO_KEY) {
    double limit = static_cast<double>(score_of(keys[call.k - 1])) - call.margins[query];
    limits_of(call)[query] = next_down(static_cast<float>(limit));
  }
}

// Too few rows for streams.
static void consider_rest(const clip4j::Search& call) {
  for (int64_t row = call.row_count / STREAMS * STREAMS; row < call.row_count; row++) {
    for (int64_t query = 0; query < call.queries; query++) {
      consider(call, query, row);
    }
  }
}

// Looks at a tile's products one by one.
static __attribute__((noinline)) void look_at_tile(const clip4j::Search& call, const float* products, int64_t row,
                                                   int64_t rows, int64_t query) {
  int64_t queries = smaller(PANEL, call.queries - query);
  for (int64_t q = 0; q < queries; q++) {
    for (int64_t r = 0; r < rows; r++) {
      // What is no number is looked at, too.
      if (!(products[r * PANEL + q] < limits_of(call)[query + q])) {
        consider(call, query + q, row + r);
      }
    }
  }
}

INLINE bool any(I condition) {
  uint64_t parts[sizeof condition / sizeof(uint64_t)];
  memcpy(parts, &condition, sizeof condition);
  uint64_t all = 0;
  for (uint64_t part : parts) {
    all |= part;
  }
  return all != 0;
}

}  // namespace CLIP4J_ISA
