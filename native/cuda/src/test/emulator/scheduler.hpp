// What the parts of the scheduler share: the block that runs, its fibers, and the one of them that is running.
#pragma once

#include "fibers.hpp"

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

// Saves the callee-saved registers on the running stack and continues on the other.
extern "C" void emulator_switch(void** saveStackPointer, void* stackPointer);

namespace emulator {

constexpr std::size_t SHARED_BYTES = 256 * 1024;
constexpr std::size_t SHARED_REDZONE = 64;
constexpr int LAUNCH_FAILURE = 719;  // cudaErrorLaunchFailure
constexpr int ILLEGAL_ADDRESS = 700; // cudaErrorIllegalAddress

// Lanes of a warp that meet; a diverged warp can have several such groups at a time.
struct Group {
    unsigned mask = 0;
    unsigned arrived = 0;
    unsigned generation = 0;
    Collective kind{};
    const char* file = nullptr;
    int line = 0;
    void (*combine)(const Slot*, Joint&) = nullptr;
    // By the parity of the generation: the next meeting fills one half while slow lanes still read the other.
    Slot slots[2][LANES];
    Joint joint[2];
};

struct Warp {
    unsigned living = 0;
    std::deque<Group> groups;
};

struct AsyncCopy {
    void* shared;
    const void* global;
    bool valid;
};

struct Fiber {
    void* stackPointer = nullptr;
    char* stack = nullptr;
    Size3 thread{};
    unsigned lane = 0;
    Warp* warp = nullptr;
    bool done = false;
    const unsigned* waitsFor = nullptr; // runs again when this differs from the generation it saw
    unsigned seen = 0;
    std::vector<AsyncCopy> copies;
    std::deque<std::vector<AsyncCopy>> groups;

    bool runnable() const { return !done && (waitsFor == nullptr || *waitsFor != seen); }
};

struct SharedArray {
    const void* site;
    std::size_t offset, bytes;
};

struct Block {
    Kernel* kernel;
    void** parameters;
    int threads;
    std::vector<Warp> warps;
    int living = 0;
    int arrived = 0;
    unsigned generation = 0;
    const char* file = nullptr;
    int line = 0;
    std::size_t dynamicBytes = 0;
    std::size_t sharedEnd = 0;
    std::vector<SharedArray> sharedArrays;
    bool failed = false;
};

extern char sharedMemory[SHARED_BYTES];
extern Fiber* running;
extern void* schedulerStack;
extern Block block;
extern std::thread::id executingThread;

// Whether nothing was written behind the arrays in shared memory; an error of the kernel when there was.
void checkSharedRedzones();

// Makes faults of the running kernel errors of the kernel.
void installSignalHandlers();

} // namespace emulator
