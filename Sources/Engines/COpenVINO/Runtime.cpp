#include <openvino/core/version.hpp>
#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/infer_request.hpp>

#include <cstring>
#include <string>

#include "Handles.h"

namespace consort::inference {

void copy(const std::string &text, char *target, size_t capacity) {
  OPENVINO_ASSERT(capacity > 0, "no room for a text");
  const size_t count = std::min(text.size(), capacity - 1);
  std::memcpy(target, text.data(), count);
  target[count] = 0;
}

}  // namespace consort::inference

using namespace consort::inference;

const char *co_last_error(void) { return OpenVINO::last_error.c_str(); }

const char *co_version(void) {
  static const ov::Version version = ov::get_openvino_version();
  return version.buildNumber;
}

int64_t co_live_handles(void) { return OpenVINO::live_handles; }

void co_core_free(co_core core) { release<ov::Core>(core); }
void co_compiled_free(co_compiled compiled) { release<ov::CompiledModel>(compiled); }
void co_request_free(co_request request) { release<ov::InferRequest>(request); }

co_status co_core_create(co_core *result) {
  return guarded([&] { give(ov::Core(), result); });
}

co_status co_compile(
    co_core core, co_model model, const char *const *keys, const char *const *values, size_t count,
    co_compiled *result) {
  return guarded([&] {
    ov::AnyMap properties;
    for (size_t index = 0; index < count; index++) properties[keys[index]] = std::string(values[index]);
    give(consort::inference::core(core).compile_model(consort::inference::model(model), "CPU", properties), result);
  });
}

co_status co_compiled_property(co_compiled compiled, const char *key, char *text, size_t capacity) {
  return guarded([&] {
    copy(value<ov::CompiledModel>(compiled).get_property(key).as<std::string>(), text, capacity);
  });
}

co_status co_request_create(co_compiled compiled, co_request *result) {
  return guarded([&] { give(value<ov::CompiledModel>(compiled).create_infer_request(), result); });
}

co_status co_request_bind(co_request request, co_side side, size_t index, float *memory, size_t count) {
  return guarded([&] {
    auto &target = value<ov::InferRequest>(request);
    const auto &model = target.get_compiled_model();
    const auto &port = side == CO_INPUT ? model.input(index) : model.output(index);
    const ov::Shape shape = port.get_shape();
    OPENVINO_ASSERT(ov::shape_size(shape) == count && port.get_element_type() == ov::element::f32,
                    "memory of another size or type than the model's");
    const ov::Tensor tensor(ov::element::f32, shape, memory);
    if (side == CO_INPUT) {
      target.set_input_tensor(index, tensor);
    } else {
      target.set_output_tensor(index, tensor);
    }
  });
}

co_status co_request_run(co_request request) {
  return guarded([&] { value<ov::InferRequest>(request).infer(); });
}

co_status co_request_start(co_request request) {
  return guarded([&] { value<ov::InferRequest>(request).start_async(); });
}

co_status co_request_wait(co_request request) {
  return guarded([&] { value<ov::InferRequest>(request).wait(); });
}
