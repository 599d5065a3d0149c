// Convolutions of 3 x 3 and stride 1 on the CPU, by Winograd's way.
#pragma once

#include <ATen/core/Tensor.h>

namespace consort::winograd {

/// Whether `convolve` is on and made for these: channels-last float32 on the CPU, 3 x 3, channels of a group in multiples of 16.
bool serves(const at::Tensor &input, const at::Tensor &weight, int64_t groups);

/// The convolution of `input` `[N, C, H, W]` with `weight` `[K, C / groups, 3, 3]`, stride 1, padding 1, with its gradients.
at::Tensor convolve(const at::Tensor &input, const at::Tensor &weight, int64_t groups);

}  // namespace consort::winograd
