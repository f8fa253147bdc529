// Which of the instruction sets that the library was compiled for the processor has.
#include "kernels.h"

namespace clip4j {

#if defined(__x86_64__)
static bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

const Kernels* kernels_up_to(int32_t level) {
#if defined(__x86_64__)
  if (level >= 2 && has_avx512()) {
    return avx512;
  }
  if (level >= 1 && has_avx2()) {
    return avx2;
  }
#else
  static_cast<void>(level);
#endif
  return baseline;
}

}  // namespace clip4j
