#include "product.hpp"

#include "context.hpp"

#include <cmath>
#include <cstring>
#include <vector>

namespace emulator {

namespace {

bool element(int type, Element& out) {
    out = type == CUDA_R_32F ? Element::F32 : type == CUDA_R_16F ? Element::F16
          : type == CUDA_R_8F_E4M3 ? Element::E4M3 : Element::BF16;
    return type == CUDA_R_32F || type == CUDA_R_16F || type == CUDA_R_16BF || type == CUDA_R_8F_E4M3;
}

Matrix matrix(const Layout& layout, const void* start, int batch) {
    Matrix m{};
    element(layout.type, m.type);
    m.start = static_cast<char*>(const_cast<void*>(start)) +
              batch * layout.batchOffset * static_cast<std::ptrdiff_t>(sizeOf(m.type));
    m.rowStride = layout.order == 0 ? 1 : layout.ld;
    m.columnStride = layout.order == 0 ? layout.ld : 1;
    return m;
}

Matrix transposed(Matrix m) {
    std::swap(m.rowStride, m.columnStride);
    return m;
}

// Bytes from the first element to the last one of a batch entry.
std::size_t extentBytes(const Layout& layout) {
    std::uint64_t lines = layout.order == 0 ? layout.columns : layout.rows;
    std::uint64_t length = layout.order == 0 ? layout.rows : layout.columns;
    Element type;
    element(layout.type, type);
    return ((lines - 1) * static_cast<std::uint64_t>(layout.ld) + length) * sizeOf(type);
}

bool leadingDimensionIsValid(const Layout& layout) {
    std::uint64_t length = layout.order == 0 ? layout.rows : layout.columns;
    return layout.rows > 0 && layout.columns > 0 && layout.ld >= static_cast<std::int64_t>(length);
}

// cublasLtMatmul's requirements of FP8 kernels: the card, A transposed and B not, dimensions and strides of 16 bytes.
bool fp8IsSupported(const Product& p) {
    const Descriptor& d = p.descriptor;
    return computeCapability() >= 89 && d.transA != 0 && d.transB == 0 && d.compute == COMPUTE_32F && p.m % 16 == 0
           && p.k % 16 == 0 && p.a.ld % 16 == 0 && p.b.ld % 16 == 0
           && (p.d.type == CUDA_R_16F || p.d.type == CUDA_R_16BF || p.d.type == CUDA_R_32F);
}

// cublasLtMatmul's table of types: the bias has the type of C and D, but beside FP8 factors and an f32 result.
int biasTypeOf(const Product& p) {
    return p.a.type == CUDA_R_8F_E4M3 && p.d.type == CUDA_R_32F ? CUDA_R_16BF : p.d.type;
}

int checkTypes(const Product& p) {
    Element ignored;
    if (!element(p.a.type, ignored) || !element(p.d.type, ignored) || p.a.type != p.b.type || p.c.type != p.d.type) {
        return NOT_SUPPORTED;
    }
    if (p.descriptor.scale != CUDA_R_32F || (p.a.type == CUDA_R_32F && p.d.type != CUDA_R_32F) ||
        (p.d.type != CUDA_R_32F && p.d.type != p.a.type && p.a.type != CUDA_R_8F_E4M3) ||
        p.d.type == CUDA_R_8F_E4M3 || (p.a.type == CUDA_R_8F_E4M3 && !fp8IsSupported(p))) {
        return NOT_SUPPORTED;
    }
    switch (p.descriptor.compute) {
    case COMPUTE_32F:
    case COMPUTE_32F_PEDANTIC:
        break;
    case COMPUTE_32F_FAST_16F:
    case COMPUTE_32F_FAST_16BF:
    case COMPUTE_32F_FAST_TF32:
        if (p.a.type != CUDA_R_32F) {
            return NOT_SUPPORTED;
        }
        break;
    default:
        return NOT_SUPPORTED;
    }
    int epilogue = p.descriptor.epilogue;
    if (epilogue != EPILOGUE_DEFAULT && (epilogue & ~(EPILOGUE_RELU | EPILOGUE_BIAS | EPILOGUE_GELU)) != 0) {
        return NOT_SUPPORTED;
    }
    bool hasBias = epilogue != EPILOGUE_DEFAULT && (epilogue & EPILOGUE_BIAS) != 0;
    if (hasBias && p.descriptor.biasType != -1 && p.descriptor.biasType != biasTypeOf(p)) {
        return NOT_SUPPORTED;
    }
    return SUCCESS;
}

float activate(int epilogue, float x) {
    if (epilogue == EPILOGUE_DEFAULT) {
        return x;
    }
    if ((epilogue & EPILOGUE_RELU) != 0) {
        return x < 0 ? 0 : x; // NaN stays
    }
    if ((epilogue & EPILOGUE_GELU) != 0) { // the tanh form, as cublasLtEpilogue_t says
        return 0.5f * x * (1 + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x)));
    }
    return x;
}

} // namespace

int makeProduct(const Descriptor* descriptor, const Layout* a, const Layout* b, const Layout* c, const Layout* d,
                Product& p) {
    if (descriptor == nullptr || a == nullptr || b == nullptr || c == nullptr || d == nullptr) {
        return INVALID_VALUE;
    }
    p.descriptor = *descriptor;
    p.a = *a;
    p.b = *b;
    p.c = *c;
    p.d = *d;
    bool transA = descriptor->transA != 0;
    bool transB = descriptor->transB != 0;
    p.m = transA ? a->columns : a->rows;
    p.k = transA ? a->rows : a->columns;
    p.n = transB ? b->rows : b->columns;
    std::uint64_t bDepth = transB ? b->columns : b->rows;
    if (bDepth != p.k || d->rows != p.m || d->columns != p.n || c->rows != p.m || c->columns != p.n) {
        return INVALID_VALUE;
    }
    for (const Layout* layout : {a, b, c, d}) {
        if (!leadingDimensionIsValid(*layout) || layout->batch != d->batch || layout->batch < 1) {
            return INVALID_VALUE;
        }
    }
    return checkTypes(p);
}

void run(const Product& p, const void* a, const void* b, const void* c, const void* d) {
    float alpha = p.alpha;
    float beta = p.beta;
    if (p.alphaPointer != nullptr) {
        std::memcpy(&alpha, p.alphaPointer, sizeof alpha);
        std::memcpy(&beta, p.betaPointer, sizeof beta);
    }
    bool hasBias = p.descriptor.epilogue != EPILOGUE_DEFAULT && (p.descriptor.epilogue & EPILOGUE_BIAS) != 0;
    Element biasElement;
    element(biasTypeOf(p), biasElement);
    for (const float* scale : {p.descriptor.aScale, p.descriptor.bScale}) {
        if (scale != nullptr && !covers(scale, sizeof *scale)) {
            fault(700, "cublasLtMatmul: a scale is not in memory of the device: %s", describe(scale).c_str());
            return;
        }
        alpha *= scale == nullptr ? 1 : *scale;
    }
    std::vector<float> sums(p.m * p.n);
    for (int batch = 0; batch < p.d.batch; batch++) {
        Matrix from = matrix(p.c, c, batch);
        Matrix to = matrix(p.d, d, batch);
        Matrix bias{static_cast<char*>(p.descriptor.bias) +
                        batch * p.descriptor.biasBatchStride * static_cast<std::ptrdiff_t>(sizeOf(biasElement)),
                    biasElement, 1, 0};
        auto covered = [&](const char* name, const Matrix& m, std::size_t bytes) {
            if (covers(m.start, bytes)) {
                return true;
            }
            fault(700, "cublasLtMatmul m=%zu n=%zu k=%zu batch=%d: %s needs %zu bytes from %s", p.m, p.n, p.k, batch,
                  name, bytes, describe(m.start).c_str());
            return false;
        };
        Matrix left = matrix(p.a, a, batch);
        Matrix right = matrix(p.b, b, batch);
        if (!covered("A", left, extentBytes(p.a)) || !covered("B", right, extentBytes(p.b)) ||
            !covered("D", to, extentBytes(p.d)) || (beta != 0 && !covered("C", from, extentBytes(p.c))) ||
            (hasBias && !covered("the bias", bias, p.m * sizeOf(biasElement)))) {
            return;
        }
        multiply(p.m, p.n, p.k, p.descriptor.transA != 0 ? transposed(left) : left,
                 p.descriptor.transB != 0 ? transposed(right) : right, sums.data());
        for (std::size_t j = 0; j < p.n; j++) {
            for (std::size_t i = 0; i < p.m; i++) {
                float value = alpha * sums[j * p.m + i];
                if (beta != 0) {
                    value += beta * load(from, i, j);
                }
                if (hasBias) {
                    value += load(bias, i, 0);
                }
                store(to, i, j, activate(p.descriptor.epilogue, value));
            }
        }
    }
}

} // namespace emulator
