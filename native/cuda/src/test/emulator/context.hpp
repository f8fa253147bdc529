// Whether the calling thread has a current context, which the driver API needs and the runtime API makes.
#pragma once

#include "device.hpp"

namespace emulator {

EMULATOR_API bool& contextIsCurrent();

// The device's attributes by their number, which cudaDeviceAttr and CUdevice_attribute share.
EMULATOR_API int deviceAttribute(int attribute);

// Runs a function of cudaLaunchHostFunc to its end, on the driver's thread.
EMULATOR_API void callOnDriverThread(void (*function)(void*), void* argument);

// Whether the caller is such a function.
EMULATOR_API bool isDriverThread();

EMULATOR_API extern const char* const DEVICE_NAME;

} // namespace emulator
