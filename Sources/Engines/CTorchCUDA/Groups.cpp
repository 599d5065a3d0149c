// Process groups by NCCL, where its headers were there to build with.
#if __has_include(<nccl.h>)
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "Groups.h"

#include "Functions.h"

namespace consort {

#ifdef USE_C10D_NCCL

ct_status process_group_nccl(ct_store store, int32_t rank, int32_t size, double seconds, ct_device device,
                             ct_process_group *result) {
  return guarded([&] {
    TORCH_CHECK(store.pointer != nullptr, "a null store handle");
    const at::Device place(at::kCUDA, gpu(device));
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
    auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(
        *static_cast<c10::intrusive_ptr<c10d::Store> *>(store.pointer), rank, size, options);
    result->pointer = new ProcessGroup{std::move(backend), place};
    count_handle(1);
  });
}

#else

ct_status process_group_nccl(ct_store, int32_t, int32_t, double, ct_device, ct_process_group *) {
  return guarded([] {
    TORCH_CHECK(false, "libCTorchCUDA was built without NCCL's headers: run `scripts/setup --cuda`, then `make build`");
  });
}

#endif

}  // namespace consort
