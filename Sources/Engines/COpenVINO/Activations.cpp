#include <openvino/op/add.hpp>
#include <openvino/op/clamp.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/divide.hpp>
#include <openvino/op/hard_sigmoid.hpp>
#include <openvino/op/identity.hpp>
#include <openvino/op/log.hpp>
#include <openvino/op/log_softmax.hpp>
#include <openvino/op/maximum.hpp>
#include <openvino/op/minimum.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/sigmoid.hpp>
#include <openvino/op/softmax.hpp>
#include <openvino/op/squeeze.hpp>
#include <openvino/op/transpose.hpp>
#include <openvino/op/unsqueeze.hpp>

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "Handles.h"

namespace consort::inference {
namespace {

/// What a value is over the classes: `weight` times what the activation gives.
struct Scores {
  co_activation kind = CO_NO_ACTIVATION;
  double weight = 1;
};

/// Follows a value back to the activation that it comes out of.
class ScoresFinder {
 public:
  ScoresFinder(int64_t batch, int64_t classes) : batch_(batch), classes_(classes) {}

  Scores of(const ov::Output<ov::Node> &value, int depth = 0) {
    const auto node = value.get_node_shared_ptr();
    const auto known = known_.find(node.get());
    if (known != known_.end()) return known->second;
    // Deeper chains end in no activation.
    const Scores scores = depth < deepest ? of(*node, value, depth + 1) : Scores{};
    known_[node.get()] = scores;
    return scores;
  }

 private:
  static constexpr int deepest = 64;
  /// How far limits and small additions may move a probability.
  static constexpr double tolerance = 1e-2;

  Scores of(const ov::Node &node, const ov::Output<ov::Node> &value, int depth) {
    if (const auto *softmax = ov::as_type<const ov::op::v8::Softmax>(&node)) {
      return over(softmax->get_axis(), value, CO_SOFTMAX);
    }
    if (const auto *softmax = ov::as_type<const ov::op::v1::Softmax>(&node)) {
      return over(static_cast<int64_t>(softmax->get_axis()), value, CO_SOFTMAX);
    }
    if (const auto *softmax = ov::as_type<const ov::op::v5::LogSoftmax>(&node)) {
      return over(softmax->get_axis(), value, CO_LOG_SOFTMAX);
    }
    if (ov::is_type<const ov::op::v0::Sigmoid>(&node) || ov::is_type<const ov::op::v0::HardSigmoid>(&node)) {
      return {CO_SIGMOID};
    }
    if (passes(node, value)) return of(node.input_value(0), depth);
    if (ov::is_type<const ov::op::v0::Log>(&node)) {
      const Scores inner = of(node.input_value(0), depth);
      return is_distribution(inner) ? Scores{CO_LOG_SOFTMAX} : Scores{};
    }
    if (const auto *clamp = ov::as_type<const ov::op::v0::Clamp>(&node)) {
      return limited(of(node.input_value(0), depth), clamp->get_min(), clamp->get_max());
    }
    return node.get_input_size() == 2 ? of_pair(node, depth) : Scores{};
  }

  /// Operations of two values.
  Scores of_pair(const ov::Node &node, int depth) {
    const bool adds = ov::is_type<const ov::op::v1::Add>(&node);
    const auto second = scalar(node.input_value(1));
    const auto first = second ? std::nullopt : scalar(node.input_value(0));
    if (!first && !second) return adds ? sum(node, depth) : Scores{};
    const double number = first ? *first : *second;
    const Scores scores = of(node.input_value(first ? 1 : 0), depth);
    if (scores.kind == CO_NO_ACTIVATION) return {};
    if (ov::is_type<const ov::op::v1::Maximum>(&node)) return limited(scores, number, INFINITY);
    if (ov::is_type<const ov::op::v1::Minimum>(&node)) return limited(scores, -INFINITY, number);
    if (adds) {
      const bool is_small = std::abs(number) * static_cast<double>(classes_) <= tolerance * std::abs(scores.weight);
      return scores.kind == CO_SOFTMAX && is_small ? scores : Scores{};
    }
    if (number <= 0) return {};
    const bool divides = ov::is_type<const ov::op::v1::Divide>(&node);
    const bool scales = ov::is_type<const ov::op::v1::Multiply>(&node) || (divides && second);
    if (scores.kind == CO_SIGMOID && scales) return scores;
    if (scores.kind != CO_SOFTMAX || !scales) return {};
    return {CO_SOFTMAX, divides ? scores.weight / number : scores.weight * number};
  }

  Scores sum(const ov::Node &node, int depth) {
    const Scores first = of(node.input_value(0), depth), second = of(node.input_value(1), depth);
    if (first.kind != CO_SOFTMAX || second.kind != CO_SOFTMAX) return {};
    return {CO_SOFTMAX, first.weight + second.weight};
  }

  /// Limits that no distribution comes near to change nothing.
  Scores limited(const Scores &scores, double least, double greatest) const {
    if (scores.kind == CO_SIGMOID) return scores;
    const bool is_wide = least <= tolerance * scores.weight && greatest >= (1 - tolerance) * scores.weight;
    return scores.kind == CO_SOFTMAX && is_wide ? scores : Scores{};
  }

  static bool is_distribution(const Scores &scores) {
    return scores.kind == CO_SOFTMAX && std::abs(scores.weight - 1) < 1e-3;
  }

  /// Whether a value has the numbers of its first input, in the same order but for axes of 1.
  bool passes(const ov::Node &node, const ov::Output<ov::Node> &value) const {
    if (const auto *transpose = ov::as_type<const ov::op::v1::Transpose>(&node)) {
      const auto order = ov::as_type_ptr<ov::op::v0::Constant>(transpose->get_input_node_shared_ptr(1));
      const auto axes = order ? order->cast_vector<int64_t>() : std::vector<int64_t>{};
      return !axes.empty() && axes[0] == 0 && is_one_row_an_image(value.get_partial_shape());
    }
    return ov::is_type<const ov::op::v0::Convert>(&node) || ov::is_type<const ov::op::v1::Reshape>(&node) ||
           ov::is_type<const ov::op::v0::Squeeze>(&node) || ov::is_type<const ov::op::v15::Squeeze>(&node) ||
           ov::is_type<const ov::op::v0::Unsqueeze>(&node) || ov::is_type<const ov::op::v16::Identity>(&node);
  }

  /// Whether there are the images, and one other axis that is longer than 1.
  bool is_one_row_an_image(const ov::PartialShape &shape) const {
    if (shape.is_dynamic() || shape.size() < 2 || shape[0].get_length() != batch_) return false;
    int64_t longer = 0;
    for (size_t axis = 1; axis < shape.size(); axis++) longer += shape[axis].get_length() != 1;
    return longer <= 1;
  }

  /// An activation over an axis, where that is the classes' or the batch's.
  Scores over(int64_t axis, const ov::Output<ov::Node> &value, co_activation kind) const {
    const auto &shape = value.get_partial_shape();
    if (shape.is_dynamic()) return {};
    const auto sizes = shape.to_shape();
    const auto rank = static_cast<int64_t>(sizes.size());
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) return {};
    const auto count = static_cast<int64_t>(ov::shape_size(sizes)), size = static_cast<int64_t>(sizes[axis]);
    if (count != batch_ * classes_) return {};
    if (axis > 0 && size == classes_) return {kind};
    return axis == 0 && size == batch_ && batch_ > 1 ? Scores{CO_BATCH_SOFTMAX} : Scores{};
  }

  /// The one number of a constant, behind conversions.
  static std::optional<double> scalar(ov::Output<ov::Node> value) {
    while (ov::is_type<ov::op::v0::Convert>(value.get_node())) value = value.get_node()->input_value(0);
    const auto *constant = ov::as_type<ov::op::v0::Constant>(value.get_node());
    if (constant == nullptr || !constant->get_element_type().is_real() || ov::shape_size(constant->get_shape()) != 1) {
      return std::nullopt;
    }
    return constant->cast_vector<double>().at(0);
  }

  int64_t batch_, classes_;
  std::map<const ov::Node *, Scores> known_;
};

/// Whether weights that are learnt meet a value there, so that what comes out is scores whatever went in.
bool learns(const ov::Node &node) {
  static const std::unordered_set<std::string> types = {
      "MatMul", "Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData",
      "ScaledDotProductAttention", "Einsum"};
  return types.count(node.get_type_name()) > 0;
}

/// Whether what an operation gives is hardly ever scores whose softmax is the distribution.
bool turns_scores_into_others(const ov::Node &node) {
  static const std::unordered_set<std::string> types = {
      "Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "Exp", "Log", "Tanh", "SoftPlus", "Round", "TopK"};
  return types.count(node.get_type_name()) > 0;
}

/// The type of an operation that turns scores into something else after the last learnt weights, a sort first of all; empty
/// where there is none.
std::string transformation(const ov::Output<ov::Node> &output) {
  std::vector<const ov::Node *> waiting = {output.get_node()};
  std::unordered_set<const ov::Node *> seen;
  std::string found;
  while (!waiting.empty()) {
    const ov::Node *node = waiting.back();
    waiting.pop_back();
    if (!seen.insert(node).second || learns(*node)) continue;
    if (found != "TopK" && turns_scores_into_others(*node)) found = node->get_type_name();
    for (size_t index = 0; index < node->get_input_size(); index++) waiting.push_back(node->get_input_node_ptr(index));
  }
  return found;
}

}  // namespace
}  // namespace consort::inference

using namespace consort::inference;

co_status co_model_activation(
    co_model model, size_t output, const int64_t *shape, size_t rank, int64_t classes, co_activation *result) {
  return guarded([&] {
    OPENVINO_ASSERT(rank > 0, "a shape without a batch");
    const auto copy = with_one_output(*consort::inference::model(model), output);
    consort::inference::reshape(*copy, shape, rank);
    const Scores scores = ScoresFinder(shape[0], classes).of(copy->get_results().at(0)->input_value(0));
    *result = scores.kind;
    if (scores.kind != CO_SOFTMAX || std::abs(scores.weight - 1) < 1e-3) return;
    *result = std::abs(scores.weight - 100) < 1e-1 ? CO_PERCENT_SOFTMAX : CO_NO_ACTIVATION;
  });
}

co_status co_model_transformation(co_model model, size_t output, char *type, size_t capacity) {
  return guarded([&] {
    const auto &graph = consort::inference::model(model);
    consort::inference::copy(transformation(graph->get_results().at(output)->input_value(0)), type, capacity);
  });
}
