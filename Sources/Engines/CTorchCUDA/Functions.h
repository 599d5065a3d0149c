// The functions behind CTorchCUDA.h, which documents them.
#pragma once

#include <ATen/Context.h>
#include <c10/cuda/CUDAFunctions.h>

#include "CTorchCUDA.h"
#include "Handles.h"

namespace consort {

ct_status stream_new(ct_device device, ct_cuda_stream *result);
void stream_free(ct_cuda_stream handle);
ct_status stream_enter(ct_cuda_stream handle, ct_cuda_stream *earlier);
ct_status stream_leave(ct_cuda_stream earlier);
ct_status stream_synchronize(ct_cuda_stream handle);

ct_status graph_begin(ct_device device, const ct_generator *generators, size_t count, ct_cuda_graph *result);
ct_status graph_end(ct_cuda_graph handle);
ct_status graph_replay(ct_cuda_graph handle);
void graph_free(ct_cuda_graph handle);

ct_status memory(ct_device device, ct_cuda_memory *result);

ct_status process_group_nccl(ct_store store, int32_t rank, int32_t size, double seconds, ct_device device,
                             ct_process_group *result);

/// The index of a GPU that is there, and that libtorch has made ready.
inline c10::DeviceIndex gpu(ct_device device) {
  TORCH_CHECK(device.index >= 0, "needs a GPU, not the CPU");
  TORCH_CHECK(device.index < c10::cuda::device_count(), "there is no GPU ", device.index, " among ",
              static_cast<int>(c10::cuda::device_count()));
  at::globalContext().lazyInitDevice(at::kCUDA);
  return static_cast<c10::DeviceIndex>(device.index);
}

}  // namespace consort
