#include "gemm.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace emulator {

namespace {

// One tile of the result stays in 2 x 6 registers of 8 floats, as in "Anatomy of High-Performance Matrix
// Multiplication", Goto and van de Geijn; panels of a and b are packed in f32.
constexpr std::size_t TILE_M = 16;
constexpr std::size_t TILE_N = 6;
constexpr std::size_t BLOCK_M = 96;
constexpr std::size_t BLOCK_K = 384;

typedef float Vector __attribute__((vector_size(32), aligned(4), may_alias));

inline __attribute__((always_inline)) float toFloat(const void* start, Element type, std::ptrdiff_t index) {
    switch (type) {
    case Element::F16: {
#ifdef __F16C__
        return static_cast<float>(static_cast<const _Float16*>(start)[index]);
#else
        return __half2float(static_cast<const __half*>(start)[index]);
#endif
    }
    case Element::BF16: {
        std::uint32_t bits = static_cast<std::uint32_t>(static_cast<const std::uint16_t*>(start)[index]) << 16;
        float value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }
    case Element::E4M3:
        return static_cast<float>(static_cast<const __nv_fp8_e4m3*>(start)[index]);
    default:
        return static_cast<const float*>(start)[index];
    }
}

// packed[depth][width] of the lines; those from the last one up to the width are zero. Reads along the memory.
template <Element TYPE>
void packPanel(const void* start, std::ptrdiff_t lineStride, std::ptrdiff_t kStride, std::size_t lines,
               std::size_t width, std::size_t depth, float* packed) {
    if (lines < width) {
        std::fill(packed, packed + depth * width, 0.0f);
    }
    if (kStride == 1) {
        for (std::size_t i = 0; i < lines; i++) {
            for (std::size_t p = 0; p < depth; p++) {
                packed[p * width + i] = toFloat(start, TYPE, static_cast<std::ptrdiff_t>(i) * lineStride +
                                                                 static_cast<std::ptrdiff_t>(p));
            }
        }
        return;
    }
    for (std::size_t p = 0; p < depth; p++) {
        for (std::size_t i = 0; i < lines; i++) {
            packed[p * width + i] = toFloat(start, TYPE, static_cast<std::ptrdiff_t>(i) * lineStride +
                                                             static_cast<std::ptrdiff_t>(p) * kStride);
        }
    }
}

void pack(const Matrix& matrix, bool linesAreRows, std::size_t firstLine, std::size_t lines, std::size_t firstK,
          std::size_t depth, std::size_t width, float* packed) {
    std::ptrdiff_t lineStride = linesAreRows ? matrix.rowStride : matrix.columnStride;
    std::ptrdiff_t kStride = linesAreRows ? matrix.columnStride : matrix.rowStride;
    for (std::size_t line = 0; line < lines; line += width) {
        const char* start = static_cast<const char*>(matrix.start) +
                            (static_cast<std::ptrdiff_t>(firstLine + line) * lineStride +
                             static_cast<std::ptrdiff_t>(firstK) * kStride) *
                                static_cast<std::ptrdiff_t>(sizeOf(matrix.type));
        std::size_t count = std::min(width, lines - line);
        float* panel = packed + line * depth;
        switch (matrix.type) {
        case Element::F32:
            packPanel<Element::F32>(start, lineStride, kStride, count, width, depth, panel);
            break;
        case Element::F16:
            packPanel<Element::F16>(start, lineStride, kStride, count, width, depth, panel);
            break;
        case Element::BF16:
            packPanel<Element::BF16>(start, lineStride, kStride, count, width, depth, panel);
            break;
        case Element::E4M3:
            packPanel<Element::E4M3>(start, lineStride, kStride, count, width, depth, panel);
            break;
        }
    }
}

// tile[TILE_N][TILE_M] = panel of a times panel of b
void multiplyPanels(std::size_t depth, const float* a, const float* b, float* tile) {
    Vector sums[TILE_N][2] = {};
    for (std::size_t p = 0; p < depth; p++) {
        Vector low = *reinterpret_cast<const Vector*>(a + p * TILE_M);
        Vector high = *reinterpret_cast<const Vector*>(a + p * TILE_M + 8);
        for (std::size_t j = 0; j < TILE_N; j++) {
            float value = b[p * TILE_N + j];
            sums[j][0] += low * value;
            sums[j][1] += high * value;
        }
    }
    std::memcpy(tile, sums, sizeof sums);
}

} // namespace

std::size_t sizeOf(Element type) { return type == Element::F32 ? 4 : type == Element::E4M3 ? 1 : 2; }

float load(const Matrix& matrix, std::size_t row, std::size_t column) {
    return toFloat(matrix.start, matrix.type,
                   static_cast<std::ptrdiff_t>(row) * matrix.rowStride +
                       static_cast<std::ptrdiff_t>(column) * matrix.columnStride);
}

void store(const Matrix& matrix, std::size_t row, std::size_t column, float value) {
    std::ptrdiff_t index = static_cast<std::ptrdiff_t>(row) * matrix.rowStride +
                           static_cast<std::ptrdiff_t>(column) * matrix.columnStride;
    switch (matrix.type) {
    case Element::F32:
        static_cast<float*>(matrix.start)[index] = value;
        break;
    case Element::F16:
        static_cast<__half*>(matrix.start)[index] = __float2half_rn(value);
        break;
    case Element::BF16:
        static_cast<__nv_bfloat16*>(matrix.start)[index] = __float2bfloat16_rn(value);
        break;
    case Element::E4M3: // a factor only
        break;
    }
}

void multiply(std::size_t m, std::size_t n, std::size_t k, const Matrix& a, const Matrix& b, float* out) {
    std::size_t paddedN = (n + TILE_N - 1) / TILE_N * TILE_N;
    std::vector<float> packedA(BLOCK_M * BLOCK_K);
    std::vector<float> packedB(paddedN * BLOCK_K);
    alignas(32) float tile[TILE_N * TILE_M];
    std::fill(out, out + m * n, 0.0f);
    for (std::size_t p = 0; p < k; p += BLOCK_K) {
        std::size_t depth = std::min(BLOCK_K, k - p);
        pack(b, false, 0, n, p, depth, TILE_N, packedB.data());
        for (std::size_t i0 = 0; i0 < m; i0 += BLOCK_M) {
            std::size_t rows = std::min(BLOCK_M, m - i0);
            pack(a, true, i0, rows, p, depth, TILE_M, packedA.data());
            for (std::size_t j = 0; j < n; j += TILE_N) {
                for (std::size_t i = 0; i < rows; i += TILE_M) {
                    multiplyPanels(depth, packedA.data() + i * depth, packedB.data() + j * depth, tile);
                    for (std::size_t jj = 0; jj < std::min(TILE_N, n - j); jj++) {
                        for (std::size_t ii = 0; ii < std::min(TILE_M, rows - i); ii++) {
                            out[(j + jj) * m + i0 + i + ii] += tile[jj * TILE_M + ii];
                        }
                    }
                }
            }
        }
    }
}

} // namespace emulator
