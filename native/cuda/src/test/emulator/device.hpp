// The emulated device: its memory, streams and errors. Everything here is called with the device locked.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#define EMULATOR_API __attribute__((visibility("default")))

namespace emulator {

// One lock for the whole device: kernels, copies and calls of all host threads run one after the other.
EMULATOR_API std::recursive_mutex& deviceLock();

// A setting from the environment, or fallback where it is not set.
EMULATOR_API std::string setting(const char* name, const char* fallback);

// ---- errors: as on a real device, one that a kernel caused stays until the process ends

EMULATOR_API int stickyError();

// Prints the message and makes code the answer of all later calls; ends the process where CLIP4J_EMULATOR_ABORT is 1.
EMULATOR_API void fault(int code, const char* format, ...) __attribute__((format(printf, 2, 3)));

// ---- memory

enum class Place { UNKNOWN, DEVICE, PINNED };

EMULATOR_API void* allocate(std::size_t bytes, Place place);
// False where start is not the start of an allocation of that place.
EMULATOR_API bool release(void* start, Place place);
EMULATOR_API Place placeOf(const void* address);
// Whether all bytes lie in one living allocation, device or pinned.
EMULATOR_API bool covers(const void* address, std::size_t bytes);
EMULATOR_API bool isDevice(const void* address, std::size_t bytes);
// What is known about an address, for messages.
EMULATOR_API std::string describe(const void* address);
// Faults where something was written outside of an allocation.
EMULATOR_API void checkRedzones();
EMULATOR_API std::size_t totalMemory();
EMULATOR_API std::size_t usedMemory();

// ---- streams

struct Operation {
    std::string name;
    std::function<void()> run;
};

struct Graph {
    std::vector<Operation> operations;
};

struct Stream;
struct Event;

EMULATOR_API Stream* createStream(bool blocking);
EMULATOR_API void destroyStream(Stream* stream);
// Handles of cudaStreamLegacy and cudaStreamPerThread included; false for anything that is not a living stream.
EMULATOR_API bool isStream(const void* handle);
// Queues, runs or records the operation; 0 or a cudaError_t.
EMULATOR_API int submit(void* stream, Operation operation);
EMULATOR_API int synchronize(void* stream);
EMULATOR_API void synchronizeDevice();
// What a synchronous copy waits for: the null stream and all streams that were not created non-blocking.
EMULATOR_API void synchronizeBlockingStreams();
EMULATOR_API int queryStream(void* stream);

EMULATOR_API Event* createEvent(bool timing);
EMULATOR_API void destroyEvent(Event* event);
EMULATOR_API bool isEvent(const void* handle);
EMULATOR_API int recordEvent(Event* event, void* stream);
EMULATOR_API int waitEvent(void* stream, Event* event);
EMULATOR_API int synchronizeEvent(Event* event);
EMULATOR_API int queryEvent(Event* event);
EMULATOR_API int elapsedMillis(Event* start, Event* end, float* millis);

enum class CaptureMode { GLOBAL, THREAD_LOCAL, RELAXED };

EMULATOR_API int beginCapture(void* stream, CaptureMode mode);
EMULATOR_API int endCapture(void* stream, std::unique_ptr<Graph>& graph);
// 0 none, 1 active, 2 invalidated
EMULATOR_API int captureStatus(void* stream);
// For calls that a capture forbids in this thread (memory management, synchronous copies): 0, or the error after
// invalidating the captures.
EMULATOR_API int forbidInCapture();

// ---- kernels

struct Size3 {
    unsigned x, y, z;
};

struct Kernel {
    const char* name;
    int maxThreadsPerBlock; // of __launch_bounds__
    std::vector<std::size_t> parameterBytes;
    std::vector<bool> parameterIsPointer;
    std::function<void(void** parameters)> call;
    int maxDynamicSharedBytes = 48 * 1024; // raised by cuFuncSetAttribute
};

EMULATOR_API Kernel* findKernel(const std::string& name);

// Runs all blocks of a grid, one after the other.
EMULATOR_API void runGrid(Kernel& kernel, Size3 grid, Size3 block, std::size_t dynamicSharedBytes, void** parameters);

EMULATOR_API int computeCapability(); // e.g. 80

} // namespace emulator
