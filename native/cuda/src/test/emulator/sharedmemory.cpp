// Shared memory of the block that runs, and the asynchronous copies into it.
#include "scheduler.hpp"

#include <algorithm>
#include <cstring>

namespace emulator {

namespace {

constexpr std::size_t STATIC_LIMIT = 48 * 1024; // of static shared memory: ptxas refuses more
constexpr int MISALIGNED = 716;                 // cudaErrorMisalignedAddress

bool untouchedShared(std::size_t from) {
    return std::all_of(sharedMemory + from, sharedMemory + from + SHARED_REDZONE,
                       [](char c) { return static_cast<unsigned char>(c) == 0xFF; });
}

} // namespace

alignas(256) char sharedMemory[SHARED_BYTES];

void checkSharedRedzones() {
    bool intact = untouchedShared((block.dynamicBytes + 15) / 16 * 16);
    for (const SharedArray& array : block.sharedArrays) {
        intact &= untouchedShared(array.offset + (array.bytes + 15) / 16 * 16);
    }
    if (!intact) {
        fault(ILLEGAL_ADDRESS, "kernel %s, block (%u,%u,%u): something wrote past the end of shared memory",
              block.kernel->name, here.block.x, here.block.y, here.block.z);
    }
}

void* staticShared(const void* site, std::size_t bytes) {
    for (const SharedArray& array : block.sharedArrays) {
        if (array.site == site) {
            return sharedMemory + array.offset;
        }
    }
    std::size_t offset = block.sharedEnd;
    std::size_t end = offset + (bytes + 15) / 16 * 16 + SHARED_REDZONE;
    std::size_t sum = bytes;
    for (const SharedArray& array : block.sharedArrays) {
        sum += array.bytes;
    }
    if (sum > STATIC_LIMIT || end > SHARED_BYTES) {
        kernelFault(LAUNCH_FAILURE, "%zu bytes of static shared memory, more than the %zu that nvcc allows", sum,
                    STATIC_LIMIT);
    }
    std::memset(sharedMemory + offset, 0xFF, end - offset);
    block.sharedEnd = end;
    block.sharedArrays.push_back({site, offset, bytes});
    return sharedMemory + offset;
}

void* dynamicShared() { return sharedMemory; }

bool isShared(const void* address, std::size_t bytes) {
    const char* at = static_cast<const char*>(address);
    return at >= sharedMemory && at + bytes <= sharedMemory + block.sharedEnd;
}

void asyncCopy(void* shared, const void* global, bool valid) {
    if (reinterpret_cast<std::uintptr_t>(shared) % 16 != 0 || reinterpret_cast<std::uintptr_t>(global) % 16 != 0) {
        kernelFault(MISALIGNED, "cp.async from %p to %p, not both aligned to 16 bytes", global, shared);
    }
    if (!isShared(shared, 16)) {
        kernelFault(ILLEGAL_ADDRESS, "cp.async to %p, which is not in shared memory", shared);
    }
    if (valid && !covers(global, 16)) {
        kernelFault(ILLEGAL_ADDRESS, "cp.async from %s", describe(global).c_str());
    }
    std::memset(shared, 0xFF, 16);
    running->copies.push_back({shared, global, valid});
}

void asyncCommit() {
    running->groups.push_back(std::move(running->copies));
    running->copies.clear();
}

void asyncWait(int groupsLeft) {
    while (static_cast<int>(running->groups.size()) > groupsLeft) {
        for (const AsyncCopy& copy : running->groups.front()) {
            if (copy.valid) {
                std::memcpy(copy.shared, copy.global, 16);
            } else {
                std::memset(copy.shared, 0, 16);
            }
        }
        running->groups.pop_front();
    }
}

} // namespace emulator
