#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>

#include <string>
#include <vector>

#include "Handles.h"

namespace consort::inference {

co_port port(const ov::PartialShape &shape, const ov::element::Type &type) {
  co_port result{};
  result.type = type == ov::element::f32    ? CO_FLOAT32
                : type == ov::element::f16  ? CO_FLOAT16
                : type == ov::element::bf16 ? CO_BFLOAT16
                : type == ov::element::f64  ? CO_FLOAT64
                : type == ov::element::u8   ? CO_UINT8
                                            : CO_OTHER_TYPE;
  if (shape.rank().is_dynamic() || shape.rank().get_length() > CO_MAX_RANK) {
    result.rank = -1;
    return result;
  }
  result.rank = static_cast<int32_t>(shape.rank().get_length());
  for (int32_t axis = 0; axis < result.rank; axis++) {
    result.dimensions[axis] = shape[axis].is_static() ? shape[axis].get_length() : -1;
  }
  return result;
}

namespace {

/// More numbers than this are in no value of a model of images; OpenVINO's own products of sizes may overflow.
constexpr int64_t largest_count = int64_t{1} << 31;

void check_size(const ov::Node &node, const ov::PartialShape &shape) {
  if (shape.is_dynamic()) return;
  int64_t count = 1;
  for (const auto &dimension : shape) {
    const int64_t size = dimension.get_length();
    if (size == 0) return;
    OPENVINO_ASSERT(size <= largest_count / count, "the values of '", node.get_friendly_name(),
                    "' are too many, of the shape ", shape);
    count *= size;
  }
}

}  // namespace

void reshape(ov::Model &model, const int64_t *shape, size_t rank) {
  model.reshape({{model.input(0), ov::PartialShape(std::vector<ov::Dimension>(shape, shape + rank))}});
  for (const auto &node : model.get_ordered_ops()) {
    for (const auto &value : node->outputs()) check_size(*node, value.get_partial_shape());
  }
}

std::shared_ptr<ov::Model> with_one_output(const ov::Model &model, size_t output) {
  const auto copy = model.clone();
  OPENVINO_ASSERT(copy->inputs().size() == 1, "a model of images has one input");
  return std::make_shared<ov::Model>(ov::ResultVector{copy->get_results().at(output)}, copy->get_parameters(),
                                     copy->get_friendly_name());
}

namespace {

ov::Output<ov::Node> port_of(co_model handle, co_side side, size_t index) {
  return side == CO_INPUT ? model(handle)->input(index) : model(handle)->output(index);
}

}  // namespace
}  // namespace consort::inference

using namespace consort::inference;

void co_model_free(co_model model) { release<std::shared_ptr<ov::Model>>(model); }

co_status co_model_read(co_core core, const void *bytes, size_t count, co_model *result) {
  return guarded([&] {
    const std::string content(static_cast<const char *>(bytes), count);
    give(consort::inference::core(core).read_model(content, ov::Tensor()), result);
  });
}

co_status co_model_read_file(co_core core, const char *path, co_model *result) {
  return guarded([&] {
    give(consort::inference::core(core).read_model(std::string(path)), result);
  });
}

co_status co_model_port_count(co_model model, co_side side, size_t *result) {
  return guarded([&] {
    const auto &graph = consort::inference::model(model);
    *result = side == CO_INPUT ? graph->inputs().size() : graph->outputs().size();
  });
}

co_status co_model_port(co_model model, co_side side, size_t index, co_port *result) {
  return guarded([&] {
    const auto value = port_of(model, side, index);
    *result = port(value.get_partial_shape(), value.get_element_type());
  });
}

co_status co_model_port_name(co_model model, co_side side, size_t index, char *name, size_t capacity) {
  return guarded([&] {
    const auto value = port_of(model, side, index);
    copy(value.get_names().empty() ? std::string() : value.get_any_name(), name, capacity);
  });
}

co_status co_model_specialized(co_model model, size_t output, const int64_t *shape, size_t rank, co_model *result) {
  return guarded([&] {
    const auto copy = with_one_output(*consort::inference::model(model), output);
    consort::inference::reshape(*copy, shape, rank);
    ov::preprocess::PrePostProcessor conversion(copy);
    conversion.input().tensor().set_element_type(ov::element::f32);
    conversion.output().tensor().set_element_type(ov::element::f32);
    give(conversion.build(), result);
  });
}

co_status co_model_with_all_outputs(co_model model, const int64_t *shape, size_t rank, co_model *result) {
  return guarded([&] {
    const auto copy = consort::inference::model(model)->clone();
    OPENVINO_ASSERT(copy->inputs().size() == 1, "a model of images has one input");
    consort::inference::reshape(*copy, shape, rank);
    ov::preprocess::PrePostProcessor conversion(copy);
    conversion.input().tensor().set_element_type(ov::element::f32);
    for (size_t output = 0; output < copy->outputs().size(); output++) {
      conversion.output(output).tensor().set_element_type(ov::element::f32);
    }
    give(conversion.build(), result);
  });
}

co_status co_model_joined(const co_model *models, size_t count, co_model *result) {
  return guarded([&] {
    OPENVINO_ASSERT(count > 0, "no model to join");
    const auto shared = model(models[0])->get_parameters().at(0);
    ov::ResultVector results;
    for (size_t index = 0; index < count; index++) {
      const auto &part = model(models[index]);
      const auto own = part->get_parameters().at(0);
      OPENVINO_ASSERT(own->get_partial_shape() == shared->get_partial_shape(),
                      "joined models read images of one shape");
      if (own != shared) {
        for (auto reader : own->output(0).get_target_inputs()) reader.replace_source_output(shared->output(0));
      }
      // Names of tensors are unique in a model, and nothing here asks for them.
      for (const auto &node : part->get_ordered_ops()) {
        for (auto &value : node->outputs()) value.set_names({});
      }
      for (const auto &output : part->get_results()) results.push_back(output);
    }
    give(std::make_shared<ov::Model>(results, ov::ParameterVector{shared}, "ensemble"), result);
  });
}
