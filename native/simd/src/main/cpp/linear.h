// Products with weights that were packed: panels of PANEL columns, in which the weights of one input lie side by side.
//
// A tile of TILE_ROWS x PANEL sums stays in registers while it runs down a block of the depth. Panels are cut by depth too,
// [depth blocks][panels][depth of the block][PANEL], so that a panel's block stays in the level-1 cache for all rows, and
// is read from memory once, in order.
#pragma once

#include "functions.h"
#include "kernels.h"

namespace CLIP4J_ISA {

// Depth of a block: with the PANEL columns of AVX2 and NEON it fills half of a level-1 cache of 32 kB, with those of
// AVX-512 all of it: a whole tile takes 9 bytes of it per cycle at most, which the level-2 cache delivers as well.
constexpr int64_t DEPTH_BLOCK = 256;
// Bytes of x that are passed again for each panel: fit a level-2 cache of 512 kB beside the panels.
constexpr int64_t X_BYTES = 256 << 10;

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

// Puts a vector of a tile in its place. The sums of a block are added to those of the blocks before: shorter sums lose
// less in rounding than a long one.
INLINE void end_sum(const TileEdge& edge, int64_t row, int64_t column, F sum) {
  float* out = edge.out + row * edge.out_stride + column;
  F before = edge.add || !edge.first ? load(out) : F{};
  if (edge.first) {
    before += load(edge.bias + column);
  }
  F value = before + sum;
  store(out, edge.last && edge.activation == RELU ? activate(RELU, value) : value);
}

template <int ROWS>
INLINE void end_tile(const TileEdge& edge, F (&sums)[ROWS][TILE_VECTORS]) {
  const TileEdge own = edge;  // which no sum is stored into, as far as the compiler knows
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      end_sum(own, r, v * WIDTH, sums[r][v]);
    }
  }
}

// True when an activation follows the sums that is not applied to them: ReLU alone is short enough to be there for each
// of a tile's registers.
INLINE bool activates_after(const TileEdge& edge) {
  return edge.last && edge.activation != NONE && edge.activation != RELU;
}

// Once the sums are stored, so that the activations' code is there once.
static __attribute__((noinline)) void activate_tile(const TileEdge& edge, int64_t rows) {
  for (int64_t r = 0; r < rows; r++) {
    float* row = edge.out + r * edge.out_stride;
    for (int v = 0; v < TILE_VECTORS; v++) {
      store(row + v * WIDTH, activate(edge.activation, load(row + v * WIDTH)));
    }
  }
}

// The weights of one input.
template <int VECTORS>
INLINE void load_weights(const float* from, F (&w)[VECTORS]) {
#pragma GCC unroll 4
  for (int v = 0; v < VECTORS; v++) {
    w[v] = load(from + v * WIDTH);
  }
}

// Two vectors of bf16 lie in the lower and the upper halves of one, so that each needs but one instruction.
template <int VECTORS>
INLINE void load_weights(const uint16_t* from, F (&w)[VECTORS]) {
  static_assert(VECTORS % 2 == 0, "vectors come in pairs");
#pragma GCC unroll 2
  for (int v = 0; v < VECTORS; v += 2) {
    I both = *reinterpret_cast<const UnalignedI*>(from + v * WIDTH);
    w[v] = reinterpret_cast<F>(both << 16);
    w[v + 1] = reinterpret_cast<F>(both & static_cast<int32_t>(0xFFFF0000));
  }
}

// Brings the weights of one input to the level-2 cache.
template <typename Weight>
INLINE void prefetch_row(const Weight* from) {
  constexpr size_t LINE = 64;
  const char* bytes = reinterpret_cast<const char*>(from);
  for (size_t at = 0; at < PANEL * sizeof(Weight); at += LINE) {
    __builtin_prefetch(bytes + at, 0, 2);
  }
}

// With STREAMS what follows the weights in memory, as much as they are, is on its way when they are done.
template <int ROWS, int VECTORS = TILE_VECTORS, bool STREAMS = false, typename Weight = float>
INLINE void multiply_tile(const float* x, int64_t x_stride, const Weight* weights, int64_t depth,
                          F (&sums)[ROWS][VECTORS]) {
  for (int64_t k = 0; k < depth; k++) {
    F w[VECTORS];
    load_weights(weights + k * PANEL, w);
    if (STREAMS) {
      prefetch_row(weights + (depth + k) * PANEL);
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      F a = splat(x[r * x_stride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; v++) {
        sums[r][v] += a * w[v];
      }
    }
  }
}

template <int ROWS, typename Weight>
static __attribute__((noinline)) void tile(const float* x, int64_t x_stride, const Weight* weights, int64_t depth,
                                           const TileEdge& edge) {
  F sums[ROWS][TILE_VECTORS] = {};
  multiply_tile<ROWS, TILE_VECTORS, true>(x, x_stride, weights, depth, sums);
  end_tile<ROWS>(edge, sums);
}

// A tile of 1 to TILE_ROWS rows.
template <int ROWS = TILE_ROWS, typename Weight>
INLINE void tile_of(int64_t rows, const float* x, int64_t x_stride, const Weight* weights, int64_t depth,
                    const TileEdge& edge) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS) {
      tile<ROWS>(x, x_stride, weights, depth, edge);
    } else {
      tile_of<ROWS - 1>(rows, x, x_stride, weights, depth, edge);
    }
  }
}

// Computes a tile, at its place or, where columns of the last panel are missing, beside it.
template <typename Compute>
INLINE void place_tile(int64_t rows, const TileEdge& edge, Compute compute) {
  if (edge.columns >= PANEL) {
    compute(edge);
    if (activates_after(edge)) {
      activate_tile(edge, rows);
    }
    return;
  }
  float beside[TILE_ROWS * PANEL] = {};
  TileEdge own = edge;
  own.out = beside;
  own.out_stride = PANEL;
  own.columns = PANEL;
  size_t bytes = static_cast<size_t>(edge.columns) * sizeof(float);
  for (int64_t r = 0; r < rows; r++) {
    memcpy(beside + r * PANEL, edge.out + r * edge.out_stride, bytes);
  }
  compute(own);
  if (activates_after(own)) {
    activate_tile(own, rows);
  }
  for (int64_t r = 0; r < rows; r++) {
    memcpy(edge.out + r * edge.out_stride, beside + r * PANEL, bytes);
  }
}

INLINE int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Depth of a layer's blocks but for the last: about the same for all, as a shallow one costs a tile's end for little, and
// even, so that pairs are whole.
INLINE int64_t block_depth(int64_t depth, int64_t most) {
  int64_t blocks = divide_up(depth, most);
  return blocks == 0 ? most : divide_up(divide_up(depth, blocks), 2) * 2;
}

// Tiles of products in f32, of weights in f32 or bf16.
template <typename Stored>
struct FloatTiles {
  typedef float Input;
  typedef Stored Weight;
  static constexpr int64_t DEPTH = DEPTH_BLOCK;

  // Depth of a block as it is stored.
  INLINE int64_t stored(int64_t depth) {
    return depth;
  }

  INLINE void compute(const clip4j::Linear& call, int64_t, int64_t, int64_t rows, const Input* x, const Weight* block,
                      int64_t depth, const TileEdge& edge) {
    tile_of(rows, x, call.x_stride, block, depth, edge);
  }
};

template <typename Tiles>
static void linear_of(const clip4j::Linear& call) {
  const auto* x = static_cast<const typename Tiles::Input*>(call.x);
  const auto* weights = static_cast<const typename Tiles::Weight*>(call.weights);
  int64_t panels = divide_up(call.columns, PANEL);
  int64_t most = block_depth(call.depth, Tiles::DEPTH);
  int64_t block_rows = X_BYTES / (Tiles::DEPTH * static_cast<int64_t>(sizeof(typename Tiles::Input)));
  for (int64_t top = 0; top < call.rows; top += block_rows) {
    int64_t rows = call.rows - top < block_rows ? call.rows - top : block_rows;
    // Tiles of about the same number of rows: a low one wastes the latency of its few sums.
    int64_t tiles = divide_up(rows, TILE_ROWS);
    for (int64_t k = 0; k < call.depth; k += most) {
      int64_t depth = call.depth - k < most ? call.depth - k : most;
      for (int64_t panel = call.first_panel; panel < call.last_panel; panel++) {
        const auto* block = weights + (panels * k + panel * Tiles::stored(depth)) * PANEL;
        int64_t column = panel * PANEL;
        TileEdge edge = {call.bias + column, nullptr, call.out_stride, call.columns - column, call.activation,
                         k == 0, k + depth == call.depth, call.add};
        for (int64_t t = 0; t < tiles; t++) {
          int64_t from = top + rows * t / tiles;
          int64_t to = top + rows * (t + 1) / tiles;
          edge.out = call.out + from * call.out_stride + column;
          place_tile(to - from, edge, [&](const TileEdge& placed) {
            Tiles::compute(call, from, column, to - from, x + from * call.x_stride + k, block, depth, placed);
          });
        }
      }
    }
  }
}

}  // namespace CLIP4J_ISA
