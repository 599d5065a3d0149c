// The one place where C++ exceptions become statuses.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/Generator.h>

#include <exception>
#include <new>
#include <utility>

#include "CTorch.h"

namespace consort {

void set_last_error(const char *message) noexcept;
void count_handle(int delta) noexcept;

template <typename Body>
ct_status guarded(Body &&body) noexcept {
  try {
    body();
    return CT_OK;
  } catch (const c10::OutOfMemoryError &error) {
    set_last_error(error.what_without_backtrace());
    return CT_OUT_OF_MEMORY;
  } catch (const c10::Error &error) {
    set_last_error(error.what_without_backtrace());
    return CT_LIBTORCH_ERROR;
  } catch (const std::bad_alloc &) {
    set_last_error("out of memory");
    return CT_OUT_OF_MEMORY;
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return CT_OTHER_ERROR;
  } catch (...) {
    set_last_error("an exception of unknown type");
    return CT_OTHER_ERROR;
  }
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
