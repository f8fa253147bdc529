// A matrix product of f32, f16, bf16 and e4m3 matrices with any strides, in f32.
#pragma once

#include <cstddef>

namespace emulator {

enum class Element { F32, F16, BF16, E4M3 };

struct Matrix {
    void* start;
    Element type;
    std::ptrdiff_t rowStride, columnStride; // in elements
};

std::size_t sizeOf(Element type);
float load(const Matrix& matrix, std::size_t row, std::size_t column);
void store(const Matrix& matrix, std::size_t row, std::size_t column, float value);

// out[m, n] (row i, column j at i + j m) = a[m, k] b[k, n]
void multiply(std::size_t m, std::size_t n, std::size_t k, const Matrix& a, const Matrix& b, float* out);

} // namespace emulator
