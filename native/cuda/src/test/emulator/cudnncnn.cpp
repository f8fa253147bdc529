// libcudnn_cnn: a convolution with bias, sum and activation. The prototypes are those of cudnn_cnn.h 9.
#include "context.hpp"
#include "cudnn.hpp"
#include "gemm.hpp"

#include <cstring>
#include <vector>

using namespace emulator;

namespace {

#define LOCK std::lock_guard<std::recursive_mutex> lock(deviceLock());

struct Call {
    DnnTensor x, w, y;
    DnnConvolution operation;
    int mode;
    float alpha, beta;
    const void* xStart;
    const void* wStart;
    void* workspace;
    std::size_t workspaceBytes;
    const void* z;
    const void* bias;
    void* yStart;
};

Matrix vectorOf(const void* start, int type) {
    return {const_cast<void*>(start),
            type == DNN_FLOAT ? Element::F32 : type == DNN_HALF ? Element::F16 : Element::BF16, 0, 1};
}

std::size_t bytesOf(const DnnTensor& t) {
    return std::size_t(t.images) * t.height * t.width * t.channels * sizeOf(vectorOf(nullptr, t.type).type);
}

// f32 in 8 + 10 bits, as matrix units read it where the math type lets them.
float tf32(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x1000) & ~std::uint32_t(0x1fff);
    std::memcpy(&value, &bits, sizeof bits);
    return value;
}

int outputSize(int in, int kernel, int padding, int stride) { return (in + 2 * padding - kernel) / stride + 1; }

// Whether the descriptors go together; answers a DnnStatus.
int check(const DnnTensor* x, const DnnTensor* w, const DnnConvolution* operation, const DnnTensor* y, int algorithm) {
    if (x == nullptr || w == nullptr || operation == nullptr || y == nullptr || x->format < 0 || w->format < 0 ||
        y->format < 0 || operation->mode < 0) {
        return DNN_BAD_PARAM;
    }
    if (x->channels != w->channels || y->channels != w->images || y->images != x->images ||
        y->height != outputSize(x->height, w->height, operation->padding[0], operation->stride[0]) ||
        y->width != outputSize(x->width, w->width, operation->padding[1], operation->stride[1])) {
        return DNN_BAD_PARAM;
    }
    bool supported = x->type == w->type && x->type == y->type && operation->computeType == DNN_FLOAT &&
                     operation->mode == 1 && operation->dilation[0] == 1 && operation->dilation[1] == 1 &&
                     (algorithm == DNN_IMPLICIT_GEMM || algorithm == DNN_IMPLICIT_PRECOMP_GEMM) &&
                     (x->type != DNN_BFLOAT16 || computeCapability() >= 80);
    return supported ? DNN_SUCCESS : DNN_NOT_SUPPORTED;
}

// A table of offsets per place of the filter, as a precomputed implicit product has.
std::size_t workspaceBytes(const DnnTensor& w, int algorithm) {
    return algorithm == DNN_IMPLICIT_GEMM ? 0 : std::size_t(w.height) * w.width * w.channels * sizeof(int);
}

bool covered(const char* name, const void* start, std::size_t bytes) {
    if (covers(start, bytes)) {
        return true;
    }
    fault(700, "cudnnConvolutionBiasActivationForward: %s needs %zu bytes from %s", name, bytes,
          describe(start).c_str());
    return false;
}

std::vector<float> valuesOf(const DnnTensor& t, const void* start, bool rounds) {
    std::size_t count = bytesOf(t) / sizeOf(vectorOf(start, t.type).type);
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; i++) {
        values[i] = load(vectorOf(start, t.type), 0, i);
        values[i] = rounds ? tf32(values[i]) : values[i];
    }
    return values;
}

void run(const Call& c) {
    std::size_t channelBytes = c.y.channels * sizeOf(vectorOf(nullptr, c.y.type).type);
    if (!covered("x", c.xStart, bytesOf(c.x)) || !covered("w", c.wStart, bytesOf(c.w)) ||
        !covered("the bias", c.bias, channelBytes) || !covered("y", c.yStart, bytesOf(c.y)) ||
        (c.beta != 0 && !covered("z", c.z, bytesOf(c.y))) ||
        (c.workspaceBytes > 0 && !covered("the workspace", c.workspace, c.workspaceBytes))) {
        return;
    }
    if (c.workspaceBytes > 0) {
        std::memset(c.workspace, 0xA5, c.workspaceBytes); // whoever kept something there will see it
    }
    bool rounds = c.x.type == DNN_FLOAT && c.operation.math != DNN_FMA_MATH;
    std::vector<float> x = valuesOf(c.x, c.xStart, rounds);
    std::vector<float> w = valuesOf(c.w, c.wStart, rounds);
    std::size_t channels = c.x.channels;
    std::size_t at = 0;
    for (int pixel = 0; pixel < c.y.images * c.y.height * c.y.width; pixel++) {
        int image = pixel / c.y.width / c.y.height;
        int top = pixel / c.y.width % c.y.height * c.operation.stride[0] - c.operation.padding[0];
        int left = pixel % c.y.width * c.operation.stride[1] - c.operation.padding[1];
        for (int n = 0; n < c.y.channels; n++, at++) {
            float sum = 0;
            for (int ky = 0; ky < c.w.height; ky++) {
                for (int kx = 0; kx < c.w.width; kx++) {
                    int row = top + ky;
                    int column = left + kx;
                    if (row < 0 || row >= c.x.height || column < 0 || column >= c.x.width) {
                        continue;
                    }
                    const float* from = &x[((std::size_t(image) * c.x.height + row) * c.x.width + column) * channels];
                    const float* factor = &w[((std::size_t(n) * c.w.height + ky) * c.w.width + kx) * channels];
                    for (std::size_t i = 0; i < channels; i++) {
                        sum += from[i] * factor[i];
                    }
                }
            }
            float value = c.alpha * sum + load(vectorOf(c.bias, c.y.type), 0, n);
            if (c.beta != 0) {
                value += c.beta * load(vectorOf(c.z, c.y.type), 0, at);
            }
            store(vectorOf(c.yStart, c.y.type), 0, at, c.mode == DNN_RELU && value < 0 ? 0 : value); // NaN stays
        }
    }
}

} // namespace

extern "C" {

int cudnnCreateConvolutionDescriptor(DnnConvolution** operation) {
    if (operation == nullptr) {
        return DNN_BAD_PARAM;
    }
    *operation = new DnnConvolution;
    return DNN_SUCCESS;
}

int cudnnDestroyConvolutionDescriptor(DnnConvolution* operation) {
    delete operation;
    return DNN_SUCCESS;
}

int cudnnSetConvolution2dDescriptor(DnnConvolution* operation, int paddingY, int paddingX, int strideY, int strideX,
                                    int dilationY, int dilationX, int mode, int computeType) {
    if (operation == nullptr || paddingY < 0 || paddingX < 0 || strideY < 1 || strideX < 1 || dilationY < 1 ||
        dilationX < 1) {
        return DNN_BAD_PARAM;
    }
    *operation = {{paddingY, paddingX}, {strideY, strideX}, {dilationY, dilationX}, mode, computeType, 0};
    return DNN_SUCCESS;
}

int cudnnSetConvolutionMathType(DnnConvolution* operation, int math) {
    if (operation == nullptr || math < 0 || math > DNN_FMA_MATH) {
        return DNN_BAD_PARAM;
    }
    operation->math = math;
    return DNN_SUCCESS;
}

int cudnnGetConvolutionForwardWorkspaceSize(const DnnHandle* handle, const DnnTensor* x, const DnnTensor* w,
                                            const DnnConvolution* operation, const DnnTensor* y, int algorithm,
                                            std::size_t* bytes) {
    if (handle == nullptr || bytes == nullptr) {
        return DNN_BAD_PARAM;
    }
    int status = check(x, w, operation, y, algorithm);
    if (status == DNN_SUCCESS) {
        *bytes = workspaceBytes(*w, algorithm);
    }
    return status;
}

int cudnnConvolutionBiasActivationForward(const DnnHandle* handle, const void* alpha1, const DnnTensor* xLayout,
                                          const void* x, const DnnTensor* wLayout, const void* w,
                                          const DnnConvolution* operation, int algorithm, void* workspace,
                                          std::size_t workspaceBytesGiven, const void* alpha2,
                                          const DnnTensor* zLayout, const void* z, const DnnTensor* biasLayout,
                                          const void* bias, const DnnActivation* activation, const DnnTensor* yLayout,
                                          void* y) {
    LOCK
    if (int status = check(xLayout, wLayout, operation, yLayout, algorithm)) {
        return status;
    }
    if (handle == nullptr || alpha1 == nullptr || alpha2 == nullptr || x == nullptr || w == nullptr || z == nullptr ||
        bias == nullptr || y == nullptr || zLayout == nullptr || biasLayout == nullptr || activation == nullptr ||
        biasLayout->type != yLayout->type || biasLayout->images != 1 || biasLayout->height != 1 ||
        biasLayout->width != 1 || biasLayout->channels != yLayout->channels ||
        std::memcmp(zLayout, yLayout, sizeof *zLayout) != 0 ||
        workspaceBytesGiven < workspaceBytes(*wLayout, algorithm) ||
        (workspaceBytesGiven > 0 && !isDevice(workspace, workspaceBytesGiven))) {
        return DNN_BAD_PARAM;
    }
    if ((activation->mode != DNN_RELU && activation->mode != DNN_IDENTITY) ||
        (activation->mode == DNN_IDENTITY && algorithm != DNN_IMPLICIT_PRECOMP_GEMM)) {
        return DNN_NOT_SUPPORTED;
    }
    if (stickyError() != 0) {
        return DNN_EXECUTION_FAILED;
    }
    Call call{*xLayout, *wLayout, *yLayout, *operation, activation->mode, 0, 0, x, w, workspace, workspaceBytesGiven,
              z, bias, y};
    std::memcpy(&call.alpha, alpha1, sizeof(float));
    std::memcpy(&call.beta, alpha2, sizeof(float));
    int error = submit(handle->stream, {"cudnnConvolutionBiasActivationForward", [=] { run(call); }});
    return error != 0 ? DNN_EXECUTION_FAILED : DNN_SUCCESS;
}

} // extern "C"
