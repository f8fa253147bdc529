// Large blocks of zeroed memory, in huge pages as far as the system grants them.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace clip4j {

// Of x86-64, and of arm64 with pages of 4 kB; with others the advice is not taken.
constexpr size_t HUGE_PAGE = 2 << 20;

// Starts at a huge page; whole ones are asked for, the rest of the block lies in small pages, so that none is taken in
// vain. bytes is a multiple of the page. Null when there is no memory, or no such call.
inline void* map_memory(size_t bytes) {
#if defined(__linux__)
  size_t taken = bytes + HUGE_PAGE;
  void* whole = mmap(nullptr, taken, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (whole == MAP_FAILED) {
    return nullptr;
  }
  uintptr_t from = reinterpret_cast<uintptr_t>(whole);
  uintptr_t aligned = (from + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  if (aligned > from) {
    munmap(whole, aligned - from);
  }
  size_t behind = from + taken - (aligned + bytes);
  if (behind > 0) {
    munmap(reinterpret_cast<void*>(aligned + bytes), behind);
  }
  void* block = reinterpret_cast<void*>(aligned);
  // Refused where there are no huge pages; all the same.
  madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
  return block;
#else
  static_cast<void>(bytes);
  return nullptr;
#endif
}

inline void unmap_memory(void* block, size_t bytes) {
#if defined(__linux__)
  munmap(block, bytes);
#else
  static_cast<void>(block);
  static_cast<void>(bytes);
#endif
}

}  // namespace clip4j
