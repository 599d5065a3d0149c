// Layers, losses, gradients.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/relu6.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>

#include <algorithm>
#include <vector>

#include "CTorchDistributed.h"
#include "Handles.h"
#include "WinogradConvolution.h"

using namespace consort;

namespace {

bool is_one_on_each_side(const ct_padding &padding) {
  return padding.top == 1 && padding.bottom == 1 && padding.left == 1 && padding.right == 1;
}

/// Zeros of each side, of which there must be none to remove.
at::Tensor padded(const at::Tensor &map, const ct_padding &zeros) {
  TORCH_CHECK(zeros.left >= 0 && zeros.right >= 0 && zeros.top >= 0 && zeros.bottom >= 0, "negative padding");
  return at::constant_pad_nd(map, {zeros.left, zeros.right, zeros.top, zeros.bottom});
}

/// Fills a tensor with what a map is multiplied by.
at::Tensor mask(at::Tensor fresh, double rate, ct_generator source) {
  TORCH_CHECK(rate >= 0 && rate < 1, "dropout rate ", rate, " is outside 0..<1");
  return fresh.bernoulli_(1 - rate, generator(source)).div_(1 - rate);
}

/// `input` with its images dropped, or its elements, by a mask of the shape of `pattern`.
at::Tensor dropped(const at::Tensor &input, const at::Tensor &pattern, double rate, ct_generator source) {
  return input.mul(mask(at::empty_like(pattern), rate, source));
}

}  // namespace

ct_status ct_conv2d(ct_tensor input, ct_tensor weight, ct_tensor bias, int64_t stride, ct_padding padding,
                    int64_t groups, ct_tensor *result) {
  return giving(result, [&] {
    const at::Tensor &map = tensor(input), &kernel = tensor(weight);
    const bool has_bias = bias.pointer != nullptr;
    if (!has_bias && stride == 1 && is_one_on_each_side(padding) && winograd::serves(map, kernel, groups)) {
      return winograd::convolve(map, kernel, groups);
    }
    const bool is_symmetric = padding.top == padding.bottom && padding.left == padding.right;
    return at::conv2d(is_symmetric ? map : padded(map, padding), kernel, has_bias ? tensor(bias) : at::Tensor(),
                      {stride, stride},
                      is_symmetric ? at::IntArrayRef({padding.top, padding.left}) : at::IntArrayRef({0, 0}),
                      /*dilation=*/{1, 1}, groups);
  });
}

ct_status ct_max_pool2d(ct_tensor input, int64_t kernel_size, int64_t stride, int64_t padding, ct_tensor *result) {
  return giving(result, [&] {
    return at::max_pool2d(tensor(input), {kernel_size, kernel_size}, {stride, stride}, {padding, padding});
  });
}

ct_status ct_batch_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                        ct_tensor running_variance, bool training, double momentum, double epsilon,
                        ct_tensor *result) {
  return giving(result, [&] {
    return at::batch_norm(tensor(input), tensor(weight), tensor(bias), tensor(running_mean), tensor(running_variance),
                          training, momentum, epsilon, /*cudnn_enabled=*/true);
  });
}

ct_status ct_relu(ct_tensor input, ct_tensor *result) {
  return giving(result, [&] { return at::relu(tensor(input)); });
}

ct_status ct_relu6(ct_tensor input, ct_tensor *result) {
  return giving(result, [&] { return at::relu6(tensor(input)); });
}

ct_status ct_silu(ct_tensor input, ct_tensor *result) {
  return giving(result, [&] { return at::silu(tensor(input)); });
}

ct_status ct_sigmoid(ct_tensor input, ct_tensor *result) {
  return giving(result, [&] { return at::sigmoid(tensor(input)); });
}

ct_status ct_relu_(ct_tensor input) {
  return guarded([&] { tensor(input).relu_(); });
}

ct_status ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *result) {
  return giving(result, [&] { return at::linear(tensor(input), tensor(weight), tensor(bias)); });
}

ct_status ct_dropout(ct_tensor input, double rate, ct_generator source, ct_tensor *result) {
  return giving(result, [&] { return dropped(tensor(input), tensor(input), rate, source); });
}

ct_status ct_drop_path(ct_tensor input, double rate, ct_generator source, ct_tensor *result) {
  return giving(result, [&] {
    std::vector<int64_t> shape(static_cast<size_t>(tensor(input).dim()), 1);
    TORCH_CHECK(!shape.empty(), "needs images");
    shape[0] = tensor(input).size(0);
    return dropped(tensor(input), at::empty(shape, tensor(input).options()), rate, source);
  });
}

ct_status ct_dropout_mask(ct_tensor input, int64_t images, bool by_image, double rate, ct_generator source,
                          ct_tensor *result) {
  return giving(result, [&] {
    TORCH_CHECK(tensor(input).dim() > 0 && images >= 0, "needs images");
    std::vector<int64_t> shape = tensor(input).sizes().vec();
    if (by_image) std::fill(shape.begin(), shape.end(), 1);
    shape[0] = images;
    // As ct_dropout has it: drawn in the order in which the map lies in memory.
    const at::MemoryFormat format = by_image ? at::MemoryFormat::Contiguous : tensor(input).suggest_memory_format();
    return mask(at::empty(shape, tensor(input).options().memory_format(format).requires_grad(false)), rate, source);
  });
}

ct_status ct_log_softmax(ct_tensor input, int64_t dimension, ct_tensor *result) {
  return giving(result, [&] { return at::log_softmax(tensor(input), dimension); });
}

ct_status ct_cross_entropy(ct_tensor logits, ct_tensor labels, double label_smoothing, ct_tensor *result) {
  return giving(result, [&] {
    return at::cross_entropy_loss(tensor(logits), tensor(labels), /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, label_smoothing);
  });
}

ct_status ct_set_gradient_mode(bool enabled, bool *earlier) {
  return guarded([&] {
    *earlier = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
  });
}

ct_status ct_set_requires_gradient(ct_tensor handle, bool required) {
  return guarded([&] { tensor(handle).requires_grad_(required); });
}

ct_status ct_backward(ct_tensor loss) {
  return guarded([&] { tensor(loss).backward(); });
}

ct_status ct_gradient(ct_tensor handle, ct_tensor *result) {
  return guarded([&] {
    const at::Tensor &gradient = tensor(handle).grad();
    if (gradient.defined()) {
      give(gradient, result);
    } else {
      result->pointer = nullptr;
    }
  });
}

ct_status ct_clear_gradient(ct_tensor handle) {
  return guarded([&] { tensor(handle).mutable_grad().reset(); });
}
