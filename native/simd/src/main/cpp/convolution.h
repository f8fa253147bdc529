// Convolutions: layers whose rows are patches of images, which are read where they lie.
//
// A patch is made of runs of values that adjoin: of a channels-last image a row of its pixels, of a channels-first one a
// row of one channel. Where a patch of a tile touches the padding, the tile's runs are pixels instead, and those that are
// not there are read from zeros.
#pragma once

#include "linear.h"

namespace CLIP4J_ISA {

// Rows whose patches are found before the products begin.
constexpr int64_t PATCH_ROWS = X_BYTES / (DEPTH_BLOCK * static_cast<int64_t>(sizeof(float)));

// Where a patch begins.
struct Patch {
  int64_t corner;        // element of the images; before them where the padding is
  int32_t top;           // line of its image
  int32_t left;
};

// The patches of some rows, and for each of their tiles whether all of it lies inside the images.
struct PatchBlock {
  Patch patches[PATCH_ROWS];
  bool inside[PATCH_ROWS];
};

// A part of a patch: values that adjoin, of one line of the kernel.
struct Run {
  int64_t offset;        // elements from the patch's corner
  int32_t down;          // lines from the patch's top
  int32_t right;
  int64_t depth;
};

// The runs that a block of the depth consists of.
struct RunList {
  Run runs[DEPTH_BLOCK];
  int64_t count;
};

static const float PADDING[DEPTH_BLOCK] = {};

// Runs of so many pixels of the kernel, all of a line or one.
static void find_runs(const clip4j::Images& images, int64_t pixels, int64_t k, int64_t depth, RunList& list) {
  int64_t pixel = images.channels_last ? images.channels : 1;  // values of a pixel that adjoin
  int64_t run = pixels * pixel;
  int64_t runs_of_line = images.kernel / pixels;
  list.count = 0;
  while (depth > 0) {
    int64_t number = k / run;
    int64_t within = k % run;
    int64_t count = run - within < depth ? run - within : depth;
    int64_t right = number % runs_of_line * pixels;
    int64_t line = number / runs_of_line;
    int64_t down = line % images.kernel;
    int64_t channel = line / images.kernel;  // 0 where the image's lines hold them all
    list.runs[list.count++] = {((channel * images.height + down) * images.width + right) * pixel + within,
                               static_cast<int32_t>(down), static_cast<int32_t>(right), count};
    k += count;
    depth -= count;
  }
}

static void find_patches(const clip4j::Images& images, int64_t row, int64_t rows, int64_t tiles, PatchBlock& block) {
  int64_t pixel = images.channels_last ? images.channels : 1;
  int64_t column = row % images.out_width;
  int64_t line = row / images.out_width % images.out_height;
  int64_t image = row / images.out_width / images.out_height;
  for (int64_t t = 0; t < tiles; t++) {
    block.inside[t] = true;
    for (int64_t r = rows * t / tiles; r < rows * (t + 1) / tiles; r++) {
      int64_t top = line * images.stride - images.padding;
      int64_t left = column * images.stride - images.padding;
      block.patches[r] = {image * images.channels * images.height * images.width + (top * images.width + left) * pixel,
                          static_cast<int32_t>(top), static_cast<int32_t>(left)};
      block.inside[t] &= top >= 0 && left >= 0 && top + images.kernel <= images.height &&
                         left + images.kernel <= images.width;
      if (++column == images.out_width) {
        column = 0;
        if (++line == images.out_height) {
          line = 0;
          image++;
        }
      }
    }
  }
}

template <int ROWS>
INLINE void multiply_run(const float* const (&x)[ROWS], const float* weights, int64_t depth,
                         F (&sums)[ROWS][TILE_VECTORS]) {
  for (int64_t k = 0; k < depth; k++) {
    F w[TILE_VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < TILE_VECTORS; v++) {
      w[v] = load(weights + k * PANEL + v * WIDTH);
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      F a = splat(x[r][k]);
#pragma GCC unroll 4
      for (int v = 0; v < TILE_VECTORS; v++) {
        sums[r][v] += a * w[v];
      }
    }
  }
}

template <int ROWS, bool INSIDE>
static __attribute__((noinline)) void patch_tile(const clip4j::Convolution& call, const Patch* patches,
                                                 const RunList& list, const float* weights, const TileEdge& edge) {
  F sums[ROWS][TILE_VECTORS] = {};
  for (int64_t i = 0; i < list.count; i++) {
    const Run& run = list.runs[i];
    const float* from[ROWS];
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      bool there = INSIDE || (static_cast<uint32_t>(patches[r].top + run.down) < call.images.height &&
                              static_cast<uint32_t>(patches[r].left + run.right) < call.images.width);
      from[r] = there ? call.x + (patches[r].corner + run.offset) : PADDING;
    }
    multiply_run<ROWS>(from, weights, run.depth, sums);
    weights += run.depth * PANEL;
  }
  end_tile<ROWS>(edge, sums);
}

template <int ROWS = TILE_ROWS>
INLINE void patch_tile_of(int64_t rows, bool inside, const clip4j::Convolution& call, const Patch* patches,
                          const RunList& list, const float* weights, const TileEdge& edge) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS && inside) {
      patch_tile<ROWS, true>(call, patches, list, weights, edge);
    } else if (rows == ROWS) {
      patch_tile<ROWS, false>(call, patches, list, weights, edge);
    } else {
      patch_tile_of<ROWS - 1>(rows, inside, call, patches, list, weights, edge);
    }
  }
}

static void convolve(const clip4j::Convolution& call) {
  PatchBlock block;
  RunList pixels;
  RunList lines;
  int64_t panels = divide_up(call.columns, PANEL);
  int64_t all = call.images.channels * call.images.kernel * call.images.kernel;
  int64_t most = block_depth(all, DEPTH_BLOCK);
  for (int64_t top = call.first_row; top < call.last_row; top += PATCH_ROWS) {
    int64_t rows = call.last_row - top < PATCH_ROWS ? call.last_row - top : PATCH_ROWS;
    int64_t tiles = divide_up(rows, TILE_ROWS);
    find_patches(call.images, top, rows, tiles, block);
    for (int64_t k = 0; k < all; k += most) {
      int64_t depth = all - k < most ? all - k : most;
      find_runs(call.images, 1, k, depth, pixels);
      find_runs(call.images, call.images.kernel, k, depth, lines);
      for (int64_t panel = call.first_panel; panel < call.last_panel; panel++) {
        const float* weights = call.weights + (panels * k + panel * depth) * PANEL;
        int64_t column = panel * PANEL;
        TileEdge edge = {call.bias + column, nullptr, call.out_stride, call.columns - column, call.activation,
                         k == 0, k + depth == all, call.add};
        for (int64_t t = 0; t < tiles; t++) {
          int64_t from = rows * t / tiles;
          int64_t to = rows * (t + 1) / tiles;
          bool inside = block.inside[t];
          edge.out = call.out + (top - call.first_row + from) * call.out_stride + column;
          place_tile(to - from, edge, [&](const TileEdge& placed) {
            patch_tile_of(to - from, inside, call, block.patches + from, inside ? lines : pixels, weights, placed);
          });
        }
      }
    }
  }
}

}  // namespace CLIP4J_ISA
