/// A tensor that belongs to a layer: learnt, or tracked while learning.
public struct Parameter: Hashable, Sendable {
  /// What it is for, from which its initial value follows.
  public enum Kind: Hashable, Sendable {
    /// Of a convolution whose channels are cut into so many groups.
    case convolutionWeight(groups: Int)
    case convolutionBias, normalizationWeight, normalizationBias
    case runningMean, runningVariance
    case linearWeight, linearBias

    var isTrainable: Bool { self != .runningMean && self != .runningVariance }
  }

  /// The layer's name and its own, as PyTorch has them: "blocks.0.bn1.running_mean".
  public let name: String
  /// `[O, I / groups, K, K]` for a convolution, `[O, I]` for a linear layer, else a vector.
  public let shape: [Int]
  /// What it is for.
  public let kind: Kind

  /// Creates a parameter as it is; `Network.parameters` gives those of a network.
  public init(name: String, shape: [Int], kind: Kind) {
    self.name = name
    self.shape = shape
    self.kind = kind
  }

  /// Whether gradients move it; the running statistics are buffers.
  public var isTrainable: Bool { kind.isTrainable }
  /// How many numbers it holds.
  public var count: Int { shape.reduce(1, *) }
}

extension Network {
  /// All parameters and buffers, in the order of the layers; made anew at each call, in O(layers).
  public var parameters: [Parameter] {
    var result: [Parameter] = []
    for (index, layer) in layers.enumerated() {
      layer.operation.forEachTensor(input: graph.inputShape(of: index)) { name, sizes, kind in
        result.append(Parameter(name: "\(layer.name).\(name)", shape: sizes.shape, kind: kind))
      }
    }
    return result
  }
}

/// A tensor's sizes, which can be counted without an array.
enum TensorSizes {
  case vector(Int)
  case matrix(outputs: Int, inputs: Int)
  case kernels(outputs: Int, inputs: Int, size: Int)

  /// As `Parameter` has it.
  var shape: [Int] {
    switch self {
    case .vector(let count): [count]
    case .matrix(let outputs, let inputs): [outputs, inputs]
    case .kernels(let outputs, let inputs, let size): [outputs, inputs, size, size]
    }
  }

  /// How many numbers the tensor holds; nil where that overflows.
  var count: Int? {
    switch self {
    case .vector(let count): count
    case .matrix(let outputs, let inputs): product(outputs, inputs)
    case .kernels(let outputs, let inputs, let size): product(outputs, inputs, size, size)
    }
  }
}

extension Layer.Operation {
  /// Calls the body with each tensor's own name, such as "weight", its sizes and what it is for. It builds no arrays and
  /// no strings, for a search counts the parameters of thousands of networks a second.
  func forEachTensor<Failure: Error>(
    input: FeatureShape,
    _ body: (String, TensorSizes, Parameter.Kind) throws(Failure) -> Void
  ) throws(Failure) {
    switch (self, input) {
    case (.convolution(let convolution), .map(let map)):
      let (outputs, groups) = (convolution.outputChannels, convolution.groups)
      let sizes = TensorSizes.kernels(
        outputs: outputs, inputs: map.channels / groups, size: convolution.kernelSize)
      try body("weight", sizes, .convolutionWeight(groups: groups))
      if convolution.hasBias { try body("bias", .vector(outputs), .convolutionBias) }
    case (.batchNorm, .map(let map)):
      try body("weight", .vector(map.channels), .normalizationWeight)
      try body("bias", .vector(map.channels), .normalizationBias)
      try body("running_mean", .vector(map.channels), .runningMean)
      try body("running_var", .vector(map.channels), .runningVariance)
    case (.linear(let outputs), .vector(let inputs)):
      try body("weight", .matrix(outputs: outputs, inputs: inputs), .linearWeight)
      try body("bias", .vector(outputs), .linearBias)
    default: break
    }
  }
}

/// The product; nil where it overflows.
func product(_ factors: Int...) -> Int? {
  var result = 1
  for factor in factors {
    let (value, overflow) = result.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    result = value
  }
  return result
}
