#include "Dispatch.h"

consort_vectors consort_width(void) {
#if CONSORT_HAS_WIDTHS
  if (__builtin_cpu_supports("x86-64-v4")) return CONSORT_512;
  if (__builtin_cpu_supports("x86-64-v3")) return CONSORT_256;
#endif
  return CONSORT_PLAIN;
}
