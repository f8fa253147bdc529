// libcublasLt: matrix products with epilogues. The prototypes are those of cublasLt.h 13.
#include "context.hpp"
#include "gemm.hpp"

#include <library_types.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

using namespace emulator;

namespace {

// cublasStatus_t, cublas_api.h
enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };

// cublasComputeType_t
constexpr int COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_16F = 74, COMPUTE_32F_FAST_16BF = 75,
              COMPUTE_32F_FAST_TF32 = 77;

// cublasLtEpilogue_t
constexpr int EPILOGUE_DEFAULT = 1, EPILOGUE_RELU = 2, EPILOGUE_BIAS = 4, EPILOGUE_GELU = 32;

// cublasLtMatmulDescAttributes_t
enum { DESC_POINTER_MODE = 2, DESC_TRANSA = 3, DESC_TRANSB = 4, DESC_EPILOGUE = 7, DESC_BIAS_POINTER = 8,
       DESC_BIAS_BATCH_STRIDE = 10, DESC_BIAS_DATA_TYPE = 26 };

// cublasLtMatrixLayoutAttribute_t
enum { LAYOUT_TYPE, LAYOUT_ORDER, LAYOUT_ROWS, LAYOUT_COLS, LAYOUT_LD, LAYOUT_BATCH_COUNT, LAYOUT_BATCH_OFFSET };

// cublasLtMatmulPreferenceAttributes_t
enum { PREF_WORKSPACE = 1, PREF_ALIGN_A = 5, PREF_ALIGN_D = 8 };

struct Descriptor {
    int compute, scale;
    int pointerMode = 0;
    int transA = 0, transB = 0;
    int epilogue = EPILOGUE_DEFAULT;
    void* bias = nullptr;
    std::int64_t biasBatchStride = 0;
    int biasType = -1; // that of D
};

struct Layout {
    int type;
    int order = 0; // 0 column-major, 1 row-major
    std::uint64_t rows, columns;
    std::int64_t ld;
    int batch = 1;
    std::int64_t batchOffset = 0;
};

struct Preference {
    std::uint64_t workspace = 0;
    std::uint32_t alignment[4] = {256, 256, 256, 256};
};

// cublasLtMatmulAlgo_t and cublasLtMatmulHeuristicResult_t
struct Algorithm {
    std::uint64_t data[8];
};

struct HeuristicResult {
    Algorithm algorithm;
    std::size_t workspaceBytes;
    int state;
    float wavesCount;
    int reserved[4];
};

constexpr std::uint64_t ALGORITHM_MARK = 0x636c697034656d75; // tells ours from uninitialized memory

// m, n, k and what the descriptors say about the product's four matrices.
struct Product {
    Descriptor descriptor;
    Layout a, b, c, d;
    std::size_t m, n, k;
    float alpha = 1, beta = 0;
    const void* alphaPointer = nullptr;
    const void* betaPointer = nullptr;
};

bool element(int type, Element& out) {
    out = type == CUDA_R_32F ? Element::F32 : type == CUDA_R_16F ? Element::F16 : Element::BF16;
    return type == CUDA_R_32F || type == CUDA_R_16F || type == CUDA_R_16BF;
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

int checkTypes(const Product& p) {
    Element ignored;
    if (!element(p.a.type, ignored) || !element(p.d.type, ignored) || p.a.type != p.b.type || p.c.type != p.d.type) {
        return NOT_SUPPORTED;
    }
    if (p.descriptor.scale != CUDA_R_32F || (p.a.type == CUDA_R_32F && p.d.type != CUDA_R_32F) ||
        (p.d.type != CUDA_R_32F && p.d.type != p.a.type)) {
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
    // cublasLtMatmul's table of types: the bias has the type of C and D.
    bool hasBias = epilogue != EPILOGUE_DEFAULT && (epilogue & EPILOGUE_BIAS) != 0;
    if (hasBias && p.descriptor.biasType != -1 && p.descriptor.biasType != p.d.type) {
        return NOT_SUPPORTED;
    }
    return SUCCESS;
}

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

void run(const Product& p, const void* a, const void* b, const void* c, const void* d) {
    float alpha = p.alpha;
    float beta = p.beta;
    if (p.alphaPointer != nullptr) {
        std::memcpy(&alpha, p.alphaPointer, sizeof alpha);
        std::memcpy(&beta, p.betaPointer, sizeof beta);
    }
    bool hasBias = p.descriptor.epilogue != EPILOGUE_DEFAULT && (p.descriptor.epilogue & EPILOGUE_BIAS) != 0;
    Element biasElement;
    element(p.d.type, biasElement);
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

template <typename T>
int set(T& field, const void* value, std::size_t bytes) {
    if (value == nullptr || bytes != sizeof field) {
        return INVALID_VALUE;
    }
    std::memcpy(&field, value, sizeof field);
    return SUCCESS;
}

#define LOCK std::lock_guard<std::recursive_mutex> lock(deviceLock());

int handleTarget; // its address is every handle

} // namespace

extern "C" {

int cublasLtCreate(void** handle) {
    LOCK
    if (handle == nullptr) {
        return INVALID_VALUE;
    }
    contextIsCurrent() = true;
    *handle = &handleTarget;
    return stickyError() != 0 ? EXECUTION_FAILED : SUCCESS;
}

int cublasLtDestroy(void* handle) { return handle == &handleTarget ? SUCCESS : NOT_INITIALIZED; }

std::size_t cublasLtGetVersion() { return 130100; }

std::size_t cublasLtGetCudartVersion() { return 13000; }

const char* cublasLtGetStatusName(int status) {
    switch (status) {
    case SUCCESS:
        return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED:
        return "CUBLAS_STATUS_NOT_INITIALIZED";
    case INVALID_VALUE:
        return "CUBLAS_STATUS_INVALID_VALUE";
    case EXECUTION_FAILED:
        return "CUBLAS_STATUS_EXECUTION_FAILED";
    case NOT_SUPPORTED:
        return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
        return "CUBLAS_STATUS_UNKNOWN";
    }
}

const char* cublasLtGetStatusString(int status) { return cublasLtGetStatusName(status); }

int cublasLtMatmulDescCreate(Descriptor** descriptor, int compute, int scale) {
    if (descriptor == nullptr) {
        return INVALID_VALUE;
    }
    *descriptor = new Descriptor{compute, scale};
    return SUCCESS;
}

int cublasLtMatmulDescDestroy(Descriptor* descriptor) {
    delete descriptor;
    return SUCCESS;
}

int cublasLtMatmulDescSetAttribute(Descriptor* descriptor, int attribute, const void* value, std::size_t bytes) {
    switch (attribute) {
    case DESC_POINTER_MODE:
        return set(descriptor->pointerMode, value, bytes);
    case DESC_TRANSA:
        return set(descriptor->transA, value, bytes);
    case DESC_TRANSB:
        return set(descriptor->transB, value, bytes);
    case DESC_EPILOGUE:
        return set(descriptor->epilogue, value, bytes);
    case DESC_BIAS_POINTER:
        return set(descriptor->bias, value, bytes);
    case DESC_BIAS_BATCH_STRIDE:
        return set(descriptor->biasBatchStride, value, bytes);
    case DESC_BIAS_DATA_TYPE:
        return set(descriptor->biasType, value, bytes);
    default:
        return NOT_SUPPORTED;
    }
}

int cublasLtMatrixLayoutCreate(Layout** layout, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t ld) {
    if (layout == nullptr) {
        return INVALID_VALUE;
    }
    *layout = new Layout{type, 0, rows, columns, ld};
    return SUCCESS;
}

int cublasLtMatrixLayoutDestroy(Layout* layout) {
    delete layout;
    return SUCCESS;
}

int cublasLtMatrixLayoutSetAttribute(Layout* layout, int attribute, const void* value, std::size_t bytes) {
    switch (attribute) {
    case LAYOUT_TYPE:
        return set(layout->type, value, bytes);
    case LAYOUT_ORDER: {
        int order = 0;
        int status = set(order, value, bytes);
        if (status == SUCCESS && order > 1) {
            return NOT_SUPPORTED;
        }
        layout->order = order;
        return status;
    }
    case LAYOUT_ROWS:
        return set(layout->rows, value, bytes);
    case LAYOUT_COLS:
        return set(layout->columns, value, bytes);
    case LAYOUT_LD:
        return set(layout->ld, value, bytes);
    case LAYOUT_BATCH_COUNT:
        return set(layout->batch, value, bytes);
    case LAYOUT_BATCH_OFFSET:
        return set(layout->batchOffset, value, bytes);
    default:
        return NOT_SUPPORTED;
    }
}

int cublasLtMatmulPreferenceCreate(Preference** preference) {
    if (preference == nullptr) {
        return INVALID_VALUE;
    }
    *preference = new Preference;
    return SUCCESS;
}

int cublasLtMatmulPreferenceDestroy(Preference* preference) {
    delete preference;
    return SUCCESS;
}

int cublasLtMatmulPreferenceSetAttribute(Preference* preference, int attribute, const void* value, std::size_t bytes) {
    if (attribute == PREF_WORKSPACE) {
        return set(preference->workspace, value, bytes);
    }
    if (attribute >= PREF_ALIGN_A && attribute <= PREF_ALIGN_D) {
        return set(preference->alignment[attribute - PREF_ALIGN_A], value, bytes);
    }
    return SUCCESS; // search modes and masks make no difference here
}

// The algorithms differ only in their number. Each remembers the alignment that it was asked for, of which real ones
// use at most 16 bytes.
int cublasLtMatmulAlgoGetHeuristic(void* handle, const Descriptor* descriptor, const Layout* a, const Layout* b,
                                   const Layout* c, const Layout* d, const Preference* preference, int wanted,
                                   HeuristicResult* results, int* count) {
    LOCK
    if (handle != &handleTarget) {
        return NOT_INITIALIZED;
    }
    if (preference == nullptr || results == nullptr || count == nullptr || wanted < 1) {
        return INVALID_VALUE;
    }
    *count = 0;
    Product product;
    if (int status = makeProduct(descriptor, a, b, c, d, product)) {
        return status;
    }
    for (*count = 0; *count < std::min(wanted, 2); ++*count) {
        HeuristicResult result{};
        result.algorithm.data[0] = ALGORITHM_MARK;
        result.algorithm.data[1] = static_cast<std::uint64_t>(*count);
        for (int i = 0; i < 4; i++) {
            result.algorithm.data[2 + i] = std::min(preference->alignment[i], 16u);
        }
        result.wavesCount = 1;
        results[*count] = result;
    }
    return SUCCESS;
}

int cublasLtMatmul(void* handle, const Descriptor* descriptor, const void* alpha, const void* a, const Layout* aLayout,
                   const void* b, const Layout* bLayout, const void* beta, const void* c, const Layout* cLayout,
                   void* d, const Layout* dLayout, const Algorithm* algorithm, void* workspace,
                   std::size_t workspaceBytes, void* stream) {
    LOCK
    if (handle != &handleTarget) {
        return NOT_INITIALIZED;
    }
    if (stickyError() != 0) {
        return EXECUTION_FAILED;
    }
    Product product;
    if (int status = makeProduct(descriptor, aLayout, bLayout, cLayout, dLayout, product)) {
        return status;
    }
    bool hasBias = descriptor->epilogue != EPILOGUE_DEFAULT && (descriptor->epilogue & EPILOGUE_BIAS) != 0;
    if (alpha == nullptr || beta == nullptr || a == nullptr || b == nullptr || d == nullptr || !isStream(stream) ||
        (hasBias && descriptor->bias == nullptr) || (workspaceBytes > 0 && !isDevice(workspace, workspaceBytes))) {
        return INVALID_VALUE;
    }
    if (descriptor->pointerMode == 0) {
        std::memcpy(&product.alpha, alpha, sizeof(float));
        std::memcpy(&product.beta, beta, sizeof(float));
        if (product.beta != 0 && c == nullptr) {
            return INVALID_VALUE;
        }
    } else if (descriptor->pointerMode == 1) {
        product.alphaPointer = alpha;
        product.betaPointer = beta;
    } else {
        return NOT_SUPPORTED;
    }
    if (c == d && (cLayout->ld != dLayout->ld || cLayout->order != dLayout->order)) {
        return INVALID_VALUE;
    }
    if (algorithm != nullptr) {
        if (algorithm->data[0] != ALGORITHM_MARK) {
            return INVALID_VALUE;
        }
        const void* matrices[] = {a, b, c == nullptr ? d : c, d};
        for (int i = 0; i < 4; i++) {
            if (reinterpret_cast<std::uintptr_t>(matrices[i]) % algorithm->data[2 + i] != 0) {
                return INVALID_VALUE; // less aligned than the preference that found the algorithm said
            }
        }
    }
    int error = submit(stream, {"cublasLtMatmul", [=] { run(product, a, b, c, d); }});
    return error != 0 ? EXECUTION_FAILED : SUCCESS;
}

} // extern "C"
