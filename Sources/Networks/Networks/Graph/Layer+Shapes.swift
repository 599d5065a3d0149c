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

extension Layer {
  func requireInputCount() throws(NetworkError) {
    let expected =
      switch operation {
      case .add, .scale: 2
      default: 1
      }
    guard inputs.count == expected else {
      throw .wrongInputCount(layer: name, expected: expected, actual: inputs.count)
    }
  }

  /// The output's shape.
  ///
  /// - Parameters:
  ///   - input: The shape of what the layer reads first.
  ///   - second: That of what it reads second; any where it reads one.
  func outputShape(
    _ input: FeatureShape, _ second: FeatureShape
  ) throws(NetworkError) -> FeatureShape {
    switch operation {
    case .convolution(let convolution):
      return .map(try outputShape(of: convolution, on: requireMap(input)))
    case .maxPool(let kernelSize, let stride, let padding):
      let map = try requireMap(input)
      // Twice the padding may be more than any number.
      try require(
        padding <= kernelSize / 2, "the padding must be at most half of the kernel size")
      let window = Convolution(
        outputChannels: map.channels, kernelSize: kernelSize, stride: stride,
        padding: .symmetric(padding), groups: map.channels)
      return .map(try outputShape(of: window, on: map))
    case .batchNorm(let epsilon, let momentum):
      _ = try requireMap(input)
      try require(epsilon > 0 && epsilon.isFinite, "epsilon must be positive")
      try require((0...1).contains(momentum), "the momentum must be in 0...1")
      return input
    case .relu, .relu6, .silu, .sigmoid:
      return input
    case .add:
      guard input == second else {
        throw .shapeMismatch(layer: name, reason: "cannot add \(input) and \(second)")
      }
      return input
    case .scale:
      let channels = try requireMap(input).channels
      guard second == .map(ImageShape(channels: channels, height: 1, width: 1)) else {
        throw .shapeMismatch(
          layer: name,
          reason: "cannot scale \(input) by \(second): it takes \(channels) x 1 x 1")
      }
      return input
    case .globalAveragePool(keepsDimensions: false):
      return .vector(try requireMap(input).channels)
    case .globalAveragePool(keepsDimensions: true):
      return .map(ImageShape(channels: try requireMap(input).channels, height: 1, width: 1))
    case .dropout(let rate):
      try require((0..<1).contains(rate), "the dropout rate must be in 0..<1")
      return input
    case .dropPath(let rate):
      _ = try requireMap(input)
      try require((0..<1).contains(rate), "the rate must be in 0..<1")
      return input
    case .linear(let outputs):
      guard case .vector = input else {
        throw .shapeMismatch(layer: name, reason: "needs a vector, not \(input); pool first")
      }
      try require((1...(1 << 24)).contains(outputs), "the outputs must be in 1...\(1 << 24)")
      return .vector(outputs)
    case .memberMean(let members):
      let map = try requireMap(input)
      guard map.height == 1, map.width == 1, members > 0, map.channels % members == 0 else {
        throw .shapeMismatch(
          layer: name,
          reason:
            "cannot part \(input) among \(members) members: it takes one position, and as many channels for each"
        )
      }
      return .vector(map.channels / members)
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

  private func require(
    _ condition: Bool, _ reason: @autoclosure () -> String
  ) throws(NetworkError) {
    guard condition else { throw .invalidParameter(layer: name, reason: reason()) }
  }
}
