/// A tensor that belongs to a layer: learnt, or tracked while learning.
public struct Parameter: Hashable, Sendable {
  /// What it is for, from which its initial value follows.
  public enum Kind: Hashable, Sendable {
    /// Of a convolution whose channels are cut into so many groups.
    case convolutionWeight(groups: Int)
    case convolutionBias, normalizationWeight, normalizationBias
    case runningMean, runningVariance
    case linearWeight, linearBias
  }

  /// The layer's name and its own, as PyTorch has them: "blocks.0.bn1.running_mean".
  public let name: String
  /// `[O, I / groups, K, K]` for a convolution, `[O, I]` for a linear layer, else a vector.
  public let shape: [Int]
  /// What it is for.
  public let kind: Kind

  /// Creates a parameter.
  public init(name: String, shape: [Int], kind: Kind) {
    self.name = name
    self.shape = shape
    self.kind = kind
  }

  /// Whether gradients move it; the running statistics are buffers.
  public var isTrainable: Bool { kind != .runningMean && kind != .runningVariance }
  /// How many numbers it holds.
  public var count: Int { shape.reduce(1, *) }
}

extension Network {
  /// All parameters and buffers, in the order of the layers.
  ///
  /// - Throws: `NetworkError` where the network is ill-formed.
  public func parameters() throws(NetworkError) -> [Parameter] {
    let outputs = try shapes()
    var shapeOf: [String: FeatureShape] = [Self.inputName: .map(input)]
    var result: [Parameter] = []
    for (layer, output) in zip(layers, outputs) {
      let inputs = layer.inputs.compactMap { shapeOf[$0] }
      result += layer.parameters(input: inputs[0], output: output)
      shapeOf[layer.name] = output
    }
    return result
  }
}

extension Layer {
  func parameters(input: FeatureShape, output: FeatureShape) -> [Parameter] {
    switch (operation, input, output) {
    case (.convolution(let convolution), .map(let map), _):
      let shape = [
        convolution.outputChannels, map.channels / convolution.groups, convolution.kernelSize,
        convolution.kernelSize,
      ]
      let weight = Parameter(
        name: "\(name).weight", shape: shape, kind: .convolutionWeight(groups: convolution.groups))
      let bias = Parameter(
        name: "\(name).bias", shape: [convolution.outputChannels], kind: .convolutionBias)
      return convolution.hasBias ? [weight, bias] : [weight]
    case (.batchNormalization, .map(let map), _):
      let kinds: [(String, Parameter.Kind)] = [
        ("weight", .normalizationWeight), ("bias", .normalizationBias),
        ("running_mean", .runningMean), ("running_var", .runningVariance),
      ]
      return kinds.map { Parameter(name: "\(name).\($0)", shape: [map.channels], kind: $1) }
    case (.linear(let outputs), .vector(let inputs), _):
      return [
        Parameter(name: "\(name).weight", shape: [outputs, inputs], kind: .linearWeight),
        Parameter(name: "\(name).bias", shape: [outputs], kind: .linearBias),
      ]
    default:
      return []
    }
  }
}
