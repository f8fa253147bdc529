// libcudnn_graph: handles. The prototypes are those of cudnn_graph.h 9.
#include "context.hpp"
#include "cudnn.hpp"

using namespace emulator;

extern "C" {

std::size_t cudnnGetVersion() { return 91900; }

const char* cudnnGetErrorString(int status) {
    switch (status) {
    case DNN_SUCCESS:
        return "CUDNN_STATUS_SUCCESS";
    case DNN_BAD_PARAM:
        return "CUDNN_STATUS_BAD_PARAM";
    case DNN_NOT_SUPPORTED:
        return "CUDNN_STATUS_NOT_SUPPORTED";
    case DNN_INTERNAL_ERROR:
        return "CUDNN_STATUS_INTERNAL_ERROR";
    case DNN_EXECUTION_FAILED:
        return "CUDNN_STATUS_EXECUTION_FAILED";
    default:
        return "CUDNN_STATUS_UNKNOWN";
    }
}

int cudnnCreate(DnnHandle** handle) {
    std::lock_guard<std::recursive_mutex> lock(deviceLock());
    if (handle == nullptr) {
        return DNN_BAD_PARAM;
    }
    if (stickyError() != 0 || forbidInCapture() != 0) { // it allocates
        return DNN_INTERNAL_ERROR;
    }
    contextIsCurrent() = true;
    *handle = new DnnHandle;
    return DNN_SUCCESS;
}

int cudnnDestroy(DnnHandle* handle) {
    delete handle;
    return DNN_SUCCESS;
}

int cudnnSetStream(DnnHandle* handle, void* stream) {
    std::lock_guard<std::recursive_mutex> lock(deviceLock());
    if (handle == nullptr || !isStream(stream)) {
        return DNN_BAD_PARAM;
    }
    handle->stream = stream;
    return DNN_SUCCESS;
}

} // extern "C"
