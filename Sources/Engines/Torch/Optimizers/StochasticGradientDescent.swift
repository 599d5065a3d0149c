import CTorch

/// Stochastic gradient descent with momentum, fused over all parameters.
///
/// With gradient g (weight decay added), buffer b = momentum * b + (1 - dampening) * g, starting from zeros; the step
/// goes along g + momentum * b with Nesterov momentum, along b without.
/// Source: the definition in PyTorch's `torch.optim.SGD`.
public final class StochasticGradientDescent: Optimizer {
  /// The parameters, as given.
  public let parameters: [Tensor]
  /// The momentum buffers, one a parameter.
  public let momenta: [Tensor]
  /// In `0..<1`.
  public let momentum: Double
  /// The factors of the parameters that are added to their gradients, one a parameter.
  public let weightDecays: [Double]
  /// Whether the step looks ahead along the momentum.
  public let nesterov: Bool

  /// Creates the optimizer with momentum buffers of zero and one weight decay for all.
  public convenience init(
    _ parameters: [Tensor], momentum: Double, weightDecay: Double, nesterov: Bool
  ) throws(TorchError) {
    try self.init(
      parameters, momentum: momentum,
      weightDecays: [Double](repeating: weightDecay, count: parameters.count), nesterov: nesterov)
  }

  /// Creates the optimizer with momentum buffers of zero.
  public init(
    _ parameters: [Tensor], momentum: Double, weightDecays: [Double], nesterov: Bool
  ) throws(TorchError) {
    precondition(parameters.count == weightDecays.count, "one weight decay a parameter")
    self.parameters = parameters
    momenta = try parameters.buffers(of: 0)
    self.momentum = momentum
    self.weightDecays = weightDecays
    self.nesterov = nesterov
  }

  /// The whole state by name, one tensor a parameter.
  public var buffers: [(name: String, tensors: [Tensor])] { [("momentum", momenta)] }

  /// Moves every parameter that has a gradient, then forgets the gradients.
  public func step(learningRate: Double) throws(TorchError) {
    try step { (parameters, gradients, momenta, count, weightDecay) in
      ct_fused_sgd_(
        parameters, gradients, momenta, count, learningRate, momentum, weightDecay, 0, nesterov)
    }
  }

  /// The same with a learning rate that lies on the parameters' device: one element, float32.
  public func step(learningRate: Tensor) throws(TorchError) {
    try step { (parameters, gradients, momenta, count, weightDecay) in
      ct_fused_sgd_tensor_rate_(
        parameters, gradients, momenta, count, learningRate.handle, momentum, weightDecay, 0,
        nesterov)
    }
  }

  private typealias Operation = ([ct_tensor], [ct_tensor], [ct_tensor], Int, Double) -> ct_status

  /// Hands what has a gradient to `operation`, for each weight decay by itself: parameters, gradients, momenta, how many,
  /// and the weight decay.
  private func step(_ operation: Operation) throws(TorchError) {
    for weightDecay in Set(weightDecays).sorted() {
      try step(weightDecay, operation)
    }
  }

  private func step(_ weightDecay: Double, _ operation: Operation) throws(TorchError) {
    var moving: [Tensor] = []
    var gradients: [Tensor] = []
    var buffers: [Tensor] = []
    for (index, parameter) in parameters.enumerated() where weightDecays[index] == weightDecay {
      guard let gradient = try parameter.gradient() else { continue }
      moving.append(parameter)
      gradients.append(gradient)
      buffers.append(momenta[index])
    }
    guard !moving.isEmpty else { return }
    try withExtendedLifetime((moving, gradients, buffers)) { () throws(TorchError) in
      try check(
        "fused_sgd_",
        operation(
          moving.map(\.handle), gradients.map(\.handle), buffers.map(\.handle), moving.count,
          weightDecay))
    }
    for parameter in moving { try parameter.clearGradient() }
  }
}
