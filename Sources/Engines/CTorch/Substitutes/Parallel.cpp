#include "Parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <exception>
#include <mutex>

namespace consort {

namespace {

/// The OpenMP library that libtorch brought, by the entry points that a compiler would call.
struct OpenMP {
  using Region = void (*)(void (*body)(void *), void *data, unsigned threads, unsigned flags);
  using Number = int (*)();

  Region parallel = reinterpret_cast<Region>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  Number thread = reinterpret_cast<Number>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
  Number threads = reinterpret_cast<Number>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));

  bool is_there() const { return parallel && thread && threads; }

  static const OpenMP &shared() {
    static const OpenMP library;
    return library;
  }
};

struct Work {
  int64_t count;
  const std::function<void(int64_t, int64_t)> &body;
  std::mutex mutex;
  std::exception_ptr error;

  /// The share of the calling thread. No exception may leave a thread that OpenMP started.
  void share() {
    const int64_t thread = OpenMP::shared().thread(), threads = OpenMP::shared().threads();
    const int64_t begin = count * thread / threads, end = count * (thread + 1) / threads;
    try {
      if (begin < end) body(begin, end);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!error) error = std::current_exception();
    }
  }
};

}  // namespace

void parallel_for(int64_t count, const std::function<void(int64_t begin, int64_t end)> &body) {
  const int64_t threads = std::min<int64_t>(count, at::get_num_threads());
  if (threads <= 1 || !OpenMP::shared().is_there()) {
    if (count > 0) body(0, count);
    return;
  }
  Work work{count, body, {}, nullptr};
  OpenMP::shared().parallel([](void *data) { static_cast<Work *>(data)->share(); }, &work,
                            static_cast<unsigned>(threads), /*flags=*/0);
  if (work.error) std::rethrow_exception(work.error);
}

}  // namespace consort
