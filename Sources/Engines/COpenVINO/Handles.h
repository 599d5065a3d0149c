// Handles of the C face as what they stand for, and its functions kept from throwing.
#pragma once

#include <openvino/core/except.hpp>
#include <openvino/core/model.hpp>
#include <openvino/runtime/core.hpp>

#include <memory>
#include <utility>

#include "COpenVINO.h"
#include "Guarded.h"

namespace consort::inference {

/// For `boundary::guarded`.
struct OpenVINO : boundary::State<OpenVINO> {
  using Status = co_status;
  static constexpr co_status ok = CO_OK, out_of_memory = CO_OUT_OF_MEMORY, other_error = CO_OTHER_ERROR;

  using Exception = ov::Exception;
  static const char *message(const ov::Exception &error) { return error.what(); }
  static co_status status(const ov::Exception &) { return CO_OPENVINO_ERROR; }
};

template <typename Body>
co_status guarded(Body &&body) noexcept {
  return boundary::guarded<OpenVINO>(std::forward<Body>(body));
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
  ++OpenVINO::live_handles;
}

template <typename Value, typename Handle>
void release(Handle handle) noexcept {
  if (handle.pointer == nullptr) return;
  // OpenVINO's destructors may throw what no caller can fix.
  guarded([&] { delete static_cast<Value *>(handle.pointer); });
  --OpenVINO::live_handles;
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
