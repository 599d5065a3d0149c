// Handles of the C face as what they stand for, and its functions kept from throwing.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/Generator.h>

#include <utility>

#include "CTorch.h"
#include "Guarded.h"

namespace consort {

void set_last_error(const char *message) noexcept;
void count_handle(int delta) noexcept;

/// For `boundary::guarded`.
struct Libtorch {
  using Status = ct_status;
  static constexpr ct_status ok = CT_OK, out_of_memory = CT_OUT_OF_MEMORY, other_error = CT_OTHER_ERROR;
  static void set_last_error(const char *message) noexcept { consort::set_last_error(message); }

  using Exception = c10::Error;
  static const char *message(const c10::Error &error) { return error.what_without_backtrace(); }
  static ct_status status(const c10::Error &error) {
    if (dynamic_cast<const c10::OutOfMemoryError *>(&error)) return CT_OUT_OF_MEMORY;
    return dynamic_cast<const c10::DistError *>(&error) ? CT_CONNECTION_LOST : CT_LIBTORCH_ERROR;
  }
};

template <typename Body>
ct_status guarded(Body &&body) noexcept {
  return boundary::guarded<Libtorch>(std::forward<Body>(body));
}

inline at::Tensor &tensor(ct_tensor handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null tensor handle");
  return *static_cast<at::Tensor *>(handle.pointer);
}

inline at::Generator &generator(ct_generator handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null generator handle");
  return *static_cast<at::Generator *>(handle.pointer);
}

inline void give(at::Tensor value, ct_tensor *result) {
  result->pointer = new at::Tensor(std::move(value));
  count_handle(1);
}

inline at::Device device(ct_device device) {
  return device.index < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

inline at::ScalarType scalar_type(ct_scalar_type type) { return static_cast<at::ScalarType>(type); }

inline at::MemoryFormat memory_format(ct_memory_format format) {
  return format == CT_CHANNELS_LAST ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

inline at::IntArrayRef shape_of(const int64_t *shape, size_t rank) { return at::IntArrayRef(shape, rank); }

/// Runs `body`, which returns a tensor, and hands the tensor over.
template <typename Body>
ct_status giving(ct_tensor *result, Body &&body) noexcept {
  return guarded([&] { give(body(), result); });
}

}  // namespace consort
