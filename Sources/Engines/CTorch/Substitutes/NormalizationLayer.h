// What operations of batch normalisation have in common: a map's rows, its statistics, and what both passes need of them.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "NormalizationKernels.h"
#include "Parallel.h"

namespace consort {

inline const float *readable(const at::Tensor &tensor) { return static_cast<const float *>(tensor.const_data_ptr()); }
inline float *writable(const at::Tensor &tensor) { return static_cast<float *>(tensor.mutable_data_ptr()); }

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
inline BatchStatistics combined(const Rows &rows, ChunkSums &chunks) {
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

inline void update_running(const Layer &layer, const BatchStatistics &batch, int64_t count) {
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

inline Affine affine(const Layer &layer, const BatchStatistics &batch) {
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

inline void check_map(const at::Tensor &map, const Layer &layer) {
  TORCH_CHECK(map.dim() == 4 && map.device().is_cpu() && map.scalar_type() == at::kFloat && map.numel() > 0 &&
                  map.is_contiguous(at::MemoryFormat::ChannelsLast),
              "needs a channels-last float32 map [N, C, H, W] on the CPU, not ", map.sizes(), " of ", map.dtype());
  for (const at::Tensor *vector : {&layer.weight, &layer.bias, &layer.running_mean, &layer.running_variance}) {
    TORCH_CHECK(vector->dim() == 1 && vector->size(0) == map.size(1) && vector->scalar_type() == at::kFloat &&
                    vector->is_contiguous(),
                "needs vectors of ", map.size(1), " channels, not ", vector->sizes());
  }
}

}  // namespace consort
