// What libcudnn_graph, libcudnn_ops and libcudnn_cnn share: a handle and the descriptors of a convolution.
#pragma once

#include <cstdint>

namespace emulator {

// cudnnStatus_t, cudnn_graph.h 9
enum DnnStatus { DNN_SUCCESS = 0, DNN_BAD_PARAM = 2000, DNN_NOT_SUPPORTED = 3000, DNN_INTERNAL_ERROR = 4000,
                 DNN_EXECUTION_FAILED = 5000 };

// cudnnDataType_t
constexpr int DNN_FLOAT = 0, DNN_HALF = 2, DNN_BFLOAT16 = 9;

// cudnnTensorFormat_t
constexpr int DNN_NHWC = 1;

// cudnnMathType_t
constexpr int DNN_FMA_MATH = 3;

// cudnnActivationMode_t
constexpr int DNN_RELU = 1, DNN_IDENTITY = 5;

// cudnnConvolutionFwdAlgo_t: the two that real libraries have for NHWC
constexpr int DNN_IMPLICIT_GEMM = 0, DNN_IMPLICIT_PRECOMP_GEMM = 1;

struct DnnHandle {
    void* stream = nullptr;
};

// Images, or a filter with its output channels as images.
struct DnnTensor {
    int format = -1; // not set
    int type = 0;
    int images = 0, channels = 0, height = 0, width = 0;
};

struct DnnConvolution {
    int padding[2], stride[2], dilation[2];
    int mode = -1; // not set
    int computeType = 0;
    int math = 0;
};

struct DnnActivation {
    int mode = -1; // not set
};

} // namespace emulator
