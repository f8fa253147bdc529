// Which of the instruction sets that the library was compiled for the processor has.
#include "kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace clip4j {

#if defined(__x86_64__)
// CPUID leaf 1, ECX bit 29; older compilers have no name for it.
static bool has_f16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & (1U << 29)) != 0;
}

static bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

static bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static bool has_avx512vnni() {
  return has_avx512() && __builtin_cpu_supports("avx512vnni");
}
#endif

const Kernels* kernels_up_to(int32_t level) {
#if defined(__x86_64__)
  if (level >= 3 && has_avx512vnni()) {
    return avx512vnni;
  }
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
