// How full a GPU is.
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "Functions.h"

namespace consort {

ct_status memory(ct_device device, ct_cuda_memory *result) {
  return guarded([&] {
    const c10::DeviceIndex index = gpu(device);
    const c10::cuda::CUDAGuard guard(index);
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index);
    constexpr auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    *result = {stats.allocated_bytes[all].current, stats.reserved_bytes[all].current, static_cast<int64_t>(free),
               static_cast<int64_t>(total)};
  });
}

}  // namespace consort
