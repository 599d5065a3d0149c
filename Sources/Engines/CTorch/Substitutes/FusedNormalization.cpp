// Batch normalisation and ReLU as one operation with one gradient, on the CPU; with the addition before it, where a
// residual block has one.
#include <ATen/core/Tensor.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "Handles.h"
#include "NormalizationKernels.h"
#include "Parallel.h"

using namespace consort;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

const float *readable(const at::Tensor &tensor) { return static_cast<const float *>(tensor.const_data_ptr()); }
float *writable(const at::Tensor &tensor) { return static_cast<float *>(tensor.mutable_data_ptr()); }

/// A channels-last map as rows of channels, cut into chunks.
struct Rows {
  explicit Rows(const at::Tensor &map)
      : channels(map.size(1)), count(map.numel() / map.size(1)), per_chunk(rows_per_chunk(channels)),
        chunks((count + per_chunk - 1) / per_chunk) {}

  /// Calls `body(chunk, first float, rows)` for every chunk, on the threads that libtorch may use.
  template <typename Body>
  void for_each_chunk(Body body) const {
    parallel_for(chunks, [&](int64_t begin, int64_t end) {
      for (int64_t chunk = begin; chunk < end; ++chunk) {
        const int64_t first = chunk * per_chunk;
        body(chunk, first * channels, std::min(per_chunk, count - first));
      }
    });
  }

  int64_t channels, count, per_chunk, chunks;
};

/// Two numbers a channel, for each chunk.
struct ChunkSums {
  explicit ChunkSums(const Rows &rows)
      : channels(rows.channels), first(rows.chunks * rows.channels), second(first.size()) {}

  double *firsts(int64_t chunk) { return first.data() + chunk * channels; }
  double *seconds(int64_t chunk) { return second.data() + chunk * channels; }

  int64_t channels;
  std::vector<double> first, second;
};

/// What a batch's maps have in common, a channel: saved from the forward pass for the backward one.
struct BatchStatistics {
  std::vector<double> mean, variance;
};

/// Combines chunks in their order. Source: Chan, Golub & LeVeque 1983, doi:10.1080/00031305.1983.10483115.
BatchStatistics combined(const Rows &rows, ChunkSums &chunks) {
  BatchStatistics result;
  result.mean.assign(rows.channels, 0);
  result.variance.assign(rows.channels, 0);
  double seen = 0;
  for (int64_t chunk = 0; chunk < rows.chunks; ++chunk) {
    const double count = std::min(rows.per_chunk, rows.count - chunk * rows.per_chunk), total = seen + count;
    for (int64_t channel = 0; channel < rows.channels; ++channel) {
      const double difference = chunks.firsts(chunk)[channel] - result.mean[channel];
      result.mean[channel] += difference * count / total;
      result.variance[channel] += chunks.seconds(chunk)[channel] + difference * difference * seen * count / total;
    }
    seen = total;
  }
  for (double &value : result.variance) value /= seen;
  return result;
}

struct Layer {
  const at::Tensor &weight, &bias, &running_mean, &running_variance;
  double momentum, epsilon;
};

void update_running(const Layer &layer, const BatchStatistics &batch, int64_t count) {
  float *mean = writable(layer.running_mean), *variance = writable(layer.running_variance);
  // The running variance is the unbiased one.
  const double correction = count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1;
  for (size_t channel = 0; channel < batch.mean.size(); ++channel) {
    mean[channel] += static_cast<float>(layer.momentum * (batch.mean[channel] - mean[channel]));
    variance[channel] +=
        static_cast<float>(layer.momentum * (batch.variance[channel] * correction - variance[channel]));
  }
}

/// What both passes need, a channel: a tensor `[4, channels]`, which can be saved for the backward pass.
struct Affine {
  explicit Affine(at::Tensor values) : values(std::move(values)) {}

  float *row(int64_t index) const { return writable(values) + index * values.size(1); }
  float *scale() const { return row(0); }
  float *shift() const { return row(1); }
  float *mean() const { return row(2); }
  float *inverse_deviation() const { return row(3); }

  at::Tensor values;
};

Affine affine(const Layer &layer, const BatchStatistics &batch) {
  const int64_t channels = static_cast<int64_t>(batch.mean.size());
  Affine result(at::empty({4, channels}, layer.weight.options()));
  const float *weight = readable(layer.weight), *bias = readable(layer.bias);
  for (int64_t channel = 0; channel < channels; ++channel) {
    const double inverse = 1 / std::sqrt(batch.variance[channel] + layer.epsilon);
    result.scale()[channel] = static_cast<float>(weight[channel] * inverse);
    result.shift()[channel] = static_cast<float>(bias[channel] - batch.mean[channel] * weight[channel] * inverse);
    result.mean()[channel] = static_cast<float>(batch.mean[channel]);
    result.inverse_deviation()[channel] = static_cast<float>(inverse);
  }
  return result;
}

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

void check_map(const at::Tensor &map, const Layer &layer) {
  TORCH_CHECK(map.dim() == 4 && map.device().is_cpu() && map.scalar_type() == at::kFloat && map.numel() > 0 &&
                  map.is_contiguous(at::MemoryFormat::ChannelsLast),
              "needs a channels-last float32 map [N, C, H, W] on the CPU, not ", map.sizes(), " of ", map.dtype());
  for (const at::Tensor *vector : {&layer.weight, &layer.bias, &layer.running_mean, &layer.running_variance}) {
    TORCH_CHECK(vector->dim() == 1 && vector->size(0) == map.size(1) && vector->scalar_type() == at::kFloat &&
                    vector->is_contiguous(),
                "needs vectors of ", map.size(1), " channels, not ", vector->sizes());
  }
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
