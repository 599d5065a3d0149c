#include <openvino/core/type/bfloat16.hpp>
#include <openvino/core/type/float16.hpp>
#include <openvino/op/add.hpp>
#include <openvino/op/batch_norm.hpp>
#include <openvino/op/clamp.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/divide.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/maximum.hpp>
#include <openvino/op/minimum.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/pad.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/select.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/transpose.hpp>
#include <openvino/pass/constant_folding.hpp>
#include <openvino/pass/manager.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_set>

#include "Handles.h"

namespace consort::inference {

bool keeps_pixels(const ov::Node &node) {
  const std::string type = node.get_type_name();
  static const std::unordered_set<std::string> types = {
      "Convert", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Interpolate", "Gather", "Split", "VariadicSplit",
      "Concat", "Pad", "Slice", "StridedSlice", "Reverse", "Clamp", "Identity", "Round", "Floor", "Ceiling"};
  return types.count(type) > 0;
}

namespace {

using ov::op::v0::Constant;

/// The least and the greatest of a constant's numbers, and whether one is none.
struct Range {
  bool has_nan = false;
  double least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();

  void add(double number) {
    has_nan = has_nan || std::isnan(number);
    least = std::min(least, number);
    greatest = std::max(greatest, number);
  }

  bool is_infinite() const { return std::isinf(greatest) || std::isinf(least); }
  double largest_magnitude() const { return std::max(std::abs(least), std::abs(greatest)); }
};

template <typename Number>
Range range_of(const Constant &constant) {
  Range range;
  const auto *numbers = constant.get_data_ptr<Number>();
  for (size_t index = 0, count = ov::shape_size(constant.get_shape()); index < count; index++) {
    range.add(static_cast<double>(numbers[index]));
  }
  return range;
}

Range range_of(const Constant &constant) {
  if (ov::shape_size(constant.get_shape()) == 0) return {false, 0, 0};
  switch (constant.get_element_type()) {
    case ov::element::Type_t::f32: return range_of<float>(constant);
    case ov::element::Type_t::f64: return range_of<double>(constant);
    case ov::element::Type_t::f16: return range_of<ov::float16>(constant);
    case ov::element::Type_t::bf16: return range_of<ov::bfloat16>(constant);
    default: return {false, 0, 0};
  }
}

bool normalizes(const ov::Node &node) {
  return ov::is_type<const ov::op::v5::BatchNormInference>(&node) ||
         ov::is_type<const ov::op::v0::BatchNormInference>(&node);
}

bool multiplies(const ov::Node &node) {
  return normalizes(node) || ov::is_type<const ov::op::v1::Convolution>(&node) ||
         ov::is_type<const ov::op::v1::GroupConvolution>(&node) ||
         ov::is_type<const ov::op::v1::ConvolutionBackpropData>(&node) ||
         ov::is_type<const ov::op::v1::GroupConvolutionBackpropData>(&node) ||
         ov::is_type<const ov::op::v0::MatMul>(&node);
}

/// Whether infinity is a limit there, or hides what a mask does, and reaches no result.
bool may_be_infinite(const ov::Node &reader, const Range &range) {
  if (ov::is_type<const ov::op::v1::Add>(&reader)) return range.greatest < 0 || std::isfinite(range.greatest);
  return ov::is_type<const ov::op::v1::Maximum>(&reader) || ov::is_type<const ov::op::v1::Minimum>(&reader) ||
         ov::is_type<const ov::op::v1::Select>(&reader) || ov::is_type<const ov::op::v1::Pad>(&reader) ||
         ov::is_type<const ov::op::v12::Pad>(&reader);
}

double epsilon(const ov::Node &node) {
  if (const auto *norm = ov::as_type<const ov::op::v5::BatchNormInference>(&node)) return norm->get_eps_value();
  if (const auto *norm = ov::as_type<const ov::op::v0::BatchNormInference>(&node)) return norm->get_eps_value();
  return 0;
}

/// Products of more than this with pixels and one another overflow float32; no training gets near it.
constexpr double largest_weight = 1e15;

co_constant_fault fault(const ov::Node &reader, size_t index, const Constant &constant) {
  const Range range = range_of(constant);
  if (range.has_nan) return CO_NOT_A_NUMBER;
  if (range.is_infinite() && !may_be_infinite(reader, range)) return CO_INFINITE;
  if (normalizes(reader) && index == 4) {
    return range.least + epsilon(reader) <= 0 ? CO_NEGATIVE_VARIANCE : CO_NO_FAULT;
  }
  return multiplies(reader) && range.largest_magnitude() > largest_weight ? CO_OVERFLOWING : CO_NO_FAULT;
}

/// A constant that a value is no more than another form of.
const Constant *constant_of(ov::Output<ov::Node> value) {
  while (ov::is_type<ov::op::v0::Convert>(value.get_node()) || ov::is_type<ov::op::v1::Reshape>(value.get_node()) ||
         ov::is_type<ov::op::v1::Transpose>(value.get_node())) {
    value = value.get_node()->input_value(0);
  }
  return ov::as_type<Constant>(value.get_node());
}

/// The first constant at fault, and the name of it or of what reads it.
co_constant_fault first_fault(const ov::Model &model, std::string &name) {
  for (const auto &node : model.get_ordered_ops()) {
    for (size_t index = 0; index < node->get_input_size(); index++) {
      const auto *constant = constant_of(node->input_value(index));
      if (constant == nullptr) continue;
      const co_constant_fault found = fault(*node, index, *constant);
      if (found == CO_NO_FAULT) continue;
      name = constant->get_friendly_name();
      return found;
    }
  }
  return CO_NO_FAULT;
}

/// Pixels of 0...1 have means below 1 and deviations of about a quarter: what is above this is about 0...255.
constexpr double pixels = 16;

/// What an elementwise operation with a constant says of the pixels that it reads.
co_input_range range_read_by(const ov::Node &node, const Constant &constant, bool is_second) {
  const Range range = range_of(constant);
  if (ov::is_type<const ov::op::v1::Minimum>(&node)) return range.least > pixels ? CO_BYTE_RANGE : CO_UNKNOWN_RANGE;
  const bool subtracts = ov::is_type<const ov::op::v1::Subtract>(&node) && is_second;
  const bool adds = ov::is_type<const ov::op::v1::Add>(&node);
  if ((subtracts && range.greatest > pixels) || (adds && range.least < -pixels)) return CO_BYTE_RANGE;
  if (ov::is_type<const ov::op::v1::Divide>(&node) && is_second && range.least > pixels) return CO_BYTE_RANGE;
  const bool scales = ov::is_type<const ov::op::v1::Multiply>(&node) && range.least > 0;
  return scales && range.greatest < 1 / pixels ? CO_BYTE_RANGE : CO_UNKNOWN_RANGE;
}

/// What a normalisation's mean and variance say of the pixels that it reads.
co_input_range range_read_by_normalization(const ov::Node &node) {
  const Constant *mean = constant_of(node.input_value(3)), *variance = constant_of(node.input_value(4));
  if (mean == nullptr || variance == nullptr) return CO_UNKNOWN_RANGE;
  const bool is_wide = range_of(*mean).largest_magnitude() > pixels || range_of(*variance).greatest > pixels * pixels;
  return is_wide ? CO_BYTE_RANGE : CO_UNKNOWN_RANGE;
}

/// Whether an operation only limits the pixels, whatever it says of their range.
bool limits(const ov::Node &node) {
  return ov::is_type<const ov::op::v1::Minimum>(&node) || ov::is_type<const ov::op::v1::Maximum>(&node);
}

}  // namespace
}  // namespace consort::inference

using namespace consort::inference;

co_status co_model_constant_fault(
    co_model model, size_t output, co_constant_fault *fault, char *name, size_t capacity) {
  return guarded([&] {
    const auto copy = with_one_output(*consort::inference::model(model), output);
    std::string found;
    *fault = first_fault(*copy, found);
    if (*fault == CO_NO_FAULT) {
      // What constants are computed to may be none, such as the root of a negative one.
      ov::pass::Manager passes;
      passes.register_pass<ov::pass::ConstantFolding>();
      passes.run_passes(copy);
      *fault = first_fault(*copy, found);
    }
    consort::inference::copy(found, name, capacity);
  });
}

co_status co_model_input_range(co_model model, co_input_range *result) {
  return guarded([&] {
    *result = CO_UNKNOWN_RANGE;
    const auto &graph = consort::inference::model(model);
    auto value = graph->get_parameters().at(0)->output(0);
    // The first operation that is not one of the same pixels decides.
    for (int step = 0; step < 16; step++) {
      const auto readers = value.get_target_inputs();
      if (readers.empty()) return;
      const auto &reader = *readers.begin();
      auto *node = reader.get_node();
      if (const auto *clamp = ov::as_type<const ov::op::v0::Clamp>(node)) {
        // Nothing limits pixels of 0...1 to 255.
        if (clamp->get_max() > pixels && clamp->get_max() <= 255) *result = CO_BYTE_RANGE;
        if (*result == CO_BYTE_RANGE) return;
      }
      if (keeps_pixels(*node)) {
        value = node->output(0);
        continue;
      }
      if (normalizes(*node)) {
        *result = range_read_by_normalization(*node);
        return;
      }
      if (node->get_input_size() != 2) return;
      const size_t other = 1 - reader.get_index();
      const auto *constant = constant_of(node->input_value(other));
      if (constant != nullptr) *result = range_read_by(*node, *constant, other == 1);
      if (constant == nullptr || *result == CO_BYTE_RANGE || !limits(*node)) return;
      value = node->output(0);
    }
  });
}
