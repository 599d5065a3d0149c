import CTorch

/// Stochastic gradient descent with momentum, fused over all parameters.
///
/// With gradient g (weight decay added), buffer b = momentum * b + (1 - dampening) * g, starting from zeros; the step
/// goes along g + momentum * b with Nesterov momentum, along b without.
/// Source: the definition in PyTorch's `torch.optim.SGD`.
public final class StochasticGradientDescent {
  /// The parameters, as given.
  public let parameters: [Tensor]
  /// The momentum buffers, one a parameter: the optimizer's whole state.
  public let momenta: [Tensor]
  /// In `0..<1`.
  public let momentum: Double
  /// The factor of the parameter that is added to its gradient.
  public let weightDecay: Double
  /// Whether the step looks ahead along the momentum.
  public let nesterov: Bool

  /// Creates the optimizer with momentum buffers of zero.
  public init(
    _ parameters: [Tensor], momentum: Double, weightDecay: Double, nesterov: Bool
  ) throws(TorchError) {
    var momenta: [Tensor] = []
    for parameter in parameters {
      let zeros = try parameter.detached().clone()
      try zeros.subtract(zeros)
      momenta.append(zeros)
    }
    self.parameters = parameters
    self.momenta = momenta
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.nesterov = nesterov
  }

  /// Moves every parameter that has a gradient, then forgets the gradients.
  public func step(learningRate: Double) throws(TorchError) {
    try step { (parameters, gradients, momenta, count) in
      ct_fused_sgd_(
        parameters, gradients, momenta, count, learningRate, momentum, weightDecay, 0, nesterov)
    }
  }

  /// The same with a learning rate that lies on the parameters' device, where a captured graph reads it anew each time.
  ///
  /// The gradients are forgotten here too, so that every `backward` of a graph begins with none: it writes them where
  /// they lay when the graph was captured, and there is nothing to clear between replays.
  ///
  /// - Parameter learningRate: One element, float32.
  public func step(learningRate: Tensor) throws(TorchError) {
    try step { (parameters, gradients, momenta, count) in
      ct_fused_sgd_tensor_rate_(
        parameters, gradients, momenta, count, learningRate.handle, momentum, weightDecay, 0,
        nesterov)
    }
  }

  /// Hands what has a gradient to `operation`: parameters, gradients, momenta, and how many.
  private func step(
    _ operation: ([ct_tensor], [ct_tensor], [ct_tensor], Int) -> ct_status
  ) throws(TorchError) {
    var moving: [Tensor] = []
    var gradients: [Tensor] = []
    var buffers: [Tensor] = []
    for (parameter, buffer) in zip(parameters, momenta) {
      guard let gradient = try parameter.gradient() else { continue }
      moving.append(parameter)
      gradients.append(gradient)
      buffers.append(buffer)
    }
    try withExtendedLifetime((moving, gradients, buffers)) { () throws(TorchError) in
      try check(
        "fused_sgd_",
        operation(
          moving.map(\.handle), gradients.map(\.handle), buffers.map(\.handle), moving.count))
    }
    for parameter in moving { try parameter.clearGradient() }
  }
}
