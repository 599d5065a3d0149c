// How the program and libCTorchCUDA find each other.
#pragma once

#include "CTorchCUDA.h"

extern "C" {

/// What the program lends to the library: one error message a thread, one count of handles.
typedef struct {
  void (*set_last_error)(const char *message) noexcept;
  void (*count_handle)(int delta) noexcept;
} ct_cuda_host;

/// The library's only symbol.
__attribute__((visibility("default"))) void ct_cuda_library(const ct_cuda_host *host, ct_cuda_functions *functions);
}
