// What needs CUDA's own interfaces: side streams, captured graphs, and how full a GPU is.
//
// These functions live in a library of their own, libCTorchCUDA, which is built where CUDA's headers are, loaded where
// there is a GPU, and never linked. Ownership, threads and errors are as in CTorch.h.
#ifndef CONSORT_CTORCHCUDA_H
#define CONSORT_CTORCHCUDA_H

#include "CTorchDistributed.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct {
  void *_Nullable pointer;
} ct_cuda_stream;

typedef struct {
  void *_Nullable pointer;
} ct_cuda_graph;

/// Bytes.
typedef struct {
  /// In tensors, and held by libtorch for tensors to come, those included.
  int64_t allocated, reserved;
  /// Of the whole GPU, all that use it included.
  int64_t free, total;
} ct_cuda_memory;

typedef struct {
  // MARK: Streams

  /// A stream that no other handle refers to.
  ct_status (*stream_new)(ct_device device, ct_cuda_stream *result);
  /// Its work goes on; another stream_new may return the stream.
  void (*stream_free)(ct_cuda_stream stream);
  /// Makes `stream` the calling thread's stream of its device, after the work of the earlier one, which is owned.
  ct_status (*stream_enter)(ct_cuda_stream stream, ct_cuda_stream *earlier);
  /// Makes `earlier` the calling thread's stream again, after the work of the present one, and frees the handle.
  ct_status (*stream_leave)(ct_cuda_stream earlier);
  /// Waits until the stream's work is done.
  ct_status (*stream_synchronize)(ct_cuda_stream stream);

  // MARK: Graphs

  /// Starts to capture what the calling thread gives to its current stream of `device`, not the default one.
  ///
  /// Waits while another thread captures. `generators` may be drawn from meanwhile, and those alone; a replay draws on
  /// from the place and seed that they then have.
  ct_status (*graph_begin)(ct_device device, const ct_generator *_Nullable generators, size_t count,
                           ct_cuda_graph *result);
  /// Ends the capture, on the thread that began it. After an error the graph can only be freed.
  ct_status (*graph_end)(ct_cuda_graph graph);
  /// Gives the graph's work to the calling thread's current stream of its device.
  ct_status (*graph_replay)(ct_cuda_graph graph);
  /// Frees the graph and the memory of its tensors. One that is being captured is given up, on the thread that began it.
  void (*graph_free)(ct_cuda_graph graph);

  // MARK: Memory

  ct_status (*memory)(ct_device device, ct_cuda_memory *result);

  // MARK: Process groups

  /// ct_process_group_nccl.
  ct_status (*process_group_nccl)(ct_store store, int32_t rank, int32_t size, double seconds, ct_device device,
                                  ct_process_group *result);
} ct_cuda_functions;

/// Loads libtorch_cuda and libCTorchCUDA; the functions stay as long as the process.
ct_status ct_load_cuda_functions(ct_cuda_functions *functions);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
