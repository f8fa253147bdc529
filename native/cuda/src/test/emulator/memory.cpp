// Allocations of the emulated device. Each has pages of its own between two pages that nothing may touch; it ends as
// near to the second as cudaMalloc's alignment allows, and the bytes around it are checked for writes.
#include "device.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

namespace emulator {

namespace {

constexpr std::size_t PAGE = 4096;
constexpr std::size_t ALIGNMENT = 256;  // cudaMalloc's, CUDA programming guide "Device Memory Accesses"
constexpr unsigned char UNWRITTEN = 0xFF; // a NaN in all floating-point types, -1 in int
// Of larger allocations only the ends are marked: who makes one may want the memory to be full, and not use it.
constexpr std::size_t MARKED = std::size_t(1) << 30;

struct Allocation {
    char* mapping;
    std::size_t mappingBytes;
    char* start;
    std::size_t bytes;
    Place place;

    char* accessibleStart() const { return mapping + PAGE; }
    char* accessibleEnd() const { return mapping + mappingBytes - PAGE; }
};

std::map<std::uintptr_t, Allocation>& living() {
    static auto* map = new std::map<std::uintptr_t, Allocation>; // outlives all static destructors
    return *map;
}

// Freed memory stays unmapped-but-reserved for a while, so that a late access is seen.
std::deque<Allocation>& freed() {
    static auto* list = new std::deque<Allocation>;
    return *list;
}

std::size_t used = 0;
int sticky = 0;

std::size_t roundUp(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

const Allocation* find(const void* address) {
    auto at = reinterpret_cast<std::uintptr_t>(address);
    auto next = living().upper_bound(at);
    if (next == living().begin()) {
        return nullptr;
    }
    const Allocation& a = std::prev(next)->second;
    return at <= reinterpret_cast<std::uintptr_t>(a.start) + a.bytes ? &a : nullptr;
}

bool untouched(const char* from, const char* to) {
    return std::all_of(from, to, [](char c) { return static_cast<unsigned char>(c) == UNWRITTEN; });
}

void checkRedzone(const Allocation& a) {
    const char* before = std::max(a.accessibleStart(), a.start - ALIGNMENT);
    const char* end = a.start + a.bytes;
    if (!untouched(before, a.start)) {
        fault(700, "something wrote just before the allocation %p of %zu bytes", static_cast<void*>(a.start), a.bytes);
    }
    if (!untouched(end, a.accessibleEnd())) {
        const char* first = end;
        while (static_cast<unsigned char>(*first) == UNWRITTEN) {
            first++;
        }
        fault(700, "something wrote %td bytes past the end of the allocation %p of %zu bytes", first - end,
              static_cast<void*>(a.start), a.bytes);
    }
}

} // namespace

std::recursive_mutex& deviceLock() {
    static auto* lock = new std::recursive_mutex;
    return *lock;
}

std::string setting(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value == nullptr ? fallback : value;
}

int stickyError() { return sticky; }

void fault(int code, const char* format, ...) {
    std::fflush(stdout);
    std::fprintf(stderr, "CUDA emulator: ");
    std::va_list arguments;
    va_start(arguments, format);
    std::vfprintf(stderr, format, arguments);
    va_end(arguments);
    std::fprintf(stderr, " (error %d from here on)\n", code);
    std::fflush(stderr);
    if (setting("CLIP4J_EMULATOR_ABORT", "0") == "1") {
        std::abort();
    }
    if (sticky == 0) {
        sticky = code;
    }
}

std::size_t totalMemory() {
    static const std::size_t total = std::stoull(setting("CLIP4J_EMULATOR_MEMORY", "8589934592"));
    return total;
}

std::size_t usedMemory() { return used; }

void* allocate(std::size_t bytes, Place place) {
    if (place == Place::DEVICE && bytes > totalMemory() - std::min(used, totalMemory())) {
        return nullptr;
    }
    std::size_t content = roundUp(roundUp(bytes, ALIGNMENT), PAGE);
    Allocation a{nullptr, content + 2 * PAGE, nullptr, bytes, place};
    void* mapping = mmap(nullptr, a.mappingBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) {
        return nullptr;
    }
    a.mapping = static_cast<char*>(mapping);
    mprotect(a.accessibleStart(), content, PROT_READ | PROT_WRITE);
    if (content > MARKED) {
        std::memset(a.accessibleStart(), UNWRITTEN, PAGE);
        std::memset(a.accessibleEnd() - PAGE, UNWRITTEN, PAGE);
    } else {
        std::memset(a.accessibleStart(), UNWRITTEN, content);
    }
    a.start = a.accessibleEnd() - roundUp(bytes, ALIGNMENT);
    living()[reinterpret_cast<std::uintptr_t>(a.start)] = a;
    if (place == Place::DEVICE) {
        used += bytes;
    }
    return a.start;
}

bool release(void* start, Place place) {
    auto found = living().find(reinterpret_cast<std::uintptr_t>(start));
    if (found == living().end() || found->second.place != place) {
        return false;
    }
    Allocation a = found->second;
    checkRedzone(a);
    living().erase(found);
    if (place == Place::DEVICE) {
        used -= a.bytes;
    }
    madvise(a.accessibleStart(), a.mappingBytes - 2 * PAGE, MADV_DONTNEED);
    mprotect(a.mapping, a.mappingBytes, PROT_NONE);
    freed().push_back(a);
    if (freed().size() > 1024) {
        munmap(freed().front().mapping, freed().front().mappingBytes);
        freed().pop_front();
    }
    return true;
}

Place placeOf(const void* address) {
    const Allocation* a = find(address);
    return a == nullptr ? Place::UNKNOWN : a->place;
}

bool covers(const void* address, std::size_t bytes) {
    const Allocation* a = find(address);
    return a != nullptr && bytes <= static_cast<std::size_t>(a->start + a->bytes - static_cast<const char*>(address));
}

bool isDevice(const void* address, std::size_t bytes) {
    return covers(address, bytes) && placeOf(address) == Place::DEVICE;
}

std::string describe(const void* address) {
    char text[200];
    auto inside = [address](const Allocation& a) {
        return address >= a.mapping && address < a.mapping + a.mappingBytes;
    };
    for (const auto& entry : living()) {
        if (inside(entry.second)) {
            const Allocation& a = entry.second;
            std::snprintf(text, sizeof text, "%p, at byte %td of an allocation of %zu bytes", address,
                          static_cast<const char*>(address) - a.start, a.bytes);
            return text;
        }
    }
    for (const Allocation& a : freed()) {
        if (inside(a)) {
            std::snprintf(text, sizeof text, "%p, at byte %td of a freed allocation of %zu bytes", address,
                          static_cast<const char*>(address) - a.start, a.bytes);
            return text;
        }
    }
    std::snprintf(text, sizeof text, "%p, not memory of the device", address);
    return text;
}

void checkRedzones() {
    for (const auto& entry : living()) {
        checkRedzone(entry.second);
    }
}

} // namespace emulator
