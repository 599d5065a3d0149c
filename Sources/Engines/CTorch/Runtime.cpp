// Process-wide state, devices, generators, and the error message of each thread.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "Handles.h"
#include "Parallel.h"

namespace consort {

namespace {
void end_without_memory();

const std::terminate_handler earlier_handler = std::set_terminate(end_without_memory);

/// Threads of libraries may find no memory where no caller can catch it: an end with a reason, and not a crash.
void end_without_memory() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc &) {
    static const char text[] =
        "consort: error: memory does not suffice; free some, or raise the limit on it (`ulimit -v`)\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(1);
    _exit(1);
  } catch (...) {
  }
  earlier_handler();
  std::abort();
}

using State = boundary::State<Libtorch>;
}  // namespace

void set_last_error(const char *message) noexcept { State::set_last_error(message); }

void count_handle(int delta) noexcept { State::live_handles += delta; }

}  // namespace consort

using namespace consort;

const char *ct_last_error(void) { return State::last_error.c_str(); }

ct_status ct_build_description(char *buffer, size_t capacity) {
  return guarded([&] {
    TORCH_CHECK(capacity > 0, "no room for the description");
    std::string text = at::show_config();
    size_t count = std::min(text.size(), capacity - 1);
    std::memcpy(buffer, text.data(), count);
    buffer[count] = 0;
  });
}

int64_t ct_live_handles(void) { return State::live_handles.load(); }

ct_status ct_sharing_threads(int32_t *count) {
  return guarded([&] {
    std::atomic<int32_t> shares{0};
    parallel_for(at::get_num_threads(), [&](int64_t, int64_t) { ++shares; });
    *count = shares;
  });
}

ct_status ct_set_threads(int32_t count) {
  return guarded([&] {
    // A thread's first question takes over what any thread set last: it is asked before, and not after.
    at::get_num_threads();
    at::set_num_threads(count);
  });
}

ct_status ct_get_threads(int32_t *count) {
  return guarded([&] { *count = at::get_num_threads(); });
}

ct_status ct_set_deterministic(bool deterministic, bool allow_tf32) {
  return guarded([&] {
    at::Context &context = at::globalContext();
    context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
    // Filling every fresh buffer costs time and only matters to code that reads memory it never wrote.
    context.setDeterministicFillUninitializedMemory(false);
    context.setBenchmarkCuDNN(!deterministic);
    context.setDeterministicCuDNN(deterministic);
    context.setAllowTF32CuBLAS(allow_tf32);
    context.setAllowTF32CuDNN(allow_tf32);
  });
}

ct_status ct_load_cuda(int32_t *device_count) {
  return guarded([&] {
    // Deterministic matrix products need cuBLAS to have fixed workspaces, and it reads this when it starts.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    void *library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
    TORCH_CHECK(library != nullptr, "libtorch_cuda cannot be loaded (", dlerror(), ")");
    TORCH_CHECK(at::globalContext().hasCUDA(), "libtorch_cuda finds no usable NVIDIA GPU");
    *device_count = c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount();
  });
}

ct_status ct_synchronize(ct_device target) {
  return guarded([&] {
    if (target.index < 0) return;
    c10::impl::VirtualGuardImpl(at::kCUDA).synchronizeDevice(static_cast<c10::DeviceIndex>(target.index));
  });
}

ct_status ct_generator_new(uint64_t seed, ct_device target, ct_generator *result) {
  return guarded([&] {
    at::Generator created = target.index < 0
                                ? at::detail::createCPUGenerator(seed)
                                : at::globalContext().defaultGenerator(device(target)).clone();
    created.set_current_seed(seed);
    result->pointer = new at::Generator(std::move(created));
    count_handle(1);
  });
}

ct_status ct_generator_set_seed(ct_generator handle, uint64_t seed) {
  return guarded([&] { generator(handle).set_current_seed(seed); });
}

void ct_generator_free(ct_generator handle) {
  if (handle.pointer == nullptr) return;
  delete static_cast<at::Generator *>(handle.pointer);
  count_handle(-1);
}
