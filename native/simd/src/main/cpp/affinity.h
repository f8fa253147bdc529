// Which processors a thread may run on.
#pragma once

#include <cstdint>

#if defined(__linux__)
#include <errno.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace clip4j {

// The most that a kernel of Linux is configured for on x86-64; glibc's own set ends at 1024.
constexpr int32_t MOST_PROCESSORS = 8192;

#if defined(__linux__)
constexpr int32_t SETS = MOST_PROCESSORS / CPU_SETSIZE;

// Fills in the numbers of processors, ascending, and answers how many there are; 0 when the system does not say.
// first: of the process's first thread, else of the calling one.
inline int32_t affinity(bool first, int32_t* processors) {
  cpu_set_t sets[SETS];
  if (sched_getaffinity(first ? getpid() : 0, sizeof(sets), sets) != 0) {
    return 0;
  }
  int32_t count = 0;
  for (int32_t i = 0; i < MOST_PROCESSORS; i++) {
    if (CPU_ISSET_S(i, sizeof(sets), sets)) {
      processors[count++] = i;
    }
  }
  return count;
}

// Lets the calling thread run on these processors only; 0, or the system's error code.
inline int32_t bind_thread(const int32_t* processors, int32_t count) {
  cpu_set_t sets[SETS];
  CPU_ZERO_S(sizeof(sets), sets);
  for (int32_t i = 0; i < count; i++) {
    if (processors[i] < 0 || processors[i] >= MOST_PROCESSORS) {
      return EINVAL;
    }
    CPU_SET_S(processors[i], sizeof(sets), sets);
  }
  return sched_setaffinity(0, sizeof(sets), sets) == 0 ? 0 : errno;
}
#else
inline int32_t affinity(bool first, int32_t* processors) {
  static_cast<void>(first);
  static_cast<void>(processors);
  return 0;
}

inline int32_t bind_thread(const int32_t* processors, int32_t count) {
  static_cast<void>(processors);
  static_cast<void>(count);
  return -1;
}
#endif

}  // namespace clip4j
