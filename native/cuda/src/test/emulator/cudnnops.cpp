// libcudnn_ops: descriptors of tensors, filters and activations. The prototypes are those of cudnn_ops.h 9.
#include "cudnn.hpp"

using namespace emulator;

namespace {

template <typename T>
int create(T** descriptor) {
    if (descriptor == nullptr) {
        return DNN_BAD_PARAM;
    }
    *descriptor = new T;
    return DNN_SUCCESS;
}

template <typename T>
int destroy(T* descriptor) {
    delete descriptor;
    return DNN_SUCCESS;
}

int set(DnnTensor* tensor, int format, int type, int images, int channels, int height, int width) {
    if (tensor == nullptr || images < 1 || channels < 1 || height < 1 || width < 1) {
        return DNN_BAD_PARAM;
    }
    if (format != DNN_NHWC || (type != DNN_FLOAT && type != DNN_HALF && type != DNN_BFLOAT16)) {
        return DNN_NOT_SUPPORTED; // here
    }
    *tensor = {format, type, images, channels, height, width};
    return DNN_SUCCESS;
}

} // namespace

extern "C" {

int cudnnCreateTensorDescriptor(DnnTensor** tensor) { return create(tensor); }

int cudnnDestroyTensorDescriptor(DnnTensor* tensor) { return destroy(tensor); }

int cudnnSetTensor4dDescriptor(DnnTensor* tensor, int format, int type, int n, int c, int h, int w) {
    return set(tensor, format, type, n, c, h, w);
}

int cudnnCreateFilterDescriptor(DnnTensor** filter) { return create(filter); }

int cudnnDestroyFilterDescriptor(DnnTensor* filter) { return destroy(filter); }

int cudnnSetFilter4dDescriptor(DnnTensor* filter, int type, int format, int k, int c, int h, int w) {
    return set(filter, format, type, k, c, h, w);
}

int cudnnCreateActivationDescriptor(DnnActivation** activation) { return create(activation); }

int cudnnDestroyActivationDescriptor(DnnActivation* activation) { return destroy(activation); }

int cudnnSetActivationDescriptor(DnnActivation* activation, int mode, int nan, double) {
    if (activation == nullptr || (nan != 0 && nan != 1)) {
        return DNN_BAD_PARAM;
    }
    activation->mode = mode;
    return DNN_SUCCESS;
}

} // extern "C"
