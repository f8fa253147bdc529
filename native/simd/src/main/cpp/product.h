// Products of matrices that nothing was packed of: the right operand is packed on the way, block by block.
#pragma once

#include "packing.h"

namespace CLIP4J_ISA {

// Of the scratch, half holds columns of b, half rows of a that are transposed or scaled.
constexpr int64_t B_FLOATS = clip4j::PRODUCT_SCRATCH / 2;
constexpr int64_t A_ROWS = 240;

static_assert(A_ROWS * DEPTH_BLOCK <= clip4j::PRODUCT_SCRATCH - B_FLOATS, "rows of a fit the scratch");
static_assert(B_FLOATS >= DEPTH_BLOCK * PANEL, "a panel fits the scratch");

static void pack_b(const clip4j::Product& call, int64_t k, int64_t depth, int64_t column, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += PANEL) {
    int64_t count = columns - first < PANEL ? columns - first : PANEL;
    float* panel = to + first * depth;
    for (int64_t i = 0; i < depth; i++) {
      float* line = panel + i * PANEL;
      if (call.transpose_b) {
        for (int64_t c = 0; c < count; c++) {
          line[c] = call.b[(column + first + c) * call.b_stride + k + i];
        }
      } else {
        memcpy(line, call.b + (k + i) * call.b_stride + column + first, static_cast<size_t>(count) * sizeof(float));
      }
      for (int64_t c = count; c < PANEL; c++) {
        line[c] = 0;
      }
    }
  }
}

static void pack_a(const clip4j::Product& call, int64_t k, int64_t depth, int64_t row, int64_t rows, float* to) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < depth; i++) {
      int64_t at = call.transpose_a ? (k + i) * call.a_stride + row + r : (row + r) * call.a_stride + k + i;
      to[r * depth + i] = call.scale * call.a[at];
    }
  }
}

static void clear(const clip4j::Product& call) {
  for (int64_t r = 0; r < call.m && !call.add; r++) {
    memset(call.c + r * call.c_stride, 0, static_cast<size_t>(call.n) * sizeof(float));
  }
}

static void product(const clip4j::Product& call) {
  static const float no_bias[PANEL] = {};
  if (call.k == 0) {
    clear(call);
    return;
  }
  float* b = call.scratch;
  float* a = call.scratch + B_FLOATS;
  for (int64_t k = 0; k < call.k; k += DEPTH_BLOCK) {
    int64_t depth = call.k - k < DEPTH_BLOCK ? call.k - k : DEPTH_BLOCK;
    int64_t wide = B_FLOATS / depth / PANEL * PANEL;
    for (int64_t column = 0; column < call.n; column += wide) {
      int64_t columns = call.n - column < wide ? call.n - column : wide;
      pack_b(call, k, depth, column, columns, b);
      for (int64_t top = 0; top < call.m; top += A_ROWS) {
        int64_t rows = call.m - top < A_ROWS ? call.m - top : A_ROWS;
        pack_a(call, k, depth, top, rows, a);
        int64_t tiles = divide_up(rows, TILE_ROWS);
        for (int64_t first = 0; first < columns; first += PANEL) {
          TileEdge edge = {no_bias, nullptr, call.c_stride, columns - first, NONE, k == 0, false, call.add};
          for (int64_t t = 0; t < tiles; t++) {
            int64_t from = rows * t / tiles;
            int64_t to = rows * (t + 1) / tiles;
            edge.out = call.c + (top + from) * call.c_stride + column + first;
            place_tile(to - from, edge, [&](const TileEdge& placed) {
              tile_of(to - from, a + from * depth, depth, b + first * depth, depth, placed);
            });
          }
        }
      }
    }
  }
}

}  // namespace CLIP4J_ISA
