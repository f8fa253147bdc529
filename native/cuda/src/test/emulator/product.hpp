// A matrix product of cublasLt: its descriptors, whether the library takes it, and the product itself.
#pragma once

#include "gemm.hpp"

#include <library_types.h>

#include <cstdint>

namespace emulator {

// cublasStatus_t, cublas_api.h
enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };

// cublasComputeType_t
constexpr int COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_16F = 74, COMPUTE_32F_FAST_16BF = 75,
              COMPUTE_32F_FAST_TF32 = 77;

// cublasLtEpilogue_t
constexpr int EPILOGUE_DEFAULT = 1, EPILOGUE_RELU = 2, EPILOGUE_BIAS = 4, EPILOGUE_GELU = 32;

struct Descriptor {
    int compute, scale;
    int pointerMode = 0;
    int transA = 0, transB = 0;
    int epilogue = EPILOGUE_DEFAULT;
    void* bias = nullptr;
    std::int64_t biasBatchStride = 0;
    int biasType = -1; // that of D
    const float* aScale = nullptr; // on the device; e4m3 only
    const float* bScale = nullptr;
};

struct Layout {
    int type;
    int order = 0; // 0 column-major, 1 row-major
    std::uint64_t rows, columns;
    std::int64_t ld;
    int batch = 1;
    std::int64_t batchOffset = 0;
};

// m, n, k and what the descriptors say about the product's four matrices.
struct Product {
    Descriptor descriptor;
    Layout a, b, c, d;
    std::size_t m, n, k;
    float alpha = 1, beta = 0;
    const void* alphaPointer = nullptr;
    const void* betaPointer = nullptr;
};

// Combines descriptors; answers a Status.
int makeProduct(const Descriptor* descriptor, const Layout* a, const Layout* b, const Layout* c, const Layout* d,
                Product& p);

// d = activation(alpha a b + beta c + bias)
void run(const Product& p, const void* a, const void* b, const void* c, const void* d);

} // namespace emulator
