// Captured graphs, each on the stream of the thread that captures it.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>

#include <memory>
#include <mutex>

#include "Functions.h"

namespace consort {

namespace {

/// A capture changes the state of libtorch's allocator and of its default generator: one at a time.
std::mutex capturing;

struct Graph {
  explicit Graph(c10::DeviceIndex device) : device(device) {}

  at::cuda::CUDAGraph graph;
  const c10::DeviceIndex device;
  /// Held while capturing.
  std::unique_lock<std::mutex> turn;
};

Graph &graph(ct_cuda_graph handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null graph handle");
  return *static_cast<Graph *>(handle.pointer);
}

void end(Graph &captured) {
  TORCH_CHECK(captured.turn.owns_lock(), "the capture is over");
  const std::unique_lock<std::mutex> turn = std::move(captured.turn);
  const c10::cuda::CUDAGuard guard(captured.device);
  captured.graph.capture_end();
}

}  // namespace

ct_status graph_begin(ct_device device, const ct_generator *generators, size_t count, ct_cuda_graph *result) {
  return guarded([&] {
    const c10::cuda::CUDAGuard guard(gpu(device));
    auto begun = std::make_unique<Graph>(gpu(device));
    begun->turn = std::unique_lock<std::mutex>(capturing);
    for (size_t i = 0; i < count; ++i) begun->graph.register_generator_state(generator(generators[i]));
    // What other threads ask of CUDA meanwhile is theirs.
    begun->graph.capture_begin(/*pool=*/{0, 0}, cudaStreamCaptureModeThreadLocal);
    result->pointer = begun.release();
    count_handle(1);
  });
}

ct_status graph_end(ct_cuda_graph handle) {
  return guarded([&] { end(graph(handle)); });
}

ct_status graph_replay(ct_cuda_graph handle) {
  return guarded([&] { graph(handle).graph.replay(); });
}

void graph_free(ct_cuda_graph handle) {
  if (handle.pointer == nullptr) return;
  Graph *freed = static_cast<Graph *>(handle.pointer);
  // The capture that is given up has failed already: its error has been told.
  if (freed->turn.owns_lock()) guarded([&] { end(*freed); });
  guarded([&] {
    const c10::cuda::CUDAGuard guard(freed->device);
    delete freed;
  });
  count_handle(-1);
}

}  // namespace consort
