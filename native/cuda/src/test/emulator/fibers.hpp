// What the shim in emulator.cuh needs of the machine that runs a block's threads as fibers.
#pragma once

#include "device.hpp"

#include <cstdint>

namespace emulator {

// Built-in variables of the running thread.
struct Coordinates {
    Size3 thread, block, blockDim, gridDim;
};
extern Coordinates here;

enum class Collective { SYNC_WARP, SHUFFLE, VOTE, LOAD_MATRIX, MMA };

constexpr int LANES = 32;

// What a lane brings to a warp-wide operation.
struct Slot {
    std::uint32_t words[8];
};

// What the lane that comes last makes of all slots, where an operation has a joint result.
struct Joint {
    std::uint32_t words[LANES * 4];
};

struct Exchange {
    const Slot* slots;  // [LANES]; those of lanes that have ended are all ones
    const Joint* joint;
};

// Waits until all lanes of mask that have not ended are here, with the same operation at the same place in the source.
Exchange exchange(Collective kind, unsigned mask, const Slot& mine, const char* file, int line,
                               void (*combine)(const Slot* slots, Joint& joint) = nullptr);

unsigned laneOfThread();

// Waits until all threads of the block that have not ended are here.
void blockBarrier(const char* file, int line);

// Shared memory of the block, filled with NaN when the block starts. The site tells one array from the next.
void* staticShared(const void* site, std::size_t bytes);
void* dynamicShared();

// Whether all bytes lie in the block's shared memory.
bool isShared(const void* address, std::size_t bytes);

// Asynchronous copies of 16 bytes; they happen when the thread waits for their group, and the target is NaN until then.
void asyncCopy(void* shared, const void* global, bool valid);
void asyncCommit();
void asyncWait(int groupsLeft);

// Ends the kernel with an error that names the running thread. Does not return.
[[noreturn]] void kernelFault(int code, const char* format, ...) __attribute__((format(printf, 2, 3)));

} // namespace emulator
