// The kernels that the host launches, by name: instances of the templates in the headers. Element types in the names:
// f32 float, f16 half, bf16 bfloat16.
#include "attention.cuh"
#include "attention_mma.cuh"
#include "elements.cuh"
#include "fp8.cuh"
#include "images.cuh"
#include "linear_small.cuh"
#include "norms.cuh"
#include "norms_block.cuh"
#include "resample.cuh"
#include "rows.cuh"
#include "similarity_hopper.cuh"
#include "tokens.cuh"

#define ENTRY extern "C" __global__ void

// Every kernel waits for the one before; this way all but those with something better to do meanwhile.
__device__ __forceinline__ void begin() {
    start_next();
    wait_for_previous();
}

// All element types.
#define OF_TYPES(INSTANCE)                                                                                             \
    INSTANCE(f32, float)                                                                                               \
    INSTANCE(f16, __half)                                                                                              \
    INSTANCE(bf16, __nv_bfloat16)

#define LAYER_NORM(x_name, X, out_name, OUT)                                                                           \
    ENTRY layer_norm_##x_name##_##out_name(const X* x, int xStride, const float* gain, const float* bias,             \
                                            float epsilon, int rows, int width, OUT* out, int outStride) {             \
        layer_norm(x, xStride, gain, bias, epsilon, rows, width, out, outStride);                                      \
    }
LAYER_NORM(f32, float, f32, float)
LAYER_NORM(f32, float, f16, __half)
LAYER_NORM(f32, float, bf16, __nv_bfloat16)
LAYER_NORM(f16, __half, f16, __half)
LAYER_NORM(f16, __half, f32, float)
LAYER_NORM(bf16, __nv_bfloat16, bf16, __nv_bfloat16)
LAYER_NORM(bf16, __nv_bfloat16, f32, float)

// For few rows: a block each. Grid (rows), block (32, 4).
#define LAYER_NORM_ROWS(name, U)                                                                                       \
    extern "C" __global__ void __launch_bounds__(block::THREADS, 4)                                                    \
        layer_norm_rows_f32_##name(const float* x, int xStride, const float* gain, const float* bias, float epsilon,  \
                                   int rows, int width, U* out, int outStride) {                                       \
        block::layer_norm(x, xStride, gain, bias, epsilon, rows, width, out, outStride);                               \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(block::THREADS, 4)                                                    \
        residual_norm_##name(float* x, int xStride, const float* partials, int splits, int rows, int width,            \
                             const float* addBias, const float* gain, const float* bias, float epsilon, U* out,        \
                             int outStride) {                                                                          \
        block::residual_norm(x, xStride, {partials, splits, rows, addBias}, gain, bias, epsilon, width, out,           \
                             outStride);                                                                               \
    }
LAYER_NORM_ROWS(f16, __half)
LAYER_NORM_ROWS(bf16, __nv_bfloat16)

#define ACTIVATE(name, T)                                                                                              \
    ENTRY activate_##name(T* x, int stride, int rows, int columns, int activation) {                                  \
        begin();                                                                                                       \
        activate(x, stride, rows, columns, activation);                                                                \
    }
OF_TYPES(ACTIVATE)

#define CONVERT(x_name, X, out_name, OUT)                                                                              \
    ENTRY convert_##x_name##_##out_name(const X* x, int xStride, int rows, int columns, OUT* out, int outStride) {    \
        begin();                                                                                                       \
        convert(x, xStride, rows, columns, out, outStride);                                                            \
    }
#define CONVERT_FROM(name, T)                                                                                          \
    CONVERT(name, T, f32, float)                                                                                       \
    CONVERT(name, T, f16, __half)                                                                                      \
    CONVERT(name, T, bf16, __nv_bfloat16)
OF_TYPES(CONVERT_FROM)

#define IMAGE_TOKENS(name, T)                                                                                          \
    ENTRY image_tokens_##name(const T* patches, int pStride, const float* classEmbedding, const float* positions,     \
                               int images, int patchCount, int width, float* out, int outStride) {                     \
        begin();                                                                                                       \
        image_tokens(patches, pStride, classEmbedding, positions, images, patchCount, width, out, outStride);          \
    }
OF_TYPES(IMAGE_TOKENS)

#define MEAN_TOKEN(name, T)                                                                                            \
    ENTRY mean_token_##name(const T* pixels, int pStride, const float* positions, int images, int pixelCount,         \
                             int channels, T* out, int outStride) {                                                    \
        begin();                                                                                                       \
        mean_token(pixels, pStride, positions, images, pixelCount, channels, out, outStride);                          \
    }
OF_TYPES(MEAN_TOKEN)

#define AVERAGE_POOL(name, T)                                                                                          \
    ENTRY average_pool_##name(const T* x, int xStride, int images, int height, int width, int channels, int kernel,   \
                               T* out, int outStride) {                                                                \
        begin();                                                                                                       \
        average_pool(x, xStride, images, height, width, channels, kernel, out, outStride);                             \
    }
OF_TYPES(AVERAGE_POOL)

#define GATHER_PATCHES(x_name, X, out_name, OUT)                                                                       \
    ENTRY gather_patches_##x_name##_##out_name(const X* x, int images, int height, int width, int channels,           \
                                                int channelsLast, int kernel, int stride, int padding, int outHeight,  \
                                                int outWidth, OUT* out, int outStride) {                               \
        begin();                                                                                                       \
        gather_patches(x, {images, height, width, channels, kernel, stride, padding, outHeight, outWidth},             \
                       channelsLast, out, outStride);                                                                  \
    }
GATHER_PATCHES(f32, float, f32, float)
GATHER_PATCHES(f32, float, f16, __half)
GATHER_PATCHES(f32, float, bf16, __nv_bfloat16)
GATHER_PATCHES(f16, __half, f16, __half)
GATHER_PATCHES(bf16, __nv_bfloat16, bf16, __nv_bfloat16)

// Bands of a pixel: the bytes of its red, green and blue sample.
ENTRY resample_rows_u8(const unsigned char* pixels, int rowStride, int pixelStride, int red, int green, int blue,
                       const int* first, const int* taps, const int* start, const int* weights, int from, int rows,
                       int n, unsigned char* out) {
    begin();
    resample_rows(pixels, rowStride, pixelStride, red, green, blue, {first, taps, start, weights}, from, rows, n, out);
}

ENTRY resample_columns_f32(const unsigned char* lines, const int* first, const int* taps, const int* start,
                           const int* weights, int from, int n, const float* levels, float* planes) {
    begin();
    resample_columns(lines, {first, taps, start, weights}, from, n, levels, planes);
}

#define FP8(name, T)                                                                                                   \
    ENTRY fp8_largest_##name(const T* x, int xStride, int rows, int columns, unsigned* largest) {                     \
        begin();                                                                                                       \
        fp8_largest(x, xStride, rows, columns, largest);                                                               \
    }                                                                                                                  \
    ENTRY fp8_quantize_##name(const T* x, int xStride, int rows, int columns, const unsigned* largest,                \
                              __nv_fp8_e4m3* out, float* scale) {                                                      \
        begin();                                                                                                       \
        fp8_quantize(x, xStride, rows, columns, largest, out, scale);                                                  \
    }
OF_TYPES(FP8)

#define TOKEN_EMBEDDING(name, T)                                                                                       \
    ENTRY token_embedding_##name(const int* ids, const int* places, const T* table, const float* positions,           \
                                  int tokens, int width, float* out, int outStride) {                                  \
        begin();                                                                                                       \
        token_embedding(ids, places, table, positions, tokens, width, out, outStride);                                 \
    }
OF_TYPES(TOKEN_EMBEDDING)

ENTRY gather_rows_32(const unsigned* x, int xStride, const int* rows, int count, int width, unsigned* out,
                      int outStride) {
    begin();
    gather_rows(x, xStride, rows, count, width, out, outStride);
}

ENTRY gather_rows_16(const unsigned short* x, int xStride, const int* rows, int count, int width, unsigned short* out,
                      int outStride) {
    begin();
    gather_rows(x, xStride, rows, count, width, out, outStride);
}

ENTRY l2_normalize_f32(const float* x, int xStride, int rows, int width, float* out, int outStride) {
    begin();
    l2_normalize(x, xStride, rows, width, out, outStride);
}

#define ATTENTION(name, T)                                                                                             \
    ENTRY attention_##name(const T* q, int qStride, const T* k, int kStride, const T* v, int vStride,                 \
                            const int* queryOffsets, const int* keyOffsets, const int* keyRows, int headWidth,         \
                            int causal, float scale, T* out, int outStride) {                                          \
        begin();                                                                                                       \
        attention(q, qStride, k, kStride, v, vStride, queryOffsets, keyOffsets, keyRows, headWidth, causal, scale,     \
                  out, outStride);                                                                                     \
    }
OF_TYPES(ATTENTION)

// The instructions need sm_80; below, the host must not launch these.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define MMA_BODY(CALL)
#else
#define MMA_BODY(CALL) CALL
#endif
// Four blocks in an SM: at most 128 registers, which is what the kernel needs on sm_90 and sm_100.
#define ATTENTION_MMA(name, T)                                                                                         \
    extern "C" __global__ void __launch_bounds__(mma::WARPS* WARP, 4)                                                  \
        attention_mma_##name##_64(const T* q, int qStride, const T* k, int kStride, const T* v, int vStride,           \
                                  const int* queryOffsets, const int* keyOffsets, const int* keyRows, int headWidth,   \
                                  int causal, float scale, T* out, int outStride) {                                    \
        begin();                                                                                                       \
        MMA_BODY(mma::attention(q, qStride, k, kStride, v, vStride, queryOffsets, keyOffsets, keyRows, causal, scale,  \
                                out, outStride);)                                                                      \
    }
ATTENTION_MMA(f16, __half)
ATTENTION_MMA(bf16, __nv_bfloat16)

#define LINEAR_SMALL(name, T, out_name, OUT, MT, NT)                                                                   \
    extern "C" __global__ void __launch_bounds__(small::WARPS* WARP, small::BLOCKS<MT, NT>)                            \
        linear_small_##name##_##out_name##_##MT##_##NT(                                                                \
        const T* x, int xStride, const T* weight, const float* bias, int rows, int columns, int depth, int activation, \
        int add, OUT* out, int outStride) {                                                                            \
        MMA_BODY((small::linear<T, OUT, MT, NT>({x, xStride, weight, bias, rows, columns, depth, activation, add},     \
                                                out, outStride));)                                                     \
    }
#define LINEAR_SMALL_SPLIT(name, T, MT, NT)                                                                            \
    extern "C" __global__ void __launch_bounds__(small::WARPS* WARP, small::BLOCKS<MT, NT>)                            \
        linear_small_split_##name##_##MT##_##NT(const T* x, int xStride, const T* weight, int rows, int columns,       \
                                                int depth, float* partials) {                                          \
        MMA_BODY((small::linear_split<T, MT, NT>({x, xStride, weight, nullptr, rows, columns, depth, 0, 0},            \
                                                 partials));)                                                          \
    }
#define LINEAR_SMALL_TYPE(name, T, MT, NT)                                                                             \
    LINEAR_SMALL(name, T, name, T, MT, NT)                                                                             \
    LINEAR_SMALL(name, T, f32, float, MT, NT)                                                                          \
    LINEAR_SMALL_SPLIT(name, T, MT, NT)
#define LINEAR_SMALL_ROWS(name, T, NT)                                                                                 \
    LINEAR_SMALL_TYPE(name, T, 1, NT)                                                                                  \
    LINEAR_SMALL_TYPE(name, T, 2, NT)                                                                                  \
    LINEAR_SMALL_TYPE(name, T, 4, NT)                                                                                  \
    LINEAR_SMALL_TYPE(name, T, 5, NT)
#define LINEAR_SMALL_ALL(name, T)                                                                                      \
    LINEAR_SMALL_ROWS(name, T, 8)                                                                                      \
    LINEAR_SMALL_ROWS(name, T, 16)                                                                                     \
    LINEAR_SMALL_ROWS(name, T, 24)                                                                                     \
    LINEAR_SMALL_ROWS(name, T, 32)
LINEAR_SMALL_ALL(f16, __half)
LINEAR_SMALL_ALL(bf16, __nv_bfloat16)

#define NEAREST_STORE(x_name, X, out_name, OUT)                                                                        \
    ENTRY nearest_store_##x_name##_##out_name(const X* x, int xStride, int rows, int width, OUT* out, int outStride,   \
                                              unsigned* largestSquare) {                                               \
        begin();                                                                                                       \
        nearest::store(x, xStride, rows, width, out, outStride, largestSquare);                                        \
    }
NEAREST_STORE(f32, float, f32, float)
NEAREST_STORE(f32, float, f16, __half)
NEAREST_STORE(f32, float, bf16, __nv_bfloat16)
NEAREST_STORE(f16, __half, f16, __half)
NEAREST_STORE(bf16, __nv_bfloat16, bf16, __nv_bfloat16)

// count of the queries when countOnCard is null, else there. The blocks per multiprocessor: eight loads of 16 bytes per
// thread, so that what is under way hides the latency of memory.
#define NEAREST_SCAN(name, T, Q, BLOCKS)                                                                               \
    extern "C" __global__ void __launch_bounds__(nearest::SCAN_WARPS* WARP, BLOCKS) nearest_scan_##name##_##Q(         \
        const T* const* blocks, int shift, int rows, int width, const float* queries, int stride, int queryWidth,      \
        const int* chosen, const int* countOnCard, int count, int k, unsigned long long* best) {                       \
        begin();                                                                                                       \
        nearest::scan<T, Q>({blocks, shift, rows, width}, queries, stride, queryWidth, chosen,                         \
                            countOnCard == nullptr ? count : *countOnCard, k, best);                                   \
    }
#define NEAREST(name, T)                                                                                               \
    NEAREST_SCAN(name, T, 1, 4)                                                                                        \
    NEAREST_SCAN(name, T, 8, 2)
OF_TYPES(NEAREST)

ENTRY nearest_merge(const unsigned long long* best, int lists, int k, const int* chosen, const int* countOnCard,
                    int count, float* scores, int scoreStride, int* indices, int indexStride) {
    begin();
    nearest::merge(best, lists, k, chosen, countOnCard == nullptr ? count : *countOnCard, scores, scoreStride, indices,
                   indexStride);
}

ENTRY nearest_bound(const float* maxima, int groups, int k, const float* margins, int count, float* bounds,
                    int* counts) {
    begin();
    nearest::bound(maxima, groups, k, margins, count, bounds, counts);
}

#define NEAREST_PRODUCTS(name, T, QUERIES, ROWS, STAGES)                                                               \
    extern "C" __global__ void __launch_bounds__(nearest::PRODUCT_WARPS* WARP, 1)                                      \
        nearest_products_##name##_##QUERIES##_##ROWS(                                                                  \
            const T* const* blocks, int shift, int rows, int width, const T* queries, int queryGroups, int tiles,      \
            int tileStride, float* maxima, const float* bounds, int* candidates, int* counts, int capacity) {          \
        begin();                                                                                                       \
        MMA_BODY((nearest::best_products<T, nearest::Geometry<QUERIES, ROWS, STAGES>>(                                      \
            {blocks, shift, rows, width}, queries, queryGroups, {tiles, tileStride},                                   \
            {maxima, bounds, candidates, counts, capacity}));)                                                         \
    }
#define NEAREST_MANY(name, T)                                                                                          \
    ENTRY nearest_prepare_##name(const float* queries, int stride, int queryWidth, int count, int padded, int width,   \
                                 const unsigned* largestSquare, T* out, float* margins, int* leftCount) {              \
        begin();                                                                                                       \
        nearest::prepare(queries, stride, queryWidth, count, padded, width, largestSquare, out, margins, leftCount);   \
    }                                                                                                                  \
    ENTRY nearest_rescore_##name(const T* const* blocks, int shift, int rows, int width, const float* queries,         \
                                 int stride, int queryWidth, int k, const int* candidates, const int* counts,          \
                                 int capacity, float* scores, int scoreStride, int* indices, int indexStride,          \
                                 int* left, int* leftCount) {                                                          \
        begin();                                                                                                       \
        nearest::rescore<T>({blocks, shift, rows, width}, queries, stride, queryWidth, k, candidates, counts,          \
                            capacity, scores, scoreStride, indices, indexStride, left, leftCount);                     \
    }                                                                                                                  \
    NEAREST_PRODUCTS(name, T, 64, 128, 2)                                                                              \
    NEAREST_PRODUCTS(name, T, 64, 256, 3)                                                                              \
    NEAREST_PRODUCTS(name, T, 128, 256, 3)
NEAREST_MANY(f16, __half)
NEAREST_MANY(bf16, __nv_bfloat16)
