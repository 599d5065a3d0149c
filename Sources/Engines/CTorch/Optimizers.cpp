// Optimizers: each step is a few operations over all parameters at once.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_foreach_sub.h>
#include <ATen/ops/_fused_sgd.h>

#include <vector>

#include "Handles.h"

using namespace consort;

namespace {

std::vector<at::Tensor> tensors(const ct_tensor *handles, size_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) list.push_back(tensor(handles[i]));
  return list;
}

/// libtorch reads one float, whatever the tensor is.
at::Tensor rate_tensor(ct_tensor handle) {
  const at::Tensor &value = tensor(handle);
  TORCH_CHECK(value.numel() == 1 && value.scalar_type() == at::kFloat, "a learning rate is one float32, not ",
              value.sizes(), " of ", value.dtype());
  return value;
}

/// Adds the weights, times their decays, to their gradients.
void add_weight_decay(const std::vector<at::Tensor> &parameters, const std::vector<at::Tensor> &gradients,
                      const double *weight_decays) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (weight_decays[i] != 0) gradients[i].add_(parameters[i], weight_decays[i]);
  }
}

}  // namespace

/// `learning_rate()` is a number or a tensor: libtorch takes both.
template <typename Rate>
static ct_status fused_sgd(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momenta,
                           size_t count, Rate &&learning_rate, double momentum, double weight_decay, double dampening,
                           bool nesterov) {
  return guarded([&] {
    at::NoGradGuard no_gradients;
    std::vector<at::Tensor> targets = tensors(parameters, count);
    at::_fused_sgd_(targets, tensors(gradients, count), tensors(momenta, count), weight_decay, momentum,
                    learning_rate(), dampening, nesterov, /*maximize=*/false, /*is_first_step=*/false);
  });
}

ct_status ct_fused_sgd_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momenta,
                        size_t count, double learning_rate, double momentum, double weight_decay, double dampening,
                        bool nesterov) {
  return fused_sgd(parameters, gradients, momenta, count, [&] { return learning_rate; }, momentum, weight_decay,
                   dampening, nesterov);
}

ct_status ct_fused_sgd_tensor_rate_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momenta,
                                    size_t count, ct_tensor learning_rate, double momentum, double weight_decay,
                                    double dampening, bool nesterov) {
  return fused_sgd(parameters, gradients, momenta, count, [&] { return rate_tensor(learning_rate); }, momentum,
                   weight_decay, dampening, nesterov);
}

ct_status ct_rmsprop_(const ct_tensor *parameter_handles, const ct_tensor *gradient_handles,
                      const ct_tensor *square_handles, const ct_tensor *momentum_handles, const double *weight_decays,
                      size_t count, ct_rmsprop settings, double learning_rate, ct_tensor tensor_rate) {
  return guarded([&] {
    if (count == 0) return;
    at::NoGradGuard no_gradients;
    const std::vector<at::Tensor> parameters = tensors(parameter_handles, count),
                                  gradients = tensors(gradient_handles, count),
                                  squares = tensors(square_handles, count),
                                  momenta = tensors(momentum_handles, count);
    add_weight_decay(parameters, gradients, weight_decays);
    at::_foreach_mul_(squares, settings.decay);
    at::_foreach_addcmul_(squares, gradients, gradients, 1 - settings.decay);
    std::vector<at::Tensor> deviations = at::_foreach_add(squares, settings.epsilon);
    at::_foreach_sqrt_(deviations);
    std::vector<at::Tensor> steps = at::_foreach_div(gradients, deviations);
    if (tensor_rate.pointer == nullptr) {
      at::_foreach_mul_(steps, learning_rate);
    } else {
      at::_foreach_mul_(steps, rate_tensor(tensor_rate));
    }
    at::_foreach_mul_(momenta, settings.momentum);
    at::_foreach_add_(momenta, steps);
    at::_foreach_sub_(parameters, momenta);
  });
}

ct_status ct_foreach_lerp_(const ct_tensor *targets, const ct_tensor *sources, size_t count, double weight) {
  return guarded([&] {
    at::NoGradGuard no_gradients;
    at::_foreach_lerp_(tensors(targets, count), tensors(sources, count), weight);
  });
}
