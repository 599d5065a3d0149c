/// The shape of a layer's output for one image.
public enum FeatureShape: Hashable, Sendable, CustomStringConvertible {
  /// Channels of height x width.
  case map(ImageShape)
  /// A vector.
  case vector(Int)

  /// How many numbers it holds.
  public var count: Int {
    switch self {
    case .map(let shape): shape.channels * shape.height * shape.width
    case .vector(let count): count
    }
  }

  /// "16 x 32 x 32" or "64".
  public var description: String {
    switch self {
    case .map(let shape): "\(shape.channels) x \(shape.height) x \(shape.width)"
    case .vector(let count): "\(count)"
    }
  }
}

extension Network {
  /// Validates the whole graph and returns the shape of every layer's output, in order.
  ///
  /// - Throws: `NetworkError` naming the first layer that is ill-formed.
  public func shapes() throws(NetworkError) -> [FeatureShape] {
    try validateInput()
    guard let last = layers.last else { throw .noLayers(network: name) }
    var known: [String: FeatureShape] = [Self.inputName: .map(input)]
    var unread: Set<String> = []
    var result: [FeatureShape] = []
    for layer in layers {
      guard known[layer.name] == nil else { throw .duplicateName(layer: layer.name) }
      let inputs = try layer.resolveInputs(known)
      let shape = try layer.outputShape(inputs)
      unread.subtract(layer.inputs)
      unread.insert(layer.name)
      known[layer.name] = shape
      result.append(shape)
    }
    unread.remove(last.name)
    if let unused = layers.first(where: { unread.contains($0.name) }) {
      throw .unusedLayer(layer: unused.name)
    }
    guard case .vector? = result.last else { throw .outputIsNotLogits(layer: last.name) }
    return result
  }

  /// How many classes the logits distinguish.
  public func classes() throws(NetworkError) -> Int {
    try shapes().last?.count ?? 0
  }

  private func validateInput() throws(NetworkError) {
    let sides = [input.channels, input.height, input.width]
    guard sides.allSatisfy({ (1...65_536).contains($0) }) else { throw .invalidInput(input) }
  }
}

extension Layer {
  fileprivate func resolveInputs(
    _ known: [String: FeatureShape]
  ) throws(NetworkError) -> [FeatureShape] {
    let expected = operation == .add || operation == .scale ? 2 : 1
    guard inputs.count == expected else {
      throw .wrongInputCount(layer: name, expected: expected, actual: inputs.count)
    }
    var shapes: [FeatureShape] = []
    for input in inputs {
      guard let shape = known[input] else { throw .unknownInput(layer: name, input: input) }
      shapes.append(shape)
    }
    return shapes
  }

  fileprivate func outputShape(_ inputs: [FeatureShape]) throws(NetworkError) -> FeatureShape {
    switch operation {
    case .convolution(let convolution):
      return .map(try outputShape(of: convolution, on: requireMap(inputs[0])))
    case .maxPool(let kernelSize, let stride, let padding):
      let map = try requireMap(inputs[0])
      try require(2 * padding <= kernelSize, "the padding must be at most half of the kernel size")
      let window = Convolution(
        outputChannels: map.channels, kernelSize: kernelSize, stride: stride,
        padding: .symmetric(padding), groups: map.channels)
      return .map(try outputShape(of: window, on: map))
    case .batchNormalization(let epsilon, let momentum):
      _ = try requireMap(inputs[0])
      try require(epsilon > 0 && epsilon.isFinite, "epsilon must be positive")
      try require((0...1).contains(momentum), "the momentum must be in 0...1")
      return inputs[0]
    case .relu, .silu, .sigmoid:
      return inputs[0]
    case .add:
      guard inputs[0] == inputs[1] else {
        throw .shapeMismatch(layer: name, reason: "cannot add \(inputs[0]) and \(inputs[1])")
      }
      return inputs[0]
    case .scale:
      let channels = try requireMap(inputs[0]).channels
      guard inputs[1] == .map(ImageShape(channels: channels, height: 1, width: 1)) else {
        throw .shapeMismatch(
          layer: name,
          reason: "cannot scale \(inputs[0]) by \(inputs[1]): it takes \(channels) x 1 x 1")
      }
      return inputs[0]
    case .globalAveragePool:
      return .vector(try requireMap(inputs[0]).channels)
    case .squeeze:
      return .map(ImageShape(channels: try requireMap(inputs[0]).channels, height: 1, width: 1))
    case .dropout(let rate):
      try require((0..<1).contains(rate), "the dropout rate must be in 0..<1")
      return inputs[0]
    case .stochasticDepth(let rate):
      _ = try requireMap(inputs[0])
      try require((0..<1).contains(rate), "the rate must be in 0..<1")
      return inputs[0]
    case .linear(let outputs):
      guard case .vector = inputs[0] else {
        throw .shapeMismatch(layer: name, reason: "needs a vector, not \(inputs[0]); pool first")
      }
      try require((1...(1 << 24)).contains(outputs), "the outputs must be in 1...\(1 << 24)")
      return .vector(outputs)
    }
  }

  private func outputShape(
    of convolution: Convolution, on map: ImageShape
  ) throws(NetworkError) -> ImageShape {
    let (outputs, groups) = (convolution.outputChannels, convolution.groups)
    try require(outputs > 0, "the output channels must be positive")
    try require(convolution.kernelSize > 0, "the kernel size must be positive")
    try require(convolution.stride > 0, "the stride must be positive")
    if case .symmetric(let padding) = convolution.padding {
      try require(
        padding >= 0 && padding < convolution.kernelSize, "the padding must be in 0..<kernel size")
    }
    try require(
      max(outputs, convolution.kernelSize, convolution.stride) <= 1 << 20,
      "a number is above \(1 << 20)")
    try require(
      groups > 0 && outputs % groups == 0 && map.channels % groups == 0,
      "the groups must divide the channels, \(map.channels) and \(outputs)")
    guard let height = convolution.outputSize(map.height),
      let width = convolution.outputSize(map.width)
    else {
      throw .shapeMismatch(
        layer: name,
        reason:
          "a kernel of \(convolution.kernelSize) does not fit into \(map.height) x \(map.width)")
    }
    return ImageShape(channels: outputs, height: height, width: width)
  }

  private func requireMap(_ shape: FeatureShape) throws(NetworkError) -> ImageShape {
    guard case .map(let map) = shape else {
      throw .shapeMismatch(layer: name, reason: "needs channels of an image, not a vector")
    }
    return map
  }

  private func require(_ condition: Bool, _ reason: String) throws(NetworkError) {
    guard condition else { throw .invalidParameter(layer: name, reason: reason) }
  }
}
