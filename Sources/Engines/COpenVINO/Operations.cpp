#include <openvino/op/batch_norm.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/einsum.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/scaled_dot_product_attention.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/op/util/rnn_cell_base.hpp>
#include <openvino/pass/constant_folding.hpp>
#include <openvino/pass/manager.hpp>

#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "Handles.h"

namespace consort::inference {
namespace {

co_operation_kind kind(const ov::Node &node) {
  if (ov::is_type<const ov::op::v1::Convolution>(&node)) return CO_CONVOLUTION;
  if (ov::is_type<const ov::op::v1::GroupConvolution>(&node)) return CO_GROUP_CONVOLUTION;
  if (ov::is_type<const ov::op::v1::ConvolutionBackpropData>(&node)) return CO_TRANSPOSED_CONVOLUTION;
  if (ov::is_type<const ov::op::v1::GroupConvolutionBackpropData>(&node)) return CO_TRANSPOSED_GROUP_CONVOLUTION;
  if (ov::is_type<const ov::op::v0::MatMul>(&node)) return CO_MATRIX_PRODUCT;
  if (ov::is_type<const ov::op::v13::ScaledDotProductAttention>(&node)) return CO_ATTENTION;
  const bool is_uncounted = ov::is_type<const ov::op::v7::Einsum>(&node) ||
                            ov::is_type<const ov::op::util::RNNCellBase>(&node) ||
                            ov::is_type<const ov::op::util::MultiSubGraphOp>(&node);
  return is_uncounted ? CO_UNCOUNTED : CO_OTHER_OPERATION;
}

/// Whether an operation's input holds what training measured, not learnt.
bool is_statistic(const ov::Node &reader, size_t index) {
  return (ov::is_type<const ov::op::v5::BatchNormInference>(&reader) ||
          ov::is_type<const ov::op::v0::BatchNormInference>(&reader)) &&
         index >= 3;
}

/// Whether the constant holds learnt numbers: more than one, floating or quantised. Single ones are the formula's own.
bool is_learnt(const ov::op::v0::Constant &constant) {
  const auto &type = constant.get_element_type();
  const bool is_quantised = !type.is_real() && type.bitwidth() <= 8 && type != ov::element::boolean &&
                            constant.get_shape().size() > 1;
  return ov::shape_size(constant.get_shape()) > 1 && (type.is_real() || is_quantised);
}

/// Whether an operation's input says how much or how far, such as the factors of a change of size or quantised levels.
bool is_setting(const ov::Node &reader, size_t index) {
  const std::string type = reader.get_type_name();
  return index > 0 && (type == "Interpolate" || type == "FakeQuantize" || type == "Pad" || type == "Range");
}

bool scales_or_shifts(const std::string &type) {
  return type == "Add" || type == "Subtract" || type == "Multiply" || type == "Divide";
}

/// Whether a constant is called as those are that a training learns.
bool is_named_as_learnt(const std::string &name) {
  static const std::vector<std::string> ends = {"weight", "bias", "gamma", "beta", "kernel"};
  for (const auto &end : ends) {
    if (name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0) return true;
  }
  return false;
}

/// Counts the constants that an operation reads, through conversions, each once in the whole model.
class Parameters {
 public:
  int64_t read_by(const ov::Node &reader) {
    const bool reads_pixels = follow_pixels(reader);
    int64_t count = 0;
    for (size_t index = 0; index < reader.get_input_size(); index++) {
      const auto source = reader.get_input_node_shared_ptr(index);
      const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(source);
      if (constant == nullptr || is_statistic(reader, index) || is_setting(reader, index) || !is_learnt(*constant)) continue;
      // The mean and deviation of the images.
      if (reads_pixels && scales_or_shifts(reader.get_type_name()) && !is_named_as_learnt(constant->get_friendly_name())) {
        continue;
      }
      if (seen_.insert(constant.get()).second) count += static_cast<int64_t>(ov::shape_size(constant->get_shape()));
    }
    return count;
  }

 private:
  /// Whether an operation reads nothing but pixels and constants; what it gives may be pixels still.
  bool follow_pixels(const ov::Node &node) {
    bool reads_pixels = false;
    for (size_t index = 0; index < node.get_input_size(); index++) {
      const auto *source = node.get_input_node_ptr(index);
      if (ov::is_type<ov::op::v0::Parameter>(source) || pixels_.count(source) > 0) {
        reads_pixels = true;
      } else if (!ov::is_type<ov::op::v0::Constant>(source)) {
        return false;
      }
    }
    if (reads_pixels && (keeps_pixels(node) || scales_or_shifts(node.get_type_name()))) pixels_.insert(&node);
    return reads_pixels;
  }

  std::unordered_set<const ov::Node *> seen_, pixels_;
};

}  // namespace
}  // namespace consort::inference

using namespace consort::inference;

co_status co_model_operations(
    co_model model, const int64_t *shape, size_t rank, void *context,
    void (*receive)(void *context, const co_operation *operation)) {
  return guarded([&] {
    const auto copy = consort::inference::model(model)->clone();
    if (rank > 0) reshape(*copy, shape, rank);
    // Weights may be written as what computes them, such as a constant of a shape.
    ov::pass::Manager passes;
    passes.register_pass<ov::pass::ConstantFolding>();
    passes.run_passes(copy);
    Parameters parameters;
    for (const auto &node : copy->get_ordered_ops()) {
      if (ov::is_type<ov::op::v0::Constant>(node) || node->get_output_size() == 0) continue;
      co_operation operation{};
      operation.kind = kind(*node);
      const std::string name = node->get_friendly_name(), type = node->get_type_name();
      operation.name = name.c_str();
      operation.type = type.c_str();
      for (size_t index = 0; index < CO_MAX_OPERANDS; index++) {
        operation.operands[index].rank = -1;
        if (index >= node->get_input_size()) continue;
        operation.operands[index] = port(node->get_input_partial_shape(index), node->get_input_element_type(index));
      }
      operation.output = port(node->get_output_partial_shape(0), node->get_output_element_type(0));
      if (const auto product = ov::as_type_ptr<ov::op::v0::MatMul>(node)) {
        operation.transposes_first = product->get_transpose_a();
      }
      operation.parameters = parameters.read_by(*node);
      receive(context, &operation);
    }
  });
}
