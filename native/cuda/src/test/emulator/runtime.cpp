// libcudart: the CUDA runtime API.
#include "runtime.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace emulator;

namespace {

thread_local int lastError = 0;

struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
    cudaMemcpyKind kind;
};

// Whether the pointers are what the direction says, all bytes inside of one allocation.
bool isValid(const Copy& copy) {
    bool toDevice = placeOf(copy.to) == Place::DEVICE;
    bool fromDevice = placeOf(copy.from) == Place::DEVICE;
    bool direction = copy.kind == cudaMemcpyDefault ||
                     (toDevice == (copy.kind == cudaMemcpyHostToDevice || copy.kind == cudaMemcpyDeviceToDevice) &&
                      fromDevice == (copy.kind == cudaMemcpyDeviceToHost || copy.kind == cudaMemcpyDeviceToDevice));
    auto inside = [&copy](const void* start) {
        return placeOf(start) == Place::UNKNOWN || covers(start, copy.bytes);
    };
    return copy.to != nullptr && copy.from != nullptr && direction && inside(copy.to) && inside(copy.from);
}

void run(const Copy& copy) {
    if (!isValid(copy)) { // memory that was freed since the call
        fault(cudaErrorIllegalAddress, "a copy of %zu bytes from %s to %s", copy.bytes, describe(copy.from).c_str(),
              describe(copy.to).c_str());
        return;
    }
    std::memmove(copy.to, copy.from, copy.bytes);
}

} // namespace

cudaError_t emulator::answer(int error) {
    if (error != 0 && error != cudaErrorNotReady) {
        lastError = error;
    }
    return static_cast<cudaError_t>(error);
}

extern "C" {

// ---- device and errors

cudaError_t cudaGetDeviceCount(int* count) {
    *count = std::stoi(setting("CLIP4J_EMULATOR_DEVICES", "1"));
    return answer(*count == 0 ? cudaErrorNoDevice : 0);
}

cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    NEED(device == 0, cudaErrorInvalidDevice);
    ENTER
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    NEED(device == 0, cudaErrorInvalidDevice);
    NEED(attribute > 0 && attribute < cudaDevAttrMax, cudaErrorInvalidValue);
    *value = deviceAttribute(attribute);
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    NEED(device == 0, cudaErrorInvalidDevice);
    std::memset(properties, 0, sizeof *properties);
    std::snprintf(properties->name, sizeof properties->name, "%s", DEVICE_NAME);
    properties->major = computeCapability() / 10;
    properties->minor = computeCapability() % 10;
    properties->totalGlobalMem = totalMemory();
    properties->sharedMemPerBlock = deviceAttribute(cudaDevAttrMaxSharedMemoryPerBlock);
    properties->sharedMemPerBlockOptin = deviceAttribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = 1024;
    properties->multiProcessorCount = deviceAttribute(cudaDevAttrMultiProcessorCount);
    return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device) {
    NEED(device == 0, cudaErrorInvalidDevice);
    NEED(length > 12, cudaErrorInvalidValue);
    std::snprintf(id, length, "0000:00:00.0");
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}

// Names and descriptions as in driver_types.h, of the errors that the emulator gives.
static const struct {
    int code;
    const char* name;
    const char* text;
} ERRORS[] = {
    {0, "cudaSuccess", "no error"},
    {1, "cudaErrorInvalidValue", "invalid argument"},
    {2, "cudaErrorMemoryAllocation", "out of memory"},
    {100, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {101, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {209, "cudaErrorNoKernelImageForDevice", "no kernel image is available for execution on the device"},
    {400, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {401, "cudaErrorIllegalState", "the operation cannot be performed in the present state"},
    {600, "cudaErrorNotReady", "device not ready"},
    {700, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {701, "cudaErrorLaunchOutOfResources", "too many resources requested for launch"},
    {716, "cudaErrorMisalignedAddress", "misaligned address"},
    {719, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {900, "cudaErrorStreamCaptureUnsupported", "operation not permitted when stream is capturing"},
    {901, "cudaErrorStreamCaptureInvalidated", "operation failed due to a previous error during capture"},
    {902, "cudaErrorStreamCaptureMerge", "operation would result in a merge of separate capture sequences"},
    {903, "cudaErrorStreamCaptureUnmatched", "capture was not ended in the same stream as it began"},
    {904, "cudaErrorStreamCaptureUnjoined", "capturing stream has unjoined work"},
    {905, "cudaErrorStreamCaptureIsolation", "dependency created on uncaptured work in another stream"},
    {906, "cudaErrorStreamCaptureImplicit",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {907, "cudaErrorCapturedEvent", "operation not permitted on an event last recorded in a capturing stream"},
    {908, "cudaErrorStreamCaptureWrongThread",
     "attempt to terminate a thread-local capture sequence from another thread"},
};

const char* cudaGetErrorName(cudaError_t error) {
    for (const auto& entry : ERRORS) {
        if (entry.code == error) {
            return entry.name;
        }
    }
    return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
    for (const auto& entry : ERRORS) {
        if (entry.code == error) {
            return entry.text;
        }
    }
    return "unrecognized error code";
}

cudaError_t cudaPeekAtLastError() {
    std::lock_guard<std::recursive_mutex> lock(deviceLock());
    return static_cast<cudaError_t>(stickyError() != 0 ? stickyError() : lastError);
}

cudaError_t cudaGetLastError() {
    cudaError_t error = cudaPeekAtLastError();
    lastError = 0;
    return error;
}

cudaError_t cudaDeviceSynchronize() {
    ENTER
    NOT_IN_CAPTURE
    synchronizeDevice();
    checkRedzones();
    return answer(stickyError());
}

// ---- memory

cudaError_t cudaMalloc(void** start, size_t bytes) {
    ENTER
    NOT_IN_CAPTURE
    NEED(start != nullptr, cudaErrorInvalidValue);
    *start = bytes == 0 ? nullptr : allocate(bytes, Place::DEVICE);
    return answer(bytes != 0 && *start == nullptr ? cudaErrorMemoryAllocation : 0);
}

cudaError_t cudaFree(void* start) {
    ENTER
    NOT_IN_CAPTURE
    synchronizeDevice();
    NEED(start == nullptr || release(start, Place::DEVICE), cudaErrorInvalidValue);
    return answer(stickyError());
}

cudaError_t cudaHostAlloc(void** start, size_t bytes, unsigned) {
    ENTER
    NOT_IN_CAPTURE
    NEED(start != nullptr, cudaErrorInvalidValue);
    *start = bytes == 0 ? nullptr : allocate(bytes, Place::PINNED);
    return answer(bytes != 0 && *start == nullptr ? cudaErrorMemoryAllocation : 0);
}

cudaError_t cudaMallocHost(void** start, size_t bytes) { return cudaHostAlloc(start, bytes, 0); }

cudaError_t cudaFreeHost(void* start) {
    ENTER
    NOT_IN_CAPTURE
    synchronizeDevice();
    NEED(start == nullptr || release(start, Place::PINNED), cudaErrorInvalidValue);
    return answer(stickyError());
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
    ENTER
    *total = totalMemory();
    *free = totalMemory() - usedMemory();
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
    ENTER
    std::memset(attributes, 0, sizeof *attributes);
    switch (placeOf(address)) {
    case Place::DEVICE:
        attributes->type = cudaMemoryTypeDevice;
        attributes->devicePointer = const_cast<void*>(address);
        break;
    case Place::PINNED:
        attributes->type = cudaMemoryTypeHost;
        attributes->devicePointer = attributes->hostPointer = const_cast<void*>(address);
        break;
    default:
        attributes->type = cudaMemoryTypeUnregistered;
        attributes->hostPointer = const_cast<void*>(address);
        attributes->device = -2;
    }
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* start, int value, size_t bytes, cudaStream_t stream) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    NEED(bytes == 0 || isDevice(start, bytes), cudaErrorInvalidValue);
    return answer(submit(stream, {"memset", [start, value, bytes] {
                                      if (bytes == 0 || isDevice(start, bytes)) {
                                          std::memset(start, value, bytes);
                                      } else {
                                          fault(cudaErrorIllegalAddress, "a memset of %zu bytes at %s", bytes,
                                                describe(start).c_str());
                                      }
                                  }}));
}

cudaError_t cudaMemset(void* start, int value, size_t bytes) {
    ENTER
    NOT_IN_CAPTURE
    return cudaMemsetAsync(start, value, bytes, nullptr);
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    ENTER
    NOT_IN_CAPTURE
    if (bytes == 0) {
        return cudaSuccess;
    }
    Copy copy{to, from, bytes, kind};
    NEED(isValid(copy), cudaErrorInvalidValue);
    synchronizeBlockingStreams();
    run(copy);
    return answer(stickyError());
}

// Host memory that is not pinned is read before the call returns, and written before it returns, as the programming
// guide's "API synchronization behavior" says; a captured copy happens whenever the graph runs.
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    if (bytes == 0) {
        return cudaSuccess;
    }
    Copy copy{to, from, bytes, kind};
    NEED(isValid(copy), cudaErrorInvalidValue);
    if (captureStatus(stream) == 0 && placeOf(from) == Place::UNKNOWN) {
        auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(from),
                                                          static_cast<const char*>(from) + bytes);
        return answer(submit(stream, {"memcpy", [copy, staged] {
                                          run({copy.to, staged->data(), copy.bytes, copy.kind});
                                      }}));
    }
    int error = submit(stream, {"memcpy", [copy] { run(copy); }});
    if (error == 0 && captureStatus(stream) == 0 && placeOf(to) == Place::UNKNOWN) {
        error = synchronize(stream);
    }
    return answer(error);
}

// ---- streams and events

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    ENTER
    NEED(stream != nullptr && flags <= cudaStreamNonBlocking, cudaErrorInvalidValue);
    *stream = reinterpret_cast<cudaStream_t>(createStream(flags != cudaStreamNonBlocking));
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
    return cudaStreamCreateWithFlags(stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    ENTER
    NEED(stream != nullptr && isStream(stream), cudaErrorInvalidResourceHandle);
    destroyStream(reinterpret_cast<Stream*>(stream));
    return answer(stickyError());
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    return answer(synchronize(stream));
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    return answer(queryStream(stream));
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    ENTER
    NEED(isStream(stream) && isEvent(event), cudaErrorInvalidResourceHandle);
    return answer(waitEvent(stream, reinterpret_cast<Event*>(event)));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    NEED(function != nullptr, cudaErrorInvalidValue);
    return answer(submit(stream, {"host function", [function, argument] { callOnDriverThread(function, argument); }}));
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    ENTER
    NEED(event != nullptr, cudaErrorInvalidValue);
    *event = reinterpret_cast<cudaEvent_t>(createEvent((flags & cudaEventDisableTiming) == 0));
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    ENTER
    NEED(isEvent(event), cudaErrorInvalidResourceHandle);
    destroyEvent(reinterpret_cast<Event*>(event));
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    ENTER
    NEED(isStream(stream) && isEvent(event), cudaErrorInvalidResourceHandle);
    return answer(recordEvent(reinterpret_cast<Event*>(event), stream));
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    ENTER
    NEED(isEvent(event), cudaErrorInvalidResourceHandle);
    return answer(synchronizeEvent(reinterpret_cast<Event*>(event)));
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    ENTER
    NEED(isEvent(event), cudaErrorInvalidResourceHandle);
    return answer(queryEvent(reinterpret_cast<Event*>(event)));
}

cudaError_t cudaEventElapsedTime(float* millis, cudaEvent_t start, cudaEvent_t end) {
    ENTER
    NEED(isEvent(start) && isEvent(end), cudaErrorInvalidResourceHandle);
    return answer(elapsedMillis(reinterpret_cast<Event*>(start), reinterpret_cast<Event*>(end), millis));
}

} // extern "C"
