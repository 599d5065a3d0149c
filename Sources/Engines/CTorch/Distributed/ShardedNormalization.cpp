// Batch normalisation over the shards of a batch, which lie in one process or in several.
//
// What is exchanged is a row a shard, and rows are combined in the shards' order: the result does not depend on which
// process has which shard.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "Groups.h"
#include "NormalizationLayer.h"

using namespace consort;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Whether the kernels of the fused operation serve the map.
bool has_kernels(const at::Tensor &map) {
  return map.device().is_cpu() && map.scalar_type() == at::kFloat && map.dim() == 4 && map.numel() > 0 &&
         map.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor by_channel(const at::Tensor &values, const at::Tensor &map) {
  return values.to(map.options().dtype(at::kFloat)).view({1, values.size(0), 1, 1});
}

/// A channel's values of the row of a shard: how many positions, then two numbers a channel.
struct Row {
  explicit Row(const at::Tensor &rows, int64_t index)
      : values(static_cast<double *>(rows.mutable_data_ptr()) + index * rows.size(1)), channels((rows.size(1) - 1) / 2) {}

  double &count() const { return values[0]; }
  double *firsts() const { return values + 1; }
  double *seconds() const { return values + 1 + channels; }

  double *values;
  int64_t channels;
};

at::Tensor rows(int64_t shards, int64_t channels) { return at::zeros({shards, 1 + 2 * channels}, at::kDouble); }

/// Two float64 vectors of channels, wherever they lie, into a row.
void store(const at::Tensor &first, const at::Tensor &second, const Row &row) {
  const at::Tensor firsts = first.to(at::kCPU, at::kDouble).contiguous();
  const at::Tensor seconds = second.to(at::kCPU, at::kDouble).contiguous();
  std::copy_n(static_cast<const double *>(firsts.const_data_ptr()), row.channels, row.firsts());
  std::copy_n(static_cast<const double *>(seconds.const_data_ptr()), row.channels, row.seconds());
}

/// A map's channel means and sums of squared deviations.
void measure(const at::Tensor &map, const Row &row) {
  row.count() = static_cast<double>(map.numel() / map.size(1));
  if (has_kernels(map)) {
    const Rows lines(map);
    ChunkSums chunks(lines);
    const float *input = readable(map);
    lines.for_each_chunk([&](int64_t chunk, int64_t first, int64_t count) {
      chunk_statistics(input + first, count, lines.channels, chunks.firsts(chunk), chunks.seconds(chunk));
    });
    const BatchStatistics statistics = combined(lines, chunks);
    for (int64_t channel = 0; channel < row.channels; ++channel) {
      row.firsts()[channel] = statistics.mean[channel];
      row.seconds()[channel] = statistics.variance[channel] * row.count();
    }
  } else {
    const at::Tensor values = map.to(at::kFloat);
    const at::Tensor mean = values.mean({0, 2, 3});
    store(mean, (values - by_channel(mean, map)).square().sum({0, 2, 3}), row);
  }
}

/// Combines rows in their order. Source: Chan, Golub & LeVeque 1983, doi:10.1080/00031305.1983.10483115.
BatchStatistics combined_rows(const at::Tensor &all, double *count) {
  BatchStatistics result;
  const int64_t channels = Row(all, 0).channels;
  result.mean.assign(channels, 0);
  result.variance.assign(channels, 0);
  double seen = 0;
  for (int64_t shard = 0; shard < all.size(0); ++shard) {
    const Row row(all, shard);
    if (row.count() == 0) continue;
    const double total = seen + row.count();
    for (int64_t channel = 0; channel < channels; ++channel) {
      const double difference = row.firsts()[channel] - result.mean[channel];
      result.mean[channel] += difference * row.count() / total;
      result.variance[channel] += row.seconds()[channel] + difference * difference * seen * row.count() / total;
    }
    seen = total;
  }
  for (double &value : result.variance) value /= std::max(seen, 1.0);
  *count = seen;
  return result;
}

void update_running(const at::Tensor &running_mean, const at::Tensor &running_variance, const BatchStatistics &batch,
                    double count, double momentum) {
  const at::Tensor means = running_mean.to(at::kCPU), variances = running_variance.to(at::kCPU);
  const Layer layer{means, variances, means, variances, momentum, 0};
  consort::update_running(layer, batch, static_cast<int64_t>(count));
  if (!running_mean.device().is_cpu()) {
    running_mean.copy_(means);
    running_variance.copy_(variances);
  }
}

/// `map` * scale + shift, with what is negative made 0 where `relu`.
at::Tensor normalized(const at::Tensor &map, const Affine &values, bool relu) {
  if (has_kernels(map) && relu) {
    const Rows lines(map);
    at::Tensor output = at::empty_like(map);
    const float *input = readable(map);
    float *target = writable(output);
    lines.for_each_chunk([&](int64_t, int64_t first, int64_t count) {
      chunk_normalize_relu(input + first, target + first, count, lines.channels, values.scale(), values.shift());
    });
    return output;
  }
  at::Tensor output = map.mul(by_channel(values.values[0], map)).add_(by_channel(values.values[1], map));
  return (relu ? output.relu_() : output).to(map.scalar_type());
}

/// The gradient as it passes the ReLU.
at::Tensor passed(const at::Tensor &gradient, const at::Tensor &map, const Affine &values, bool relu) {
  const at::Tensor arriving = gradient.to(at::kFloat);
  if (!relu) return arriving;
  return arriving * (map.mul(by_channel(values.values[0], map)).add_(by_channel(values.values[1], map)) > 0);
}

/// The sums of the gradient, and of the gradient times the deviation from the mean.
void measure_gradient(const at::Tensor &gradient, const at::Tensor &map, const Affine &values, bool relu,
                      const Row &row) {
  if (has_kernels(map) && relu) {
    const Rows lines(map);
    ChunkSums chunks(lines);
    const at::Tensor upstream = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    const float *arriving = readable(upstream), *input = readable(map);
    lines.for_each_chunk([&](int64_t chunk, int64_t first, int64_t count) {
      chunk_gradient_sums(arriving + first, input + first, count, lines.channels, values.scale(), values.shift(),
                          values.mean(), chunks.firsts(chunk), chunks.seconds(chunk));
    });
    for (int64_t chunk = 0; chunk < lines.chunks; ++chunk) {
      for (int64_t channel = 0; channel < lines.channels; ++channel) {
        row.firsts()[channel] += chunks.firsts(chunk)[channel];
        row.seconds()[channel] += chunks.seconds(chunk)[channel];
      }
    }
  } else {
    const at::Tensor arriving = passed(gradient, map, values, relu);
    store(arriving.sum({0, 2, 3}), arriving.mul(map - by_channel(values.values[2], map)).sum({0, 2, 3}), row);
  }
}

/// The gradient of a shard's map, from the sums over all that were normalised together, `count` positions.
at::Tensor map_gradient(const at::Tensor &gradient, const at::Tensor &residual, const at::Tensor &map,
                        const Affine &values, bool relu, const Row &sums, double count) {
  at::Tensor shift = at::empty({2, sums.channels}, at::kFloat);
  float *offset = writable(shift), *slope = offset + sums.channels;
  for (int64_t channel = 0; channel < sums.channels; ++channel) {
    const double inverse = values.inverse_deviation()[channel], scale = values.scale()[channel];
    const double per_deviation = inverse * inverse * sums.seconds()[channel] / count;
    slope[channel] = static_cast<float>(-scale * per_deviation);
    offset[channel] =
        static_cast<float>(-scale * (sums.firsts()[channel] / count - values.mean()[channel] * per_deviation));
  }
  if (has_kernels(map) && relu) {
    const Rows lines(map);
    const at::Tensor upstream = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor skipped = residual.defined() ? residual.contiguous(at::MemoryFormat::ChannelsLast) : residual;
    at::Tensor result = at::empty_like(map);
    const float *arriving = readable(upstream), *input = readable(map);
    const float *beside = skipped.defined() ? readable(skipped) : nullptr;
    float *target = writable(result);
    lines.for_each_chunk([&](int64_t, int64_t first, int64_t rows_here) {
      chunk_input_gradient(arriving + first, input + first, beside ? beside + first : nullptr, target + first,
                           rows_here, lines.channels, values.scale(), values.shift(), offset, slope);
    });
    return result;
  }
  at::Tensor result = passed(gradient, map, values, relu).mul(by_channel(values.values[0], map));
  result.add_(by_channel(shift[0], map)).add_(map.mul(by_channel(shift[1], map)));
  if (residual.defined()) result.add_(residual);
  return result.to(map.scalar_type());
}

/// What a layer does with its shards, apart from their tensors.
struct Call {
  c10::intrusive_ptr<Sharding> sharding;
  std::vector<int64_t> indices;
  std::vector<bool> is_placeholder;
  at::Tensor running_mean, running_variance;
  bool adds, relu;
  double momentum, epsilon;

  size_t count() const { return indices.size(); }
};

/// Of a shard's normalisation, for the backward pass. On the CPU: small vectors.
Affine affine_of(const at::Tensor &weight, const at::Tensor &bias, const BatchStatistics &batch, double epsilon) {
  const at::Tensor scales = weight.detach().to(at::kCPU).contiguous(), shifts = bias.detach().to(at::kCPU).contiguous();
  return affine(Layer{scales, shifts, scales, shifts, 0, epsilon}, batch);
}

/// The call and what `forward` found, as autograd keeps it.
struct Kept : torch::CustomClassHolder {
  Call call;
  std::vector<Affine> affines;
  /// How many positions each shard was normalised with.
  std::vector<double> counts;
};

class ShardedBatchNorm : public torch::autograd::Function<ShardedBatchNorm> {
 public:
  /// `tensors`: the shards' inputs, their addends where there are any, their weights, their biases. Returns the sums
  /// where there are addends, then the results.
  static variable_list forward(AutogradContext *context, at::TensorList tensors, const Call &call) {
    const size_t count = call.count(), groups = call.adds ? 4 : 3;
    TORCH_CHECK(tensors.size() == groups * count, "needs ", groups, " tensors a shard");
    variable_list maps, outputs;
    for (size_t i = 0; i < count; ++i) maps.push_back(call.adds ? tensors[i].add(tensors[count + i]) : tensors[i]);
    const at::TensorList weights = tensors.slice((groups - 2) * count, count), biases = tensors.slice((groups - 1) * count);
    Sharding &sharding = *call.sharding;
    at::Tensor own = rows(sharding.shard_count(sharding.rank), maps[0].size(1));
    for (size_t i = 0; i < count; ++i) {
      if (!call.is_placeholder[i]) measure(maps[i], Row(own, call.indices[i]));
    }
    double total = 0;
    const BatchStatistics batch = combined_rows(sharding.gathered(own), &total);
    // A piece none of whose images could be decoded says nothing.
    if (total > 0) ::update_running(call.running_mean, call.running_variance, batch, total, call.momentum);
    auto kept = c10::make_intrusive<Kept>();
    kept->call = call;
    if (call.adds) outputs = maps;
    for (size_t i = 0; i < count; ++i) {
      double seen = total;
      const bool is_alone = sharding.is_local && !call.is_placeholder[i];
      const BatchStatistics statistics =
          is_alone ? combined_rows(own.narrow(0, call.indices[i], 1), &seen) : batch;
      kept->affines.push_back(affine_of(weights[i], biases[i], statistics, call.epsilon));
      kept->counts.push_back(seen);
      outputs.push_back(normalized(maps[i], kept->affines.back(), call.relu));
    }
    context->save_for_backward(maps);
    context->saved_data["kept"] = c10::IValue::make_capsule(std::move(kept));
    context->set_materialize_grads(false);
    return outputs;
  }

  static variable_list backward(AutogradContext *context, const variable_list &arriving) {
    const variable_list maps = context->get_saved_variables();
    const auto held = context->saved_data["kept"].toCapsule();
    const Kept &kept = static_cast<const Kept &>(*held);
    const Call &call = kept.call;
    Sharding &sharding = *call.sharding;
    const size_t count = call.count();
    const at::Tensor own = rows(sharding.shard_count(sharding.rank), maps[0].size(1));
    variable_list upstream;
    for (size_t i = 0; i < count; ++i) {
      const at::Tensor &gradient = arriving[(call.adds ? count : 0) + i];
      upstream.push_back(gradient.defined() ? gradient : at::zeros_like(maps[i]));
      if (call.is_placeholder[i]) continue;
      const Row row(own, call.indices[i]);
      row.count() = kept.counts[i];
      measure_gradient(upstream[i], maps[i], kept.affines[i], call.relu, row);
    }
    // A shard that is normalised by itself knows its sums.
    const at::Tensor all = sharding.is_local ? own : summed(sharding.gathered(own));
    variable_list inputs, weights, biases;
    for (size_t i = 0; i < count; ++i) {
      const at::Tensor residual = call.adds ? arriving[i] : at::Tensor();
      const Row row(own, call.indices[i]);
      const at::TensorOptions options = call.running_mean.options();
      if (call.is_placeholder[i]) {
        inputs.push_back(at::zeros_like(maps[i]));
        weights.push_back(at::zeros({row.channels}, options));
        biases.push_back(at::zeros({row.channels}, options));
        continue;
      }
      inputs.push_back(map_gradient(upstream[i], residual, maps[i], kept.affines[i], call.relu,
                                    Row(all, sharding.is_local ? call.indices[i] : 0), kept.counts[i]));
      at::Tensor weight = at::empty({row.channels}, at::kFloat), bias = at::empty_like(weight);
      for (int64_t channel = 0; channel < row.channels; ++channel) {
        const double inverse = kept.affines[i].inverse_deviation()[channel];
        writable(weight)[channel] = static_cast<float>(inverse * row.seconds()[channel]);
        writable(bias)[channel] = static_cast<float>(row.firsts()[channel]);
      }
      weights.push_back(weight.to(options));
      biases.push_back(bias.to(options));
    }
    variable_list result = inputs;
    if (call.adds) result.insert(result.end(), inputs.begin(), inputs.end());
    result.insert(result.end(), weights.begin(), weights.end());
    result.insert(result.end(), biases.begin(), biases.end());
    // Of the call.
    result.emplace_back();
    return result;
  }

 private:
  /// The sums of all rows in their order, as one row.
  static at::Tensor summed(const at::Tensor &all) {
    at::Tensor result = rows(1, Row(all, 0).channels);
    const Row sums(result, 0);
    for (int64_t shard = 0; shard < all.size(0); ++shard) {
      const Row row(all, shard);
      if (row.count() == 0) continue;
      for (int64_t channel = 0; channel < sums.channels; ++channel) {
        sums.firsts()[channel] += row.firsts()[channel];
        sums.seconds()[channel] += row.seconds()[channel];
      }
    }
    return result;
  }
};

}  // namespace

ct_status ct_sharded_batch_norm(ct_sharding handle, const ct_normalized_shard *shards, size_t count,
                                ct_tensor running_mean, ct_tensor running_variance, bool relu, double momentum,
                                double epsilon, ct_tensor *sums, ct_tensor *results) {
  return guarded([&] {
    TORCH_CHECK(count > 0, "needs a shard");
    const bool adds = shards[0].addend.pointer != nullptr;
    Call call{sharding(handle), {}, {}, tensor(running_mean), tensor(running_variance), adds, relu, momentum, epsilon};
    variable_list tensors, weights, biases;
    for (size_t i = 0; i < count; ++i) {
      tensors.push_back(tensor(shards[i].input));
      weights.push_back(tensor(shards[i].weight));
      biases.push_back(tensor(shards[i].bias));
      TORCH_CHECK(tensors[i].dim() == 4 && tensors[i].numel() > 0 && tensors[i].size(1) == weights[i].size(0),
                  "needs maps [N, C, H, W] of ", weights[i].size(0), " channels, not ", tensors[i].sizes());
      TORCH_CHECK(shards[i].index >= 0 && shards[i].index < call.sharding->shard_count(call.sharding->rank),
                  "there is no shard ", shards[i].index);
      call.indices.push_back(shards[i].index);
      call.is_placeholder.push_back(shards[i].is_placeholder);
    }
    for (size_t i = 0; adds && i < count; ++i) tensors.push_back(tensor(shards[i].addend));
    tensors.insert(tensors.end(), weights.begin(), weights.end());
    tensors.insert(tensors.end(), biases.begin(), biases.end());
    variable_list outputs = ShardedBatchNorm::apply(at::TensorList(tensors), call);
    for (size_t i = 0; adds && i < count; ++i) give(std::move(outputs[i]), &sums[i]);
    for (size_t i = 0; i < count; ++i) give(std::move(outputs[(adds ? count : 0) + i]), &results[i]);
  });
}
