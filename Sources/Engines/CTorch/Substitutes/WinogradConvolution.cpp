#include "WinogradConvolution.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "CTorch.h"
#include "Parallel.h"
#include "WinogradKernels.h"

namespace consort::winograd {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float *readable(const at::Tensor &tensor) { return static_cast<const float *>(tensor.const_data_ptr()); }
float *writable(const at::Tensor &tensor) { return static_cast<float *>(tensor.mutable_data_ptr()); }

at::Tensor floats(int64_t count) { return at::empty({count}, at::kFloat); }
at::Tensor channels_last(const at::Tensor &tensor) { return tensor.contiguous(at::MemoryFormat::ChannelsLast); }

Maps maps_of(const at::Tensor &map) { return {map.size(0), map.size(2), map.size(3)}; }

/// Tiles that are worked on together: what they take, transformed, stays in a core's second cache.
int64_t tiles_per_chunk(int64_t channels) {
  constexpr int64_t floats_in_cache = 100'000, fewest = 48;
  return std::max(fewest, floats_in_cache / (positions * channels) / fewest * fewest);
}

/// Calls `body(first tile, count)` for every chunk of the tiles from `begin` to `end`.
template <typename Body>
void for_each_chunk(int64_t begin, int64_t end, int64_t tiles, Body body) {
  for (int64_t first = begin; first < end; first += tiles) body(first, std::min(tiles, end - first));
}

/// The map of `channels` that transformed weights `[positions, map's channels, channels]` make of `map`.
at::Tensor convolved(const at::Tensor &map, const float *weights, int64_t channels) {
  const Maps maps = maps_of(map);
  const int64_t inner = map.size(1), tiles = tiles_per_chunk(inner + channels);
  at::Tensor result =
      at::empty({map.size(0), channels, map.size(2), map.size(3)}, map.options(), at::MemoryFormat::ChannelsLast);
  const float *source = readable(map);
  float *target = writable(result);
  const int64_t chunks = (maps.tiles() + tiles - 1) / tiles;
  parallel_for(chunks, [&](int64_t begin, int64_t end) {
    const at::Tensor input_memory = floats(Transformed::size(tiles, inner)),
                     product_memory = floats(Transformed::size(tiles, channels));
    const Transformed inputs(writable(input_memory), tiles, inner),
        products(writable(product_memory), tiles, channels);
    for_each_chunk(begin * tiles, std::min(end * tiles, maps.tiles()), tiles, [&](int64_t first, int64_t count) {
      transform_inputs(source, maps, first, count, inputs);
      for (int64_t position = 0; position < positions; ++position) {
        multiply(inputs.at(position), weights + position * inner * channels, products.at(position), count, inner,
                 channels);
      }
      transform_outputs(products, maps, first, count, target);
    });
  });
  return result;
}

/// The gradient of weights `[K, C, 3, 3]`. Each thread sums over a share of the tiles, and the shares in their order.
at::Tensor weight_gradient(const at::Tensor &input, const at::Tensor &gradient, const at::Tensor &weight) {
  const Maps maps = maps_of(input);
  const int64_t inputs = input.size(1), outputs = gradient.size(1), tiles = tiles_per_chunk(inputs + outputs);
  const int64_t chunks = (maps.tiles() + tiles - 1) / tiles;
  const int64_t shares = std::min<int64_t>(at::get_num_threads(), chunks);
  const at::Tensor sums = at::zeros({shares, positions * inputs * outputs}, at::kFloat);
  const float *source = readable(input), *arriving = readable(gradient);
  float *sum = writable(sums);
  parallel_for(shares, [&](int64_t begin, int64_t end) {
    const at::Tensor input_memory = floats(Transformed::size(tiles, inputs)),
                     gradient_memory = floats(Transformed::size(tiles, outputs));
    const Transformed transformed(writable(input_memory), tiles, inputs),
        gradients(writable(gradient_memory), tiles, outputs);
    for (int64_t share = begin; share < end; ++share) {
      float *share_sum = sum + share * positions * inputs * outputs;
      const int64_t share_begin = chunks * share / shares * tiles,
                    share_end = std::min(chunks * (share + 1) / shares * tiles, maps.tiles());
      for_each_chunk(share_begin, share_end, tiles, [&](int64_t first, int64_t count) {
        transform_inputs(source, maps, first, count, transformed);
        transform_gradients(arriving, maps, first, count, gradients);
        for (int64_t position = 0; position < positions; ++position) {
          accumulate_products(transformed.at(position), gradients.at(position),
                              share_sum + position * inputs * outputs, count, inputs, outputs);
        }
      });
    }
  });
  for (int64_t share = 1; share < shares; ++share) sums[0].add_(sums[share]);
  at::Tensor result = at::empty(weight.sizes(), weight.options(), at::MemoryFormat::ChannelsLast);
  transform_weight_gradients(sum, outputs, inputs, writable(result));
  return result;
}

class Convolution : public torch::autograd::Function<Convolution> {
 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight) {
    const at::Tensor transformed = floats(positions * weight.size(0) * weight.size(1));
    transform_weights(readable(channels_last(weight)), weight.size(0), weight.size(1), writable(transformed));
    context->save_for_backward({input, weight});
    return convolved(input, readable(transformed), weight.size(0));
  }

  static variable_list backward(AutogradContext *context, const variable_list &arriving) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1], gradient = channels_last(arriving[0]);
    at::Tensor input_gradient;
    if (context->needs_input_grad(0)) {
      const at::Tensor transformed = floats(positions * weight.size(0) * weight.size(1));
      transform_turned_weights(readable(channels_last(weight)), weight.size(0), weight.size(1), writable(transformed));
      input_gradient = convolved(gradient, readable(transformed), weight.size(1));
    }
    return {input_gradient, context->needs_input_grad(1) ? weight_gradient(input, gradient, weight) : at::Tensor()};
  }
};

}  // namespace

bool serves(const at::Tensor &input, const at::Tensor &weight, int64_t groups) {
  return ct_uses(CT_WINOGRAD) && input.dim() == 4 && weight.dim() == 4 && input.device().is_cpu() &&
         weight.device().is_cpu() && input.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         input.numel() > 0 && input.is_contiguous(at::MemoryFormat::ChannelsLast) && weight.size(2) == 3 &&
         weight.size(3) == 3 && groups > 0 && weight.size(0) > 0 && weight.size(0) % (lane_count * groups) == 0 &&
         weight.size(1) * groups == input.size(1) && weight.size(1) > 0 && weight.size(1) % lane_count == 0;
}

at::Tensor convolve(const at::Tensor &input, const at::Tensor &weight, int64_t groups) {
  if (groups == 1) return Convolution::apply(input, weight);
  // Chunks, whose gradients are put together in one go.
  const std::vector<at::Tensor> inputs = input.chunk(groups, 1), weights = weight.chunk(groups, 0);
  std::vector<at::Tensor> results;
  for (int64_t group = 0; group < groups; ++group) {
    results.push_back(Convolution::apply(channels_last(inputs[group]), weights[group]));
  }
  return at::cat(results, 1);
}

}  // namespace consort::winograd
