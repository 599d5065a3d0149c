// Finds libCTorchCUDA, beside the program.
#include "CUDALibrary.h"

#include <dlfcn.h>

#include "Handles.h"

using namespace consort;

ct_status ct_load_cuda_functions(ct_cuda_functions *functions) {
  int32_t device_count = 0;
  const ct_status status = ct_load_cuda(&device_count);
  if (status != CT_OK) return status;
  return guarded([&] {
    // The program's run path has its own directory.
    void *library = dlopen("libCTorchCUDA.so", RTLD_NOW | RTLD_LOCAL);
    TORCH_CHECK(library != nullptr, "libCTorchCUDA, which belongs beside the program, cannot be loaded (", dlerror(),
                "): build again with `make build`");
    const auto entry = reinterpret_cast<decltype(&ct_cuda_library)>(dlsym(library, "ct_cuda_library"));
    TORCH_CHECK(entry != nullptr, "libCTorchCUDA is of another version: build again with `make build`");
    const ct_cuda_host host{set_last_error, count_handle};
    entry(&host, functions);
  });
}
