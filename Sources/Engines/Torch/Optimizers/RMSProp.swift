import CTorch

/// RMSProp in TensorFlow's form, over all parameters at once.
///
/// With gradient g (weight decay added), mean square s = decay * s + (1 - decay) * g², starting from ones, and buffer
/// b = momentum * b + learning rate * g / sqrt(s + epsilon), starting from zeros; the step goes along -b.
/// Source: TensorFlow's `tf.train.RMSPropOptimizer`, and timm's `RMSpropTF`.
public final class RMSProp: Optimizer {
  /// The parameters, as given.
  public let parameters: [Tensor]
  /// Running means of squared gradients, and momentum buffers.
  public let squares, momenta: [Tensor]
  /// How much of the mean square stays at each step, in `0..<1`.
  public let decay: Double
  /// In `0..<1`.
  public let momentum: Double
  /// Inside the square root.
  public let epsilon: Double
  /// The factors of the parameters that are added to their gradients, one a parameter.
  public let weightDecays: [Double]

  /// Creates the optimizer with mean squares of one and momentum buffers of zero.
  public init(
    _ parameters: [Tensor], decay: Double, momentum: Double, epsilon: Double,
    weightDecays: [Double]
  ) throws(TorchError) {
    precondition(parameters.count == weightDecays.count, "one weight decay a parameter")
    self.parameters = parameters
    squares = try parameters.buffers(of: 1)
    momenta = try parameters.buffers(of: 0)
    self.decay = decay
    self.momentum = momentum
    self.epsilon = epsilon
    self.weightDecays = weightDecays
  }

  /// The whole state by name, one tensor a parameter.
  public var buffers: [(name: String, tensors: [Tensor])] {
    [("square", squares), ("momentum", momenta)]
  }

  /// Moves every parameter that has a gradient, then forgets the gradients.
  public func step(learningRate: Double) throws(TorchError) {
    try step(learningRate, tensor: nil)
  }

  /// The same with a learning rate that lies on the parameters' device: one element, float32.
  public func step(learningRate: Tensor) throws(TorchError) {
    try step(0, tensor: learningRate)
  }

  private func step(_ learningRate: Double, tensor: Tensor?) throws(TorchError) {
    var indices: [Int] = []
    var gradients: [Tensor] = []
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = try parameter.gradient() else { continue }
      indices.append(index)
      gradients.append(gradient)
    }
    let settings = ct_rmsprop(decay: decay, momentum: momentum, epsilon: epsilon)
    try withExtendedLifetime((gradients, tensor)) { () throws(TorchError) in
      try check(
        "rmsprop_",
        ct_rmsprop_(
          indices.map { parameters[$0].handle }, gradients.map(\.handle),
          indices.map { squares[$0].handle }, indices.map { momenta[$0].handle },
          indices.map { weightDecays[$0] }, indices.count, settings, learningRate,
          tensor?.handle ?? ct_tensor()))
    }
    for index in indices { try parameters[index].clearGradient() }
  }
}
