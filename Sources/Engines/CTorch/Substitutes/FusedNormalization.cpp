// Batch normalisation and ReLU as one operation with one gradient, on the CPU; with the addition before it, where a
// residual block has one.
#include <ATen/core/Tensor.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "Handles.h"
#include "NormalizationKernels.h"
#include "NormalizationLayer.h"

using namespace consort;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Statistics, running statistics and output of a map, whose chunks' sums `chunks` holds.
std::pair<at::Tensor, Affine> normalized(const at::Tensor &map, const Rows &rows, ChunkSums &chunks,
                                         const Layer &layer) {
  const BatchStatistics batch = combined(rows, chunks);
  update_running(layer, batch, rows.count);
  const Affine values = affine(layer, batch);
  at::Tensor output = at::empty_like(map);
  const float *input = readable(map);
  float *target = writable(output);
  rows.for_each_chunk([&](int64_t, int64_t first, int64_t count) {
    chunk_normalize_relu(input + first, target + first, count, rows.channels, values.scale(), values.shift());
  });
  return {output, values};
}

struct Gradients {
  at::Tensor map, weight, bias;
};

/// Whether anything but `tensor` may see its elements: another reference to it, or a view of the same memory.
bool is_seen_elsewhere(const at::Tensor &tensor) {
  return tensor.use_count() > 1 || !tensor.has_storage() || tensor.storage().use_count() > 1;
}

/// Where the input's gradient is written: into `gradient` itself, in channels-last order, where nothing else sees it.
Gradients gradients(const at::Tensor &gradient, const at::Tensor &residual_gradient, const at::Tensor &map,
                    const Affine &values) {
  const Rows rows(map);
  const bool is_shared = gradient.is_contiguous(at::MemoryFormat::ChannelsLast) && is_seen_elsewhere(gradient);
  const at::Tensor upstream = gradient.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor residual =
      residual_gradient.defined() ? residual_gradient.contiguous(at::MemoryFormat::ChannelsLast) : at::Tensor();
  const float *arriving = readable(upstream), *input = readable(map);
  ChunkSums chunks(rows);
  rows.for_each_chunk([&](int64_t chunk, int64_t first, int64_t count) {
    chunk_gradient_sums(arriving + first, input + first, count, rows.channels, values.scale(), values.shift(),
                        values.mean(), chunks.firsts(chunk), chunks.seconds(chunk));
  });
  at::Tensor weight = at::empty({rows.channels}, map.options()), bias = at::empty_like(weight);
  std::vector<float> offset(rows.channels), slope(rows.channels);
  for (int64_t channel = 0; channel < rows.channels; ++channel) {
    double sum = 0, product = 0;
    for (int64_t chunk = 0; chunk < rows.chunks; ++chunk) {
      sum += chunks.firsts(chunk)[channel];
      product += chunks.seconds(chunk)[channel];
    }
    const double inverse = values.inverse_deviation()[channel], scale = values.scale()[channel];
    const double count = static_cast<double>(rows.count), per_deviation = inverse * inverse * product / count;
    writable(weight)[channel] = static_cast<float>(inverse * product);
    writable(bias)[channel] = static_cast<float>(sum);
    slope[channel] = static_cast<float>(-scale * per_deviation);
    offset[channel] = static_cast<float>(-scale * (sum / count - values.mean()[channel] * per_deviation));
  }
  at::Tensor result = is_shared ? at::empty_like(map) : upstream;
  float *target = writable(result);
  const float *skipped = residual.defined() ? readable(residual) : nullptr;
  rows.for_each_chunk([&](int64_t, int64_t first, int64_t count) {
    chunk_input_gradient(arriving + first, input + first, skipped ? skipped + first : nullptr, target + first, count,
                         rows.channels, values.scale(), values.shift(), offset.data(), slope.data());
  });
  return {result, weight, bias};
}

class BatchNormRelu : public torch::autograd::Function<BatchNormRelu> {
 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &map, const at::Tensor &weight,
                            const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_variance,
                            double momentum, double epsilon) {
    const Layer layer{weight, bias, running_mean, running_variance, momentum, epsilon};
    check_map(map, layer);
    const Rows rows(map);
    ChunkSums chunks(rows);
    const float *input = readable(map);
    rows.for_each_chunk([&](int64_t chunk, int64_t first, int64_t count) {
      chunk_statistics(input + first, count, rows.channels, chunks.firsts(chunk), chunks.seconds(chunk));
    });
    auto [output, values] = normalized(map, rows, chunks, layer);
    context->save_for_backward({map, values.values});
    return output;
  }

  static variable_list backward(AutogradContext *context, const variable_list &arriving) {
    const variable_list saved = context->get_saved_variables();
    Gradients result = gradients(arriving[0], {}, saved[0], Affine(saved[1]));
    return {result.map, result.weight, result.bias, {}, {}, {}, {}};
  }
};

class AddBatchNormRelu : public torch::autograd::Function<AddBatchNormRelu> {
 public:
  static variable_list forward(AutogradContext *context, const at::Tensor &a, const at::Tensor &b,
                               const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &running_mean,
                               const at::Tensor &running_variance, double momentum, double epsilon) {
    const Layer layer{weight, bias, running_mean, running_variance, momentum, epsilon};
    check_map(a, layer);
    check_map(b, layer);
    TORCH_CHECK(a.sizes() == b.sizes(), "cannot add ", a.sizes(), " and ", b.sizes());
    const Rows rows(a);
    ChunkSums chunks(rows);
    at::Tensor sum = at::empty_like(a);
    const float *first_input = readable(a), *second_input = readable(b);
    float *target = writable(sum);
    rows.for_each_chunk([&](int64_t chunk, int64_t first, int64_t count) {
      chunk_sum_statistics(first_input + first, second_input + first, target + first, count, rows.channels,
                           chunks.firsts(chunk), chunks.seconds(chunk));
    });
    auto [output, values] = normalized(sum, rows, chunks, layer);
    context->save_for_backward({sum, values.values});
    // The sum's gradient is absent where nothing else reads the sum.
    context->set_materialize_grads(false);
    return {sum, output};
  }

  static variable_list backward(AutogradContext *context, const variable_list &arriving) {
    const variable_list saved = context->get_saved_variables();
    if (!arriving[1].defined()) return {arriving[0], arriving[0], {}, {}, {}, {}, {}, {}};
    Gradients result = gradients(arriving[1], arriving[0], saved[0], Affine(saved[1]));
    return {result.map, result.map, result.weight, result.bias, {}, {}, {}, {}};
  }
};

/// libtorch's two operations, which the fused one replaces.
at::Tensor separate(const at::Tensor &map, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                    ct_tensor running_variance, double momentum, double epsilon) {
  return at::batch_norm(map, tensor(weight), tensor(bias), tensor(running_mean), tensor(running_variance),
                        /*training=*/true, momentum, epsilon, /*cudnn_enabled=*/false)
      .relu_();
}

}  // namespace

ct_status ct_batch_norm_relu(ct_tensor map, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                             ct_tensor running_variance, double momentum, double epsilon, ct_tensor *result) {
  return giving(result, [&] {
    if (!ct_uses(CT_FUSED_NORMALIZATION)) {
      return separate(tensor(map), weight, bias, running_mean, running_variance, momentum, epsilon);
    }
    return BatchNormRelu::apply(tensor(map), tensor(weight), tensor(bias), tensor(running_mean),
                                   tensor(running_variance), momentum, epsilon);
  });
}

ct_status ct_add_batch_norm_relu(ct_tensor a, ct_tensor b, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                                 ct_tensor running_variance, double momentum, double epsilon, ct_tensor *sum,
                                 ct_tensor *result) {
  return guarded([&] {
    if (!ct_uses(CT_FUSED_NORMALIZATION)) {
      const at::Tensor added = tensor(a).add(tensor(b));
      at::Tensor output = separate(added, weight, bias, running_mean, running_variance, momentum, epsilon);
      give(added, sum);
      give(std::move(output), result);
      return;
    }
    variable_list outputs = AddBatchNormRelu::apply(tensor(a), tensor(b), tensor(weight), tensor(bias),
                                                       tensor(running_mean), tensor(running_variance), momentum,
                                                       epsilon);
    give(std::move(outputs[0]), sum);
    give(std::move(outputs[1]), result);
  });
}
