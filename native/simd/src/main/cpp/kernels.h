// What an instruction set offers: the same functions, compiled once for each.
#pragma once

#include <cstdint>

namespace clip4j {

// How the weights of a layer are kept.
enum class Form : int32_t { F32 = 0, BF16 = 1, INT8 = 2 };

// Element types of weights that are packed.
enum class Type : int32_t { F32 = 0, F16 = 1, BF16 = 2 };

// A part of a linear layer on some of its rows: out = activation(x * weight' + bias), or the same added to out.
struct Linear {
  Form form;
  int32_t activation;
  const void* weights;   // packed, all panels
  const float* bias;     // [columns, padded to whole panels]
  const float* scales;   // [columns, padded to whole panels], INT8 only
  int64_t depth;         // K
  int64_t columns;       // N
  int64_t first_panel;
  int64_t last_panel;    // exclusive
  const void* x;         // [rows, K]: f32, or with INT8 i16 as of Quantization
  int64_t x_stride;      // elements
  const float* x_scales; // [rows], INT8 only
  float* out;            // [rows, N]
  int64_t out_stride;
  int64_t rows;
  bool add;
};

// Geometry of a convolution: org.clip4j.kernels.ConvolutionShape.
struct Images {
  bool channels_last;    // [images, height, width, channels], else [images, channels, height, width]
  int64_t height;
  int64_t width;
  int64_t channels;
  int64_t kernel;
  int64_t stride;
  int64_t padding;
  int64_t out_height;
  int64_t out_width;
};

// A part of a convolution on some of its output pixels: a layer of F32 whose rows are patches of the images, in the order
// (y, x, channel) of channels-last ones and (channel, y, x) of others.
struct Convolution {
  Images images;
  int32_t activation;
  const float* weights;  // packed, all panels
  const float* bias;     // [columns, padded to whole panels]
  int64_t columns;       // N
  int64_t first_panel;
  int64_t last_panel;    // exclusive
  const float* x;        // all images
  float* out;            // of the first pixel
  int64_t out_stride;
  int64_t first_row;     // number of an output pixel, counted through all images
  int64_t last_row;      // exclusive
  bool add;
};

// Rows of f32 for layers of INT8: 16 bits, and a scale for each row.
struct Quantization {
  const float* x;
  int64_t x_stride;
  int64_t rows;
  int64_t columns;
  int16_t* out;
  int64_t out_stride;    // elements, even and at least columns; what lies behind these is set to 0
  float* scales;
};

// Weights to pack, [N, K] of a floating-point type, rows that adjoin.
struct Packing {
  Form form;
  Type type;
  const void* weights;
  int64_t depth;
  int64_t columns;
  int64_t first_panel;
  int64_t last_panel;
  void* packed;
  float* scales;         // INT8 only: set
};

// c = scale * a * b, or the same added to c; a is [m, k], or [k, m] when transposed, b is [k, n], or [n, k].
struct Product {
  const float* a;
  const float* b;
  float* c;
  int64_t a_stride;
  int64_t b_stride;
  int64_t c_stride;
  int64_t m;
  int64_t n;
  int64_t k;
  bool transpose_a;
  bool transpose_b;
  bool add;
  float scale;
  float* scratch;        // PRODUCT_SCRATCH floats of the calling thread
};

// A function of each row of a matrix; out may be x.
struct Rows {
  const float* x;
  int64_t x_stride;
  float* out;
  int64_t out_stride;
  int64_t rows;
  int64_t columns;
  const float* gain;     // [columns], layer norm only, and so are the others
  const float* bias;
  float epsilon;
};

// Rows that are passed by queries, and the k nearest of all that were passed.
struct Search {
  Type type;
  const void* rows;      // [row_count, width], rows that adjoin
  int64_t first_row;     // number of the first
  int64_t row_count;
  int64_t width;
  const float* x;        // [queries, width]
  int64_t x_stride;
  int64_t queries;
  int64_t k;
  const double* margins; // [queries]: what a product may lack of the k-th score
  int64_t* keys;         // [queries, k], descending
  void* scratch;         // search_scratch floats, from begin_search on
  // Rows and queries in 8 and 16 bits, which choose what is scored; none of them, or all.
  const int8_t* codes;   // [row_count, width]
  const float* scales;   // [row_count, 2]: what a code is worth, and the norm of what the codes lack
  const int16_t* x_codes;  // [queries, width]
  const float* x_scales; // [queries, 2]: what a code is worth, and what a norm above can add to the score
};

// The number of the layout of packed weights, which files carry: another one whenever the bytes that packing gives, with any
// instruction set, are not those of the version before.
constexpr int32_t PACKING = 1;
constexpr int64_t PRODUCT_SCRATCH = 1 << 17;
// In a list that is not full.
constexpr int64_t NO_KEY = INT64_MIN;

// Attention of pairs of segment and head; pair p is head p % heads of segment p / heads.
struct Attention {
  const float* q;        // [queries, heads * head_width], and likewise the others
  int64_t q_stride;
  const float* k;
  int64_t k_stride;
  const float* v;
  int64_t v_stride;
  float* out;
  int64_t out_stride;
  int64_t heads;
  int64_t head_width;
  float scale;
  bool causal;           // the last query sees all keys, each before it one less
  const int32_t* query_offsets;  // of the segments from that of the first pair on
  const int32_t* key_offsets;    // likewise
  const int32_t* key_rows;       // of the keys from the first of these segments on; null: key i is row i
  int64_t first_pair;
  int64_t last_pair;     // exclusive
  float* scratch;        // attention_floats for the longest of these segments
};

// out = activation(scale of the row * x + bias), or with what out holds added to the argument; x may be out.
struct Epilogue {
  const float* x;        // [rows, columns]
  int64_t x_stride;
  const float* scales;   // [rows], or null
  float* out;            // [rows, columns]
  int64_t out_stride;
  int64_t rows;
  int64_t columns;
  const float* bias;     // [columns], or null
  int32_t activation;
  bool add;
};

// Rows of f32 to a narrower type, in rows that adjoin.
struct Conversion {
  const float* x;        // [rows, columns]
  int64_t x_stride;
  int64_t rows;
  int64_t columns;
  void* out;             // [rows, columns]
  float* scales;         // [rows], bytes only: set
};

// Weights of a resampling along one axis: org.clip4j.kernels.ResampleAxis.
struct Axis {
  const int32_t* first;   // [count], first input of each output
  const int32_t* taps;    // [count], inputs of each output
  const int32_t* start;   // [count], where its weights begin
  const int32_t* weights;
  int64_t count;
  int64_t padded_taps;    // the most taps of an output, up to a multiple of 4
};

// Pixels to planes of floats. No byte at or behind end is read.
struct Resampling {
  const uint8_t* pixels;  // where pixel (0, 0) is, or would be
  const uint8_t* end;
  int64_t row_stride;     // bytes
  int64_t pixel_stride;   // bytes: 1, 3 or 4
  int64_t bands[3];       // byte of red, green, blue within a pixel
  int64_t from_column;    // columns that are needed
  int64_t to_column;      // exclusive
  int64_t to_row;         // exclusive: rows that are needed
  Axis columns;
  Axis rows;
  const int32_t* packed_columns;  // [count, 4 * padded_taps]
  const int32_t* packed_rows;     // [count, padded_taps]
  uint8_t* ring;          // [ring_rows], rows after the horizontal pass
  int64_t ring_rows;      // a power of two, at least the most taps of the rows and 4
  int64_t ring_stride;    // bytes: 4 for each output, up to a multiple of 32
  uint8_t* row;           // [ring_stride], a row after both passes
  uint8_t* unpacked;      // [4], rows of pixels of 4 bytes
  int64_t unpacked_stride;// bytes: 4 for each column that is needed and 4 more
  const float* levels;    // [3, 256], what a sample becomes
  float* planes;          // [3, count, count]
};

struct Kernels {
  const char* name;
  int32_t panel;         // columns of a panel of weights
  void (*linear)(const Linear&);
  void (*convolve)(const Convolution&);
  void (*pack)(const Packing&);
  void (*quantize)(const Quantization&);
  void (*product)(const Product&);
  void (*layer_norm)(const Rows&);
  void (*l2_normalize)(const Rows&);
  void (*attention)(const Attention&);
  int64_t (*attention_floats)(int64_t head_width, int64_t keys);
  void (*epilogue)(const Epilogue&);
  void (*pack_axis)(const Axis&, bool columns, int32_t* packed);
  void (*resample)(const Resampling&);
  int64_t (*search_scratch)(int64_t queries, int64_t width);
  void (*begin_search)(const Search&);
  void (*search)(const Search&);
  float (*read_all)(const float* from, int64_t count);
  float (*multiply_rounds)(int64_t rounds);
  int64_t round_operations;
  void (*to_bf16)(const Conversion&);
  void (*to_bytes)(const Conversion&);
};

extern const Kernels* const baseline;
#if defined(__x86_64__)
extern const Kernels* const avx2;
extern const Kernels* const avx512;
extern const Kernels* const avx512vnni;
#endif

// The best that the processor has, of those up to a level: 0 the least, 1 AVX2, 2 AVX-512, 3 the same with VNNI.
constexpr int32_t MOST_LEVEL = 3;
const Kernels* kernels_up_to(int32_t level);

}  // namespace clip4j
