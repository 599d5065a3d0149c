// The one place where C++ exceptions become statuses.
#pragma once

#include <openvino/core/except.hpp>
#include <openvino/core/model.hpp>
#include <openvino/runtime/core.hpp>

#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "COpenVINO.h"

namespace consort::inference {

void set_last_error(const char *message) noexcept;
void count_handle(int delta) noexcept;

template <typename Body>
co_status guarded(Body &&body) noexcept {
  try {
    body();
    return CO_OK;
  } catch (const std::bad_alloc &) {
    set_last_error("out of memory");
    return CO_OUT_OF_MEMORY;
  } catch (const ov::Exception &error) {
    set_last_error(error.what());
    return CO_OPENVINO_ERROR;
  } catch (const std::exception &error) {
    set_last_error(error.what());
    return CO_OTHER_ERROR;
  } catch (...) {
    set_last_error("an exception of unknown type");
    return CO_OTHER_ERROR;
  }
}

template <typename Value, typename Handle>
Value &value(Handle handle) {
  OPENVINO_ASSERT(handle.pointer != nullptr, "a null handle");
  return *static_cast<Value *>(handle.pointer);
}

inline ov::Core &core(co_core handle) { return value<ov::Core>(handle); }
inline std::shared_ptr<ov::Model> &model(co_model handle) { return value<std::shared_ptr<ov::Model>>(handle); }

template <typename Value, typename Handle>
void give(Value value, Handle *result) {
  result->pointer = new Value(std::move(value));
  count_handle(1);
}

template <typename Value, typename Handle>
void release(Handle handle) noexcept {
  if (handle.pointer == nullptr) return;
  // OpenVINO's destructors may throw what no caller can fix.
  guarded([&] { delete static_cast<Value *>(handle.pointer); });
  count_handle(-1);
}

/// Writes `text`, cut to `capacity` bytes with the final zero.
void copy(const std::string &text, char *target, size_t capacity);

/// Gives the model's one input this shape, and makes sure that no value of the model becomes too large to be allocated.
void reshape(ov::Model &model, const int64_t *shape, size_t rank);

/// A copy of the model, of whose outputs only this one is left.
std::shared_ptr<ov::Model> with_one_output(const ov::Model &model, size_t output);

/// Whether an operation leaves pixels what they are, at other places, in another form or at another size.
bool keeps_pixels(const ov::Node &node);

/// The shape and type of a value.
co_port port(const ov::PartialShape &shape, const ov::element::Type &type);

}  // namespace consort::inference
