// Runs the threads of one block as fibers on the calling thread, switching where threads wait for each other.
// Blocks run one after the other. x86-64, System V calling convention.
#include "scheduler.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>
#include <thread>

asm(R"(
    .text
    .globl emulator_switch
    .hidden emulator_switch
    .type emulator_switch,@function
emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulator_switch,.-emulator_switch
)");

namespace emulator {

Coordinates here;
Fiber* running = nullptr;
void* schedulerStack = nullptr;
Block block;
std::thread::id executingThread;

namespace {

constexpr std::size_t STACK_BYTES = 256 * 1024;
constexpr int MAX_THREADS = 1024;

std::vector<Fiber> fibers;
std::vector<int> laneOrder; // of lanes, and after them each lane's place in that order
std::vector<int> warpOrder;

void* newStack() {
    void* stack =
        mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
        std::fprintf(stderr, "CUDA emulator: no memory for a fiber's stack\n");
        std::abort();
    }
    mprotect(stack, 4096, PROT_NONE);
    return stack;
}

void resume(Fiber& next, void** save) {
    running = &next;
    next.waitsFor = nullptr;
    here.thread = next.thread;
    emulator_switch(save, next.stackPointer);
}

// Continues with another fiber of the warp, or with the scheduler where all of them wait.
void yield() {
    Fiber& me = *running;
    Fiber* warpStart = &me - me.lane;
    int lanes = std::min(LANES, block.threads - static_cast<int>(warpStart - fibers.data()));
    for (int i = 1; i < LANES; i++) {
        int lane = laneOrder[(laneOrder[LANES + me.lane] + i) % LANES];
        if (lane < lanes && warpStart[lane].runnable()) {
            resume(warpStart[lane], &me.stackPointer);
            return;
        }
    }
    running = nullptr;
    emulator_switch(&me.stackPointer, schedulerStack);
}

void complete(Group& group) {
    unsigned half = group.generation & 1;
    if (group.combine != nullptr) {
        group.combine(group.slots[half], group.joint[half]);
    }
    group.arrived = 0;
    group.generation++;
    std::memset(group.slots[half ^ 1], 0xFF, sizeof group.slots[0]);
}

void completeBarrier() {
    block.arrived = 0;
    block.generation++;
}

void end(Fiber& fiber) {
    fiber.done = true;
    fiber.warp->living &= ~(1u << fiber.lane);
    block.living--;
    for (Group& group : fiber.warp->groups) {
        if (group.arrived != 0 && (group.mask & fiber.warp->living) == group.arrived) {
            complete(group);
        }
    }
    if (block.arrived != 0 && block.arrived == block.living) {
        completeBarrier();
    }
}

void fiberMain() {
    block.kernel->call(block.parameters);
    end(*running);
    yield();
    std::abort(); // a fiber that has ended is never resumed
}

void prepare(Fiber& fiber) {
    auto* top = reinterpret_cast<void**>(fiber.stack + STACK_BYTES);
    *--top = nullptr; // the return address of fiberMain, which keeps the stack aligned as a call would
    *--top = reinterpret_cast<void*>(&fiberMain);
    for (int i = 0; i < 6; i++) {
        *--top = nullptr;
    }
    fiber.stackPointer = top;
    fiber.done = false;
    fiber.waitsFor = nullptr;
    fiber.copies.clear();
    fiber.groups.clear();
}

const char* nameOf(Collective kind) {
    static const char* const names[] = {"__syncwarp", "a shuffle", "a vote", "ldmatrix", "mma"};
    return names[static_cast<int>(kind)];
}

void reportDeadlock() {
    std::string text;
    char line[300];
    for (std::size_t w = 0; w < block.warps.size(); w++) {
        const Warp& warp = block.warps[w];
        for (const Group& group : warp.groups) {
            if (group.arrived != 0) {
                std::snprintf(line, sizeof line, "; warp %zu: lanes %08x wait in %s of mask %08x at %s:%d", w,
                              group.arrived, nameOf(group.kind), group.mask, group.file, group.line);
                text += line;
            }
        }
    }
    if (block.arrived != 0) {
        std::snprintf(line, sizeof line, "; %d of %d threads wait in __syncthreads at %s:%d", block.arrived,
                      block.living, block.file, block.line);
        text += line;
    }
    fault(LAUNCH_FAILURE, "kernel %s, block (%u,%u,%u): threads wait for each other for ever%s", block.kernel->name,
          here.block.x, here.block.y, here.block.z, text.c_str());
    block.failed = true;
}

void runBlock() {
    for (int i = 0; i < block.threads; i++) {
        prepare(fibers[i]);
    }
    while (block.living > 0 && !block.failed) {
        bool ran = false;
        for (int warp : warpOrder) {
            for (int i = 0; i < LANES; i++) {
                int at = warp * LANES + laneOrder[i];
                if (at < block.threads && fibers[at].runnable()) {
                    ran = true;
                    resume(fibers[at], &schedulerStack);
                    if (block.failed) {
                        return;
                    }
                }
            }
        }
        if (!ran && block.living > 0) {
            reportDeadlock();
        }
    }
}

// The order in which warps and their lanes run. Another one finds other missing synchronization:
// CLIP4J_EMULATOR_ORDER=forward (default), reverse, or a number that seeds a random order for each block.
void chooseOrder() {
    static const std::string order = setting("CLIP4J_EMULATOR_ORDER", "forward");
    static const bool random = order != "forward" && order != "reverse";
    static std::mt19937 generator(random ? std::stoul(order) : 0);
    int warps = (block.threads + LANES - 1) / LANES;
    laneOrder.resize(2 * LANES);
    warpOrder.resize(warps);
    auto fill = [](int* start, int count) {
        for (int i = 0; i < count; i++) {
            start[i] = order == "reverse" ? count - 1 - i : i;
        }
        if (random) {
            std::shuffle(start, start + count, generator);
        }
    };
    fill(laneOrder.data(), LANES);
    fill(warpOrder.data(), warps);
    for (int i = 0; i < LANES; i++) {
        laneOrder[LANES + laneOrder[i]] = i;
    }
}

void startBlock(std::size_t dynamicBytes) {
    std::size_t previousEnd = block.sharedEnd;
    block.warps.resize((block.threads + LANES - 1) / LANES);
    for (Warp& warp : block.warps) {
        warp.living = 0;
        for (Group& group : warp.groups) {
            group.arrived = 0;
            std::memset(group.slots, 0xFF, sizeof group.slots);
        }
    }
    for (int i = 0; i < block.threads; i++) {
        Fiber& fiber = fibers[i];
        fiber.thread = {i % here.blockDim.x, i / here.blockDim.x % here.blockDim.y,
                        i / here.blockDim.x / here.blockDim.y};
        fiber.lane = i % LANES;
        fiber.warp = &block.warps[i / LANES];
        fiber.warp->living |= 1u << fiber.lane;
    }
    block.living = block.threads;
    block.arrived = 0;
    block.dynamicBytes = dynamicBytes;
    block.sharedEnd = (dynamicBytes + 15) / 16 * 16 + SHARED_REDZONE;
    block.sharedArrays.clear();
    block.failed = false;
    std::memset(sharedMemory, 0xFF, std::max(previousEnd, block.sharedEnd));
}

} // namespace

Exchange exchange(Collective kind, unsigned mask, const Slot& mine, const char* file, int line,
                  void (*combine)(const Slot*, Joint&)) {
    Fiber& me = *running;
    unsigned bit = 1u << me.lane;
    if ((mask & bit) == 0) {
        kernelFault(LAUNCH_FAILURE, "%s at %s:%d with a mask %08x that lacks the lane itself", nameOf(kind), file, line,
                    mask);
    }
    Group* group = nullptr;
    for (Group& candidate : me.warp->groups) {
        if (candidate.mask == mask) {
            group = &candidate;
            break;
        }
    }
    if (group == nullptr) {
        me.warp->groups.emplace_back();
        group = &me.warp->groups.back();
        group->mask = mask;
        std::memset(group->slots, 0xFF, sizeof group->slots);
    }
    if (group->arrived == 0) {
        group->kind = kind;
        group->file = file;
        group->line = line;
        group->combine = combine;
    } else if (group->kind != kind || group->line != line) {
        kernelFault(LAUNCH_FAILURE, "the lane is in %s at %s:%d while others of its warp are in %s at %s:%d",
                    nameOf(kind), file, line, nameOf(group->kind), group->file, group->line);
    }
    unsigned half = group->generation & 1;
    group->slots[half][me.lane] = mine;
    group->arrived |= bit;
    if (group->arrived == (mask & me.warp->living)) {
        complete(*group);
    } else {
        me.waitsFor = &group->generation;
        me.seen = group->generation;
        yield();
    }
    return {group->slots[half], &group->joint[half]};
}

unsigned laneOfThread() { return running->lane; }

void blockBarrier(const char* file, int line) {
    if (block.arrived == 0) {
        block.file = file;
        block.line = line;
    } else if (block.line != line) {
        kernelFault(LAUNCH_FAILURE, "the thread is in __syncthreads at %s:%d while others are in that at %s:%d", file,
                    line, block.file, block.line);
    }
    block.arrived++;
    if (block.arrived == block.living) {
        completeBarrier();
        return;
    }
    running->waitsFor = &block.generation;
    running->seen = block.generation;
    yield();
}

void runGrid(Kernel& kernel, Size3 grid, Size3 blockDim, std::size_t dynamicSharedBytes, void** parameters) {
    static bool once = (installSignalHandlers(), true);
    (void)once;
    block.kernel = &kernel;
    block.parameters = parameters;
    block.threads = blockDim.x * blockDim.y * blockDim.z;
    executingThread = std::this_thread::get_id();
    here.gridDim = grid;
    here.blockDim = blockDim;
    if (fibers.empty()) {
        fibers.resize(MAX_THREADS); // never moved: fibers hold their own addresses
    }
    for (int i = 0; i < block.threads; i++) {
        if (fibers[i].stack == nullptr) {
            fibers[i].stack = static_cast<char*>(newStack());
        }
    }
    for (here.block.z = 0; here.block.z < grid.z; here.block.z++) {
        for (here.block.y = 0; here.block.y < grid.y; here.block.y++) {
            for (here.block.x = 0; here.block.x < grid.x; here.block.x++) {
                chooseOrder();
                startBlock(dynamicSharedBytes);
                runBlock();
                if (!block.failed) {
                    checkSharedRedzones();
                }
                if (stickyError() != 0) {
                    return;
                }
            }
        }
    }
}

} // namespace emulator
