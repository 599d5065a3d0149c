/// What moves parameters along their gradients.
public protocol Optimizer: AnyObject {
  /// The parameters, as given.
  var parameters: [Tensor] { get }
  /// The whole state: each kind of buffer by its name, one tensor a parameter, in the parameters' order.
  var buffers: [(name: String, tensors: [Tensor])] { get }

  /// Moves every parameter that has a gradient, then forgets the gradients.
  func step(learningRate: Double) throws(TorchError)

  /// The same with a learning rate that lies on the parameters' device, where a captured graph reads it anew each time.
  ///
  /// The gradients are forgotten here too, so that every `backward` of a graph begins with none: it writes them where
  /// they lay when the graph was captured, and there is nothing to clear between replays.
  ///
  /// - Parameter learningRate: One element, float32.
  func step(learningRate: Tensor) throws(TorchError)
}

extension [Tensor] {
  /// Tensors of the same shapes, devices and formats, all of one value.
  func buffers(of value: Double) throws(TorchError) -> [Tensor] {
    var result: [Tensor] = []
    for tensor in self {
      let buffer = try tensor.detached().clone()
      try buffer.copy(from: .full([], value))
      result.append(buffer)
    }
    return result
  }
}
