// libcuda: the CUDA driver API. A module is whatever the caller loads; its functions are the host-compiled kernels.
#include "context.hpp"

#include <cuda.h>

#include <cstdio>
#include <cstring>
#include <set>

using namespace emulator;

namespace {

bool initialized = false;
int context = 0; // its address is the only context

std::set<void*>& modules() {
    static auto* set = new std::set<void*>;
    return *set;
}

CUcontext primaryContext() { return reinterpret_cast<CUcontext>(&context); }

CUresult result(int error) { return static_cast<CUresult>(error); }

// Device faults of a copied launch: what a real device would read or write through these pointers.
bool pointersAreValid(const Kernel& kernel, void** parameters) {
    for (std::size_t i = 0; i < kernel.parameterBytes.size(); i++) {
        void* pointer = nullptr;
        if (kernel.parameterIsPointer[i]) {
            std::memcpy(&pointer, parameters[i], sizeof pointer);
        }
        if (pointer != nullptr && !covers(pointer, 0)) {
            fault(CUDA_ERROR_ILLEGAL_ADDRESS, "kernel %s, parameter %zu: %s", kernel.name, i,
                  describe(pointer).c_str());
            return false;
        }
    }
    return true;
}

} // namespace

#define LOCK std::lock_guard<std::recursive_mutex> lock(deviceLock());

#define ENTER                                                                                                          \
    LOCK                                                                                                               \
    if (stickyError() != 0) {                                                                                          \
        return result(stickyError());                                                                                  \
    }

#define NEED(condition, error)                                                                                         \
    if (!(condition)) {                                                                                                \
        return error;                                                                                                  \
    }

#define NEED_CONTEXT NEED(contextIsCurrent(), CUDA_ERROR_INVALID_CONTEXT)

extern "C" {

CUresult cuInit(unsigned flags) {
    NEED(flags == 0, CUDA_ERROR_INVALID_VALUE);
    NEED(setting("CLIP4J_EMULATOR_DEVICES", "1") != "0", CUDA_ERROR_NO_DEVICE);
    initialized = true;
    return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int* version) {
    *version = CUDA_VERSION;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int* count) {
    *count = std::stoi(setting("CLIP4J_EMULATOR_DEVICES", "1"));
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    NEED(initialized || contextIsCurrent(), CUDA_ERROR_NOT_INITIALIZED);
    NEED(ordinal == 0, CUDA_ERROR_INVALID_DEVICE);
    *device = 0;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    NEED(device == 0, CUDA_ERROR_INVALID_DEVICE);
    NEED(name != nullptr && length > 0, CUDA_ERROR_INVALID_VALUE);
    std::snprintf(name, length, "%s", DEVICE_NAME);
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
    NEED(device == 0, CUDA_ERROR_INVALID_DEVICE);
    *value = deviceAttribute(attribute);
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    NEED(device == 0, CUDA_ERROR_INVALID_DEVICE);
    *bytes = totalMemory();
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* made, CUdevice device) {
    ENTER
    NEED(initialized || contextIsCurrent(), CUDA_ERROR_NOT_INITIALIZED);
    NEED(device == 0, CUDA_ERROR_INVALID_DEVICE);
    *made = primaryContext();
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    NEED(device == 0, CUDA_ERROR_INVALID_DEVICE);
    return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext wanted) {
    NEED(wanted == nullptr || wanted == primaryContext(), CUDA_ERROR_INVALID_CONTEXT);
    contextIsCurrent() = wanted != nullptr;
    return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext* current) {
    *current = contextIsCurrent() ? primaryContext() : nullptr;
    return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize() {
    ENTER
    NEED_CONTEXT
    if (int error = forbidInCapture()) {
        return result(error);
    }
    synchronizeDevice();
    checkRedzones();
    return result(stickyError());
}

// ---- modules

CUresult cuModuleLoadData(CUmodule* module, const void* image) {
    ENTER
    NEED_CONTEXT
    NEED(module != nullptr && image != nullptr, CUDA_ERROR_INVALID_VALUE);
    void* made = new char;
    modules().insert(made);
    *module = static_cast<CUmodule>(made);
    return CUDA_SUCCESS;
}

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned, CUjit_option*, void**) {
    return cuModuleLoadData(module, image);
}

CUresult cuModuleUnload(CUmodule module) {
    ENTER
    NEED_CONTEXT
    NEED(modules().erase(module) != 0, CUDA_ERROR_INVALID_HANDLE);
    delete reinterpret_cast<char*>(module);
    return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
    ENTER
    NEED_CONTEXT
    NEED(modules().count(module) != 0, CUDA_ERROR_INVALID_HANDLE);
    NEED(function != nullptr && name != nullptr, CUDA_ERROR_INVALID_VALUE);
    Kernel* kernel = findKernel(name);
    *function = reinterpret_cast<CUfunction>(kernel);
    return kernel == nullptr ? CUDA_ERROR_NOT_FOUND : CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function) {
    ENTER
    NEED(value != nullptr && function != nullptr, CUDA_ERROR_INVALID_VALUE);
    const auto& kernel = *reinterpret_cast<const Kernel*>(function);
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        *value = kernel.maxThreadsPerBlock;
        break;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
        *value = kernel.maxDynamicSharedBytes;
        break;
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
        *value = computeCapability();
        break;
    default:
        *value = 0;
    }
    return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
    ENTER
    NEED(function != nullptr, CUDA_ERROR_INVALID_VALUE);
    if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
        NEED(value >= 0 && value <= deviceAttribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
             CUDA_ERROR_INVALID_VALUE);
        reinterpret_cast<Kernel*>(function)->maxDynamicSharedBytes = value;
    }
    return CUDA_SUCCESS;
}

// ---- launches

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters,
                        void** extra) {
    ENTER
    NEED_CONTEXT
    NEED(isStream(stream), CUDA_ERROR_INVALID_HANDLE);
    NEED(function != nullptr && extra == nullptr, CUDA_ERROR_INVALID_VALUE);
    auto* kernel = reinterpret_cast<Kernel*>(function);
    NEED(gridX > 0 && gridY > 0 && gridZ > 0 && gridX <= 0x7FFFFFFFu && gridY <= 65535 && gridZ <= 65535,
         CUDA_ERROR_INVALID_VALUE);
    NEED(blockX > 0 && blockY > 0 && blockZ > 0 && blockX <= 1024 && blockY <= 1024 && blockZ <= 64,
         CUDA_ERROR_INVALID_VALUE);
    NEED(static_cast<unsigned long long>(blockX) * blockY * blockZ <=
             static_cast<unsigned long long>(kernel->maxThreadsPerBlock),
         CUDA_ERROR_INVALID_VALUE);
    NEED(sharedBytes <= static_cast<unsigned>(kernel->maxDynamicSharedBytes), CUDA_ERROR_INVALID_VALUE);
    NEED(parameters != nullptr || kernel->parameterBytes.empty(), CUDA_ERROR_INVALID_VALUE);
    // The values are copied now, the memory behind pointers is read when the kernel runs.
    auto copies = std::make_shared<std::vector<std::vector<char>>>();
    for (std::size_t i = 0; i < kernel->parameterBytes.size(); i++) {
        NEED(parameters[i] != nullptr, CUDA_ERROR_INVALID_VALUE);
        const char* value = static_cast<const char*>(parameters[i]);
        copies->emplace_back(value, value + kernel->parameterBytes[i]);
    }
    return result(submit(stream, {kernel->name, [=] {
                                      std::vector<void*> pointers;
                                      for (std::vector<char>& copy : *copies) {
                                          pointers.push_back(copy.data());
                                      }
                                      if (pointersAreValid(*kernel, pointers.data())) {
                                          runGrid(*kernel, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes,
                                                  pointers.data());
                                      }
                                  }}));
}

// What a launch may do early is not emulated: kernels run one after the other.
CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** parameters, void** extra) {
    NEED(config != nullptr, CUDA_ERROR_INVALID_VALUE);
    for (unsigned i = 0; i < config->numAttrs; i++) {
        NEED(config->attrs[i].id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION, CUDA_ERROR_NOT_SUPPORTED);
    }
    return cuLaunchKernel(function, config->gridDimX, config->gridDimY, config->gridDimZ, config->blockDimX,
                          config->blockDimY, config->blockDimZ, config->sharedMemBytes, config->hStream, parameters,
                          extra);
}

// ---- errors

static const struct {
    CUresult code;
    const char* name;
    const char* text;
} ERRORS[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
};

CUresult cuGetErrorName(CUresult error, const char** name) {
    for (const auto& entry : ERRORS) {
        if (entry.code == error) {
            *name = entry.name;
            return CUDA_SUCCESS;
        }
    }
    *name = nullptr;
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char** text) {
    for (const auto& entry : ERRORS) {
        if (entry.code == error) {
            *text = entry.text;
            return CUDA_SUCCESS;
        }
    }
    *text = nullptr;
    return CUDA_ERROR_INVALID_VALUE;
}

} // extern "C"
