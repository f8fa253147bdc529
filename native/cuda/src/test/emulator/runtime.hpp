// How calls of the runtime API begin and answer.
#pragma once

#include "context.hpp"

#include <cuda_runtime_api.h>

namespace emulator {

// Remembers the error for cudaGetLastError.
cudaError_t answer(int error);

} // namespace emulator

// What begins each call that uses the device: the lock, the context, and an earlier kernel's error.
#define ENTER                                                                                                          \
    if (isDriverThread()) {                                                                                            \
        return cudaErrorNotPermitted;                                                                                  \
    }                                                                                                                  \
    std::lock_guard<std::recursive_mutex> lock(deviceLock());                                                          \
    contextIsCurrent() = true;                                                                                         \
    if (stickyError() != 0) {                                                                                          \
        return answer(stickyError());                                                                                  \
    }

#define NEED(condition, error)                                                                                         \
    if (!(condition)) {                                                                                                \
        return answer(error);                                                                                          \
    }

#define NOT_IN_CAPTURE                                                                                                 \
    if (int captureError = forbidInCapture()) {                                                                        \
        return answer(captureError);                                                                                   \
    }
