import Networks

/// A network's layers as the steps in which a training runs them: what belongs together becomes one operation.
enum FusedStep {
  /// One layer by itself.
  case layer(Layer)
  /// A batch normalisation whose only reader is a ReLU.
  case batchNormRelu(normalization: Layer, relu: Layer)
  /// The same of a sum that others may read as well.
  case addBatchNormRelu(add: Layer, normalization: Layer, relu: Layer)

  /// The layers whose tensors the step reads from earlier ones.
  var inputs: [String] {
    switch self {
    case .layer(let layer), .batchNormRelu(let layer, _), .addBatchNormRelu(let layer, _, _):
      layer.inputs
    }
  }

  /// Finds what can be fused, where the layers follow one another.
  static func steps(of network: Network) -> [FusedStep] {
    var readers: [String: Int] = [:]
    for input in network.layers.flatMap(\.inputs) { readers[input, default: 0] += 1 }
    var steps: [FusedStep] = []
    for layer in network.layers {
      switch (layer.operation, steps.last) {
      case (.relu, .layer(let previous)?)
      where previous.isNormalization && layer.inputs == [previous.name]
        && readers[previous.name] == 1:
        steps.removeLast()
        if case .layer(let sum)? = steps.last, sum.operation == .add,
          previous.inputs == [sum.name]
        {
          steps.removeLast()
          steps.append(.addBatchNormRelu(add: sum, normalization: previous, relu: layer))
        } else {
          steps.append(.batchNormRelu(normalization: previous, relu: layer))
        }
      default: steps.append(.layer(layer))
      }
    }
    return steps
  }
}

extension Layer {
  fileprivate var isNormalization: Bool {
    if case .batchNorm = operation { true } else { false }
  }
}
