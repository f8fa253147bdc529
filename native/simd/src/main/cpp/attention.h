// Attention of one head after the other: out = softmax(scale * q * k') * v over the keys of a segment.
//
// Keys are packed to panels as the weights of a layer are, values likewise, and both products run on the tiles of layers.
// A few rows of queries at a time see all their keys: their scores stay in the level-1 cache until the values have been
// weighed with them, and are never a matrix of queries x keys.
#pragma once

#include "linear.h"

namespace CLIP4J_ISA {

// A segment's part in the operands, for one head.
struct Head {
  const float* q;        // [queries, head width]
  const float* k;        // first column of the head, of row 0
  const float* v;
  float* out;            // [queries, head width]
  int64_t queries;
  int64_t keys;
  int64_t first_key;
  const int32_t* rows;   // [keys], or null when they adjoin from first_key on

  INLINE int64_t row(const Head& head, int64_t key) {
    return head.rows == nullptr ? head.first_key + key : head.rows[key];
  }
};

struct AttentionScratch {
  float* keys;           // [panels of keys][head width][PANEL]
  float* values;         // [panels of the head's width][keys][PANEL]
  float* scores;         // [TILE_ROWS][keys, padded to whole panels]
};

INLINE int64_t whole_panels(int64_t columns) {
  return divide_up(columns, PANEL) * PANEL;
}

static int64_t attention_floats(int64_t head_width, int64_t keys) {
  return whole_panels(keys) * head_width + keys * whole_panels(head_width) + TILE_ROWS * whole_panels(keys);
}

INLINE AttentionScratch cut(float* scratch, int64_t head_width, int64_t keys) {
  float* values = scratch + whole_panels(keys) * head_width;
  return {scratch, values, values + keys * whole_panels(head_width)};
}

// The last keys of a panel that is not whole repeat the last key there is: nobody looks at their scores.
static void pack_keys(const clip4j::Attention& call, const Head& head, float* to) {
  constexpr int64_t SIDE = 4;
  int64_t width = call.head_width;
  int64_t whole = width / SIDE * SIDE;
  for (int64_t first = 0; first < head.keys; first += PANEL) {
    float* panel = to + first * width;
    for (int64_t c = 0; c < PANEL; c += SIDE) {
      const float* from[SIDE];
      for (int64_t s = 0; s < SIDE; s++) {
        int64_t key = first + c + s < head.keys ? first + c + s : head.keys - 1;
        from[s] = head.k + Head::row(head, key) * call.k_stride;
      }
      for (int64_t i = 0; i < whole; i += SIDE) {
        transpose(from[0] + i, from[1] + i, from[2] + i, from[3] + i, panel + i * PANEL + c, PANEL);
      }
      for (int64_t i = whole; i < width; i++) {
        for (int64_t s = 0; s < SIDE; s++) {
          panel[i * PANEL + c + s] = from[s][i];
        }
      }
    }
  }
}

static void pack_values(const clip4j::Attention& call, const Head& head, float* to) {
  int64_t width = call.head_width;
  int64_t whole = width / PANEL * PANEL;
  for (int64_t key = 0; key < head.keys; key++) {
    const float* from = head.v + Head::row(head, key) * call.v_stride;
    float* line = to + key * PANEL;
    for (int64_t first = 0; first < whole; first += PANEL) {
      memcpy(line + first * head.keys, from + first, PANEL * sizeof(float));
    }
    if (whole < width) {
      float last[PANEL] = {};
      memcpy(last, from + whole, static_cast<size_t>(width - whole) * sizeof(float));
      memcpy(line + whole * head.keys, last, sizeof last);
    }
  }
}

// What a tile of a product with a panel is given: out = factor of the row * x * panel.
struct PanelTile {
  const float* x;
  int64_t x_stride;
  const float* panel;
  int64_t depth;
  const float* factors;  // [rows]
  float* out;
  int64_t out_stride;
  int64_t columns;       // of out, from here on
};

template <int ROWS, int VECTORS>
static __attribute__((noinline)) void panel_tile(const PanelTile& tile) {
  F sums[ROWS][VECTORS] = {};
  multiply_tile<ROWS, VECTORS>(tile.x, tile.x_stride, tile.panel, tile.depth, sums);
  int64_t last = tile.columns - (VECTORS - 1) * WIDTH;
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
    float* out = tile.out + r * tile.out_stride;
    F factor = splat(tile.factors[r]);
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS - 1; v++) {
      store(out + v * WIDTH, sums[r][v] * factor);
    }
    F value = sums[r][VECTORS - 1] * factor;
    if (last >= WIDTH) {
      store(out + (VECTORS - 1) * WIDTH, value);
    } else {
      store_some(out + (VECTORS - 1) * WIDTH, value, last);
    }
  }
}

template <int VECTORS, int ROWS = TILE_ROWS>
INLINE void panel_tile_of_rows(int64_t rows, const PanelTile& tile) {
  if constexpr (ROWS > 0) {
    if (rows == ROWS) {
      panel_tile<ROWS, VECTORS>(tile);
    } else {
      panel_tile_of_rows<VECTORS, ROWS - 1>(rows, tile);
    }
  }
}

// As many vectors as there are columns for.
template <int VECTORS = TILE_VECTORS>
INLINE void any_panel_tile(int64_t rows, const PanelTile& tile) {
  if constexpr (VECTORS > 1) {
    if (tile.columns <= (VECTORS - 1) * WIDTH) {
      any_panel_tile<VECTORS - 1>(rows, tile);
      return;
    }
  }
  panel_tile_of_rows<VECTORS>(rows, tile);
}

// Turns the scores of the keys that a query sees into weights, those of the others up to an end into zeros. Returns one
// over the sum of the weights.
INLINE float weigh(float* scores, int64_t visible, int64_t end) {
  int64_t whole = divide_up(visible, WIDTH) * WIDTH;
  for (int64_t i = visible; i < whole; i++) {
    scores[i] = -__builtin_inff();
  }
  F highest = load(scores);
  for (int64_t i = WIDTH; i < whole; i += WIDTH) {
    highest = max(highest, load(scores + i));
  }
  float shift = largest(highest);
  F total = {};
  for (int64_t i = 0; i < whole; i += WIDTH) {
    F weights = exponential(load(scores + i) - shift);
    store(scores + i, weights);
    total += weights;
  }
  for (int64_t i = whole; i < end; i++) {
    scores[i] = 0;
  }
  return 1 / sum(total);
}

// Queries from (inclusive) to (exclusive), a tile's rows at most.
static void attend(const clip4j::Attention& call, const Head& head, const AttentionScratch& scratch, int64_t from,
                   int64_t to) {
  int64_t rows = to - from;
  int64_t stride = whole_panels(head.keys);
  int64_t hidden = call.causal ? head.queries - to : 0;
  int64_t end = head.keys - hidden;
  float factors[TILE_ROWS];
  for (int64_t r = 0; r < rows; r++) {
    factors[r] = call.scale;
  }
  PanelTile tile = {head.q + from * call.q_stride, call.q_stride, nullptr, call.head_width, factors, nullptr, stride, 0};
  for (int64_t first = 0; first < end; first += PANEL) {
    tile.panel = scratch.keys + first * call.head_width;
    tile.out = scratch.scores + first;
    tile.columns = divide_up(end - first, WIDTH) * WIDTH;
    any_panel_tile(rows, tile);
  }
  for (int64_t r = 0; r < rows; r++) {
    factors[r] = weigh(scratch.scores + r * stride, call.causal ? end - rows + r + 1 : end, end);
  }
  tile = {scratch.scores, stride, nullptr, end, factors, nullptr, call.out_stride, 0};
  for (int64_t first = 0; first < call.head_width; first += PANEL) {
    tile.panel = scratch.values + first * head.keys;
    tile.out = head.out + from * call.out_stride + first;
    tile.columns = call.head_width - first;
    any_panel_tile(rows, tile);
  }
}

static void attention(const clip4j::Attention& call) {
  int64_t first_segment = call.first_pair / call.heads;
  for (int64_t pair = call.first_pair; pair < call.last_pair; pair++) {
    int64_t segment = pair / call.heads - first_segment;
    int64_t column = pair % call.heads * call.head_width;
    int64_t first_query = call.query_offsets[segment];
    int64_t first_key = call.key_offsets[segment];
    Head head = {call.q + first_query * call.q_stride + column,
                 call.k + column,
                 call.v + column,
                 call.out + first_query * call.out_stride + column,
                 call.query_offsets[segment + 1] - first_query,
                 call.key_offsets[segment + 1] - first_key,
                 first_key,
                 call.key_rows == nullptr ? nullptr : call.key_rows + (first_key - call.key_offsets[0])};
    if (head.queries == 0) {
      continue;
    }
    AttentionScratch scratch = cut(call.scratch, call.head_width, head.keys);
    pack_keys(call, head, scratch.keys);
    pack_values(call, head, scratch.values);
    int64_t tiles = divide_up(head.queries, TILE_ROWS);
    for (int64_t t = 0; t < tiles; t++) {
      attend(call, head, scratch, head.queries * t / tiles, head.queries * (t + 1) / tiles);
    }
  }
}

}  // namespace CLIP4J_ISA
