// Products with weights that were packed: panels of PANEL columns, in which the weights of one input lie side by side.
//
// A tile of TILE_ROWS x PANEL sums stays in registers while it runs down a block of the depth. Panels are cut by depth too,
// [depth blocks][panels][depth of the block][PANEL], so that a panel's block stays in the level-1 cache for all rows, and
// is read from memory once, in order.
#pragma once

#include "functions.h"
#include "kernels.h"

namespace CLIP4J_ISA {

// Depth of a block: with PANEL columns it fills half of a level-1 cache of 32 kB.
constexpr int64_t DEPTH_BLOCK = 256;
// Bytes of x that are passed again for each panel: fit a level-2 cache of 512 kB beside the panels.
constexpr int64_t X_BYTES = 256 << 10;

INLINE F load_weights(const float* from) {
  return load(from);
}

INLINE F load_weights(const uint16_t* from) {
  return load_bf16(from);
}

// What a tile of sums begins and ends with.
struct TileEdge {
  const float* bias;     // of the panel
  float* out;
  int64_t out_stride;
  int64_t columns;       // from here to the end of the matrix; a panel of fewer than PANEL is not whole
  int activation;
  bool first;            // block of the depth
  bool last;
  bool add;
};

template <int ROWS>
INLINE void begin_tile(const TileEdge& edge, F (&sums)[ROWS][TILE_VECTORS]) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      F sum = edge.add || !edge.first ? load(edge.out + r * edge.out_stride + v * WIDTH) : F{};
      sums[r][v] = edge.first ? sum + load(edge.bias + v * WIDTH) : sum;
    }
  }
}

template <int ROWS>
INLINE void end_tile(const TileEdge& edge, F (&sums)[ROWS][TILE_VECTORS]) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      store(edge.out + r * edge.out_stride + v * WIDTH, sums[r][v]);
    }
  }
}

// Once the sums are stored, so that the activations' code is there once, and not for each of a tile's registers.
static __attribute__((noinline)) void activate_tile(const TileEdge& edge, int64_t rows) {
  for (int64_t r = 0; r < rows; r++) {
    float* row = edge.out + r * edge.out_stride;
    for (int v = 0; v < TILE_VECTORS; v++) {
      store(row + v * WIDTH, activate(edge.activation, load(row + v * WIDTH)));
    }
  }
}

template <int ROWS, typename W>
INLINE void multiply_tile(const float* x, int64_t x_stride, const W* weights, int64_t depth,
                          F (&sums)[ROWS][TILE_VECTORS]) {
  for (int64_t k = 0; k < depth; k++) {
    F w[TILE_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      w[v] = load_weights(weights + k * PANEL + v * WIDTH);
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      F a = splat(x[r * x_stride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < TILE_VECTORS; v++) {
        sums[r][v] += a * w[v];
      }
    }
  }
}

template <int ROWS, typename W>
static __attribute__((noinline)) void tile(const float* x, int64_t x_stride, const W* weights, int64_t depth,
                                           const TileEdge& edge) {
  F sums[ROWS][TILE_VECTORS];
  begin_tile<ROWS>(edge, sums);
  multiply_tile<ROWS, W>(x, x_stride, weights, depth, sums);
  end_tile<ROWS>(edge, sums);
}

template <typename W, int ROWS = TILE_ROWS>
INLINE void whole_tile(int64_t rows, const float* x, int64_t x_stride, const W* weights, int64_t depth,
                       const TileEdge& edge) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS) {
      tile<ROWS, W>(x, x_stride, weights, depth, edge);
    } else {
      whole_tile<W, ROWS - 1>(rows, x, x_stride, weights, depth, edge);
    }
  }
  if (ROWS == TILE_ROWS && edge.last && edge.activation != NONE) {
    activate_tile(edge, rows);
  }
}

// A tile of the last panel, of which some columns are missing, is computed beside the output.
template <typename W>
static void narrow_tile(int64_t rows, const float* x, int64_t x_stride, const W* weights, int64_t depth,
                        const TileEdge& edge) {
  float beside[TILE_ROWS * PANEL] = {};
  size_t bytes = static_cast<size_t>(edge.columns) * sizeof(float);
  for (int64_t r = 0; r < rows; r++) {
    memcpy(beside + r * PANEL, edge.out + r * edge.out_stride, bytes);
  }
  TileEdge own = edge;
  own.out = beside;
  own.out_stride = PANEL;
  whole_tile<W>(rows, x, x_stride, weights, depth, own);
  for (int64_t r = 0; r < rows; r++) {
    memcpy(edge.out + r * edge.out_stride, beside + r * PANEL, bytes);
  }
}

template <typename W>
INLINE void any_tile(int64_t rows, const float* x, int64_t x_stride, const W* weights, int64_t depth,
                     const TileEdge& edge) {
  if (edge.columns < PANEL) {
    narrow_tile<W>(rows, x, x_stride, weights, depth, edge);
  } else {
    whole_tile<W>(rows, x, x_stride, weights, depth, edge);
  }
}

INLINE int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

template <typename W>
static void linear_of(const clip4j::Linear& call) {
  const float* x = static_cast<const float*>(call.x);
  const W* weights = static_cast<const W*>(call.weights);
  int64_t panels = divide_up(call.columns, PANEL);
  int64_t block_rows = X_BYTES / (DEPTH_BLOCK * static_cast<int64_t>(sizeof(float)));
  for (int64_t top = 0; top < call.rows; top += block_rows) {
    int64_t rows = call.rows - top < block_rows ? call.rows - top : block_rows;
    // Tiles of about the same number of rows: a low one wastes the latency of its few sums.
    int64_t tiles = divide_up(rows, TILE_ROWS);
    for (int64_t k = 0; k < call.depth; k += DEPTH_BLOCK) {
      int64_t depth = call.depth - k < DEPTH_BLOCK ? call.depth - k : DEPTH_BLOCK;
      for (int64_t panel = call.first_panel; panel < call.last_panel; panel++) {
        const W* block = weights + (panels * k + panel * depth) * PANEL;
        int64_t column = panel * PANEL;
        TileEdge edge = {call.bias + column,  nullptr, call.out_stride, call.columns - column, call.activation,
                         k == 0, k + depth == call.depth, call.add};
        for (int64_t t = 0; t < tiles; t++) {
          int64_t from = top + rows * t / tiles;
          int64_t to = top + rows * (t + 1) / tiles;
          edge.out = call.out + from * call.out_stride + column;
          any_tile<W>(to - from, x + from * call.x_stride + k, call.x_stride, block, depth, edge);
        }
      }
    }
  }
}

static void linear(const clip4j::Linear& call) {
  if (call.form == clip4j::Form::BF16) {
    linear_of<uint16_t>(call);
  } else {
    linear_of<float>(call);
  }
}

}  // namespace CLIP4J_ISA
