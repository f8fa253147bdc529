// libcublasLt: matrix products with epilogues. The prototypes are those of cublasLt.h 13.
#include "context.hpp"
#include "product.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

using namespace emulator;

namespace {

// cublasLtMatmulDescAttributes_t
enum { DESC_POINTER_MODE = 2, DESC_TRANSA = 3, DESC_TRANSB = 4, DESC_EPILOGUE = 7, DESC_BIAS_POINTER = 8,
       DESC_A_SCALE_POINTER = 17, DESC_B_SCALE_POINTER = 18, DESC_BIAS_BATCH_STRIDE = 10, DESC_BIAS_DATA_TYPE = 26 };

// cublasLtMatrixLayoutAttribute_t
enum { LAYOUT_TYPE, LAYOUT_ORDER, LAYOUT_ROWS, LAYOUT_COLS, LAYOUT_LD, LAYOUT_BATCH_COUNT, LAYOUT_BATCH_OFFSET };

// cublasLtMatmulPreferenceAttributes_t
enum { PREF_WORKSPACE = 1, PREF_ALIGN_A = 5, PREF_ALIGN_D = 8 };

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
    case DESC_A_SCALE_POINTER:
        return set(descriptor->aScale, value, bytes);
    case DESC_B_SCALE_POINTER:
        return set(descriptor->bScale, value, bytes);
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

int cublasLtMatmulAlgoCheck(void* handle, const Descriptor* descriptor, const Layout* a, const Layout* b,
                            const Layout* c, const Layout* d, const Algorithm* algorithm, HeuristicResult* result) {
    LOCK
    if (handle != &handleTarget) {
        return NOT_INITIALIZED;
    }
    if (algorithm == nullptr || result == nullptr) {
        return INVALID_VALUE;
    }
    if (algorithm->data[0] != ALGORITHM_MARK) {
        return NOT_SUPPORTED;
    }
    Product product;
    if (int status = makeProduct(descriptor, a, b, c, d, product)) {
        return status;
    }
    *result = HeuristicResult{};
    result->algorithm = *algorithm;
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
    if (product.a.type == CUDA_R_8F_E4M3 && (reinterpret_cast<std::uintptr_t>(a) % 16 != 0 ||
                                             reinterpret_cast<std::uintptr_t>(b) % 16 != 0)) {
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
