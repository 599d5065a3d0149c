// Streams beside the default one, each with one owner.
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <map>
#include <mutex>
#include <vector>

#include "Functions.h"

namespace consort {

namespace {

using c10::cuda::CUDAStream;

/// libtorch's own pool hands one of 32 streams to several owners, and a capture must have its stream for itself.
///
/// Streams are kept rather than destroyed: libtorch keeps work space for every stream that it has seen.
class Streams {
 public:
  CUDAStream take(c10::DeviceIndex device) {
    const std::lock_guard<std::mutex> lock(mutex);
    std::vector<CUDAStream> &streams = idle[device];
    if (streams.empty()) return fresh(device);
    const CUDAStream stream = streams.back();
    streams.pop_back();
    return stream;
  }

  void give_back(CUDAStream stream) {
    const std::lock_guard<std::mutex> lock(mutex);
    idle[stream.device_index()].push_back(stream);
  }

  static Streams &shared() {
    // Never destroyed: CUDA may be gone before static objects are.
    static Streams *const streams = new Streams;
    return *streams;
  }

 private:
  static CUDAStream fresh(c10::DeviceIndex device) {
    const c10::cuda::CUDAGuard guard(device);
    cudaStream_t stream = nullptr;
    C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return c10::cuda::getStreamFromExternal(stream, device);
  }

  std::mutex mutex;
  std::map<c10::DeviceIndex, std::vector<CUDAStream>> idle;
};

struct Stream {
  CUDAStream stream;
  bool is_own;
};

const Stream &stream(ct_cuda_stream handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null stream handle");
  return *static_cast<const Stream *>(handle.pointer);
}

void give(Stream value, ct_cuda_stream *result) {
  result->pointer = new Stream(value);
  count_handle(1);
}

void wait(CUDAStream later, CUDAStream earlier) {
  if (later == earlier) return;
  c10::cuda::CUDAEvent event;
  event.record(earlier);
  event.block(later);
}

}  // namespace

ct_status stream_new(ct_device device, ct_cuda_stream *result) {
  return guarded([&] { give({Streams::shared().take(gpu(device)), /*is_own=*/true}, result); });
}

void stream_free(ct_cuda_stream handle) {
  if (handle.pointer == nullptr) return;
  Stream *freed = static_cast<Stream *>(handle.pointer);
  // Without memory for the list the stream is lost, no more.
  if (freed->is_own) guarded([&] { Streams::shared().give_back(freed->stream); });
  delete freed;
  count_handle(-1);
}

ct_status stream_enter(ct_cuda_stream handle, ct_cuda_stream *earlier) {
  return guarded([&] {
    const CUDAStream next = stream(handle).stream;
    const CUDAStream present = c10::cuda::getCurrentCUDAStream(next.device_index());
    wait(next, present);
    give({present, /*is_own=*/false}, earlier);
    c10::cuda::setCurrentCUDAStream(next);
  });
}

ct_status stream_leave(ct_cuda_stream earlier) {
  const ct_status status = guarded([&] {
    const CUDAStream next = stream(earlier).stream;
    const CUDAStream present = c10::cuda::getCurrentCUDAStream(next.device_index());
    // Whatever the waiting meets, the stream is the earlier one again.
    c10::cuda::setCurrentCUDAStream(next);
    wait(next, present);
  });
  stream_free(earlier);
  return status;
}

ct_status stream_synchronize(ct_cuda_stream handle) {
  return guarded([&] { stream(handle).stream.synchronize(); });
}

}  // namespace consort
