import CTorch

extension Tensor {
  /// Zeros around a map.
  public struct Padding: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// Rows above and below, columns before and after.
    public var top, bottom, left, right: Int

    /// Zeros of each side.
    public init(top: Int, bottom: Int, left: Int, right: Int) {
      (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    }

    /// The same on all sides.
    public init(integerLiteral count: Int) {
      self.init(top: count, bottom: count, left: count, right: count)
    }
  }

  /// Convolution.
  ///
  /// - Parameters:
  ///   - weight: `[O, C / groups, K, K]`, where the tensor is `[N, C, H, W]`.
  ///   - bias: `[O]`.
  ///   - stride: Of both directions.
  ///   - padding: Zeros around the map.
  ///   - groups: Channels are cut into so many groups, each convolved by itself.
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int, padding: Padding, groups: Int = 1
  ) throws(TorchError) -> Tensor {
    let zeros = ct_padding(
      top: Int64(padding.top), bottom: Int64(padding.bottom), left: Int64(padding.left),
      right: Int64(padding.right))
    return try withExtendedLifetime(bias) { () throws(TorchError) in
      try .make("conv2d") { result in
        ct_conv2d(
          handle, weight.handle, bias?.handle ?? ct_tensor(), Int64(stride), zeros, Int64(groups),
          &result)
      }
    }
  }

  /// The largest elements of `[N, C, H, W]` under a square kernel.
  ///
  /// - Parameter padding: On each side, which does not count; at most half of the kernel.
  public func maxPool2d(
    kernelSize: Int, stride: Int, padding: Int
  ) throws(TorchError) -> Tensor {
    try .make("max_pool2d") { result in
      ct_max_pool2d(handle, Int64(kernelSize), Int64(stride), Int64(padding), &result)
    }
  }

  /// What batch normalisation learns and tracks, each `[C]`, float32.
  public struct BatchNormVectors {
    let weight, bias, runningMean, runningVariance: Tensor

    /// Gathers the four vectors of one layer.
    public init(weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor) {
      self.weight = weight
      self.bias = bias
      self.runningMean = runningMean
      self.runningVariance = runningVariance
    }
  }

  /// Batch normalisation of `[N, C, H, W]`.
  ///
  /// - Parameters:
  ///   - training: Whether to use the batch's statistics and update the running ones.
  ///   - momentum: The weight of the batch in the running statistics (PyTorch's sense).
  public func batchNorm(
    _ layer: BatchNormVectors, training: Bool, momentum: Double, epsilon: Double
  ) throws(TorchError) -> Tensor {
    try .make("batch_norm") { result in
      ct_batch_norm(
        handle, layer.weight.handle, layer.bias.handle, layer.runningMean.handle,
        layer.runningVariance.handle, training, momentum, epsilon, &result)
    }
  }

  /// Batch normalisation with the batch's statistics, then max(x, 0), as one operation with one gradient.
  ///
  /// Of float32 `[N, C, H, W]` on the CPU, channels-last. It reads and writes memory about a third as often as the two
  /// operations would, and the same bits come out for any number of threads.
  public func batchNormRelu(
    _ layer: BatchNormVectors, momentum: Double, epsilon: Double
  ) throws(TorchError) -> Tensor {
    try .make("batch_norm_relu") { result in
      ct_batch_norm_relu(
        handle, layer.weight.handle, layer.bias.handle, layer.runningMean.handle,
        layer.runningVariance.handle, momentum, epsilon, &result)
    }
  }

  /// `batchNormRelu` of the sum with `other`, of the same shape.
  public func addBatchNormRelu(
    _ other: Tensor, _ layer: BatchNormVectors, momentum: Double, epsilon: Double
  ) throws(TorchError) -> (sum: Tensor, output: Tensor) {
    var sum = ct_tensor()
    let output = try Tensor.make("add_batch_norm_relu") { result in
      ct_add_batch_norm_relu(
        handle, other.handle, layer.weight.handle, layer.bias.handle, layer.runningMean.handle,
        layer.runningVariance.handle, momentum, epsilon, &sum, &result)
    }
    return (Tensor(owning: sum), output)
  }

  /// max(x, 0).
  public func relu() throws(TorchError) -> Tensor {
    try .make("relu") { result in ct_relu(handle, &result) }
  }

  /// min(max(x, 0), 6).
  public func relu6() throws(TorchError) -> Tensor {
    try .make("relu6") { result in ct_relu6(handle, &result) }
  }

  /// x sigmoid(x).
  public func silu() throws(TorchError) -> Tensor {
    try .make("silu") { result in ct_silu(handle, &result) }
  }

  /// 1 / (1 + exp(-x)).
  public func sigmoid() throws(TorchError) -> Tensor {
    try .make("sigmoid") { result in ct_sigmoid(handle, &result) }
  }

  /// max(x, 0), in place.
  public func reluInPlace() throws(TorchError) {
    try check("relu_", ct_relu_(handle))
  }

  /// `x · weightᵀ + bias` of `[N, I]`, with `weight` `[O, I]` and `bias` `[O]`.
  public func linear(_ weight: Tensor, bias: Tensor) throws(TorchError) -> Tensor {
    try .make("linear") { result in
      ct_linear(handle, weight.handle, bias.handle, &result)
    }
  }

  /// Zeroes elements with probability `rate`, in `0..<1`, and scales the others by 1 / (1 - rate).
  public func dropout(rate: Double, generator: Generator) throws(TorchError) -> Tensor {
    try .make("dropout") { result in ct_dropout(handle, rate, generator.handle, &result) }
  }

  /// Zeroes whole images of `[N, ...]` with probability `rate`, in `0..<1`, and scales the others by 1 / (1 - rate).
  public func dropPath(rate: Double, generator: Generator) throws(TorchError) -> Tensor {
    try .make("drop_path") { result in ct_drop_path(handle, rate, generator.handle, &result) }
  }

  /// Natural logarithms of the softmax along `dimension`.
  public func logSoftmax(_ dimension: Int) throws(TorchError) -> Tensor {
    try .make("log_softmax") { result in ct_log_softmax(handle, Int64(dimension), &result) }
  }

  /// Returns the mean cross-entropy, in nats, of logits `[N, C]`; of rank 0.
  ///
  /// - Parameters:
  ///   - labels: `[N]`, int64, in `0..<C`.
  ///   - labelSmoothing: In `0...1`; 0 leaves the labels as they are. Source: arXiv:1512.00567, section 7.
  public func crossEntropy(
    _ labels: Tensor, labelSmoothing: Double = 0
  ) throws(TorchError) -> Tensor {
    try .make("cross_entropy") { result in
      ct_cross_entropy(handle, labels.handle, labelSmoothing, &result)
    }
  }
}
