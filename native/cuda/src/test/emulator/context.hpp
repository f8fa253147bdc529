// Whether the calling thread has a current context, which the driver API needs and the runtime API makes.
#pragma once

#include "device.hpp"

namespace emulator {

EMULATOR_API bool& contextIsCurrent();

// The device's attributes by their number, which cudaDeviceAttr and CUdevice_attribute share.
EMULATOR_API int deviceAttribute(int attribute);

EMULATOR_API extern const char* const DEVICE_NAME;

} // namespace emulator
