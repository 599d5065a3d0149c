// An operation is an object of one key, its name, with its numbers as an object: {"linear": {"outputs": 10}}.

extension Layer.Operation: Codable {
  private enum Name: String, CodingKey {
    case convolution, relu, silu, sigmoid, add, scale, maxPool, globalAveragePool, dropout, linear
    case memberMean, relu6
    case batchNorm = "batchNormalization"
    case globalAveragePoolKeepingDimensions = "squeeze"
    case dropPath = "stochasticDepth"
  }

  private struct Numbers: Codable {
    var epsilon, momentum, rate: Double?
    var kernelSize, stride, padding, outputs, members: Int?

    /// A number that the operation cannot be without.
    func require<Value>(
      _ key: KeyPath<Numbers, Value?>, _ label: String, _ path: [any CodingKey]
    ) throws -> Value {
      guard let value = self[keyPath: key] else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: path, debugDescription: "\(label) is missing"))
      }
      return value
    }
  }

  /// Decodes what `encode` wrote.
  ///
  /// - Throws: `DecodingError` at the key that is missing, unknown or of another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    guard let name = container.allKeys.first, container.allKeys.count == 1 else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "needs one known operation, such as {\"relu\": {}}"))
    }
    if name == .convolution {
      self = .convolution(try container.decode(Convolution.self, forKey: name))
      return
    }
    let numbers = try container.decode(Numbers.self, forKey: name)
    let path = decoder.codingPath + [name]
    self =
      switch name {
      case .convolution, .relu: .relu
      case .relu6: .relu6
      case .silu: .silu
      case .sigmoid: .sigmoid
      case .add: .add
      case .scale: .scale
      case .globalAveragePool: .globalAveragePool(keepsDimensions: false)
      case .globalAveragePoolKeepingDimensions: .globalAveragePool(keepsDimensions: true)
      case .batchNorm:
        .batchNorm(
          epsilon: try numbers.require(\.epsilon, "epsilon", path),
          momentum: try numbers.require(\.momentum, "momentum", path))
      case .maxPool:
        .maxPool(
          kernelSize: try numbers.require(\.kernelSize, "kernelSize", path),
          stride: try numbers.require(\.stride, "stride", path),
          padding: try numbers.require(\.padding, "padding", path))
      case .dropout: .dropout(rate: try numbers.require(\.rate, "rate", path))
      case .dropPath: .dropPath(rate: try numbers.require(\.rate, "rate", path))
      case .linear: .linear(outputs: try numbers.require(\.outputs, "outputs", path))
      case .memberMean: .memberMean(members: try numbers.require(\.members, "members", path))
      }
  }

  /// Encodes the name and the numbers.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    var numbers = Numbers()
    let name: Name
    switch self {
    case .convolution(let convolution):
      return try container.encode(convolution, forKey: .convolution)
    case .batchNorm(let epsilon, let momentum):
      name = .batchNorm
      (numbers.epsilon, numbers.momentum) = (epsilon, momentum)
    case .maxPool(let kernelSize, let stride, let padding):
      name = .maxPool
      (numbers.kernelSize, numbers.stride, numbers.padding) = (kernelSize, stride, padding)
    case .dropout(let rate): (name, numbers.rate) = (.dropout, rate)
    case .dropPath(let rate): (name, numbers.rate) = (.dropPath, rate)
    case .linear(let outputs): (name, numbers.outputs) = (.linear, outputs)
    case .memberMean(let members): (name, numbers.members) = (.memberMean, members)
    case .relu: name = .relu
    case .relu6: name = .relu6
    case .silu: name = .silu
    case .sigmoid: name = .sigmoid
    case .add: name = .add
    case .scale: name = .scale
    case .globalAveragePool(keepsDimensions: false): name = .globalAveragePool
    case .globalAveragePool(keepsDimensions: true): name = .globalAveragePoolKeepingDimensions
    }
    try container.encode(numbers, forKey: name)
  }
}

extension Convolution: Codable {
  private enum CodingKeys: String, CodingKey {
    case outputChannels, kernelSize, stride, padding, groups
    case hasBias = "bias"
  }

  /// Decodes what `encode` wrote; without groups and bias where it says nothing of them.
  ///
  /// - Throws: `DecodingError` at the key that is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      outputChannels: try container.decode(Int.self, forKey: .outputChannels),
      kernelSize: try container.decode(Int.self, forKey: .kernelSize),
      stride: try container.decode(Int.self, forKey: .stride),
      padding: try container.decode(Padding.self, forKey: .padding),
      groups: try container.decodeIfPresent(Int.self, forKey: .groups) ?? 1,
      hasBias: try container.decodeIfPresent(Bool.self, forKey: .hasBias) ?? false)
  }

  /// Encodes the numbers; groups and bias where there are any.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(outputChannels, forKey: .outputChannels)
    try container.encode(kernelSize, forKey: .kernelSize)
    try container.encode(stride, forKey: .stride)
    try container.encode(padding, forKey: .padding)
    if groups != 1 { try container.encode(groups, forKey: .groups) }
    if hasBias { try container.encode(hasBias, forKey: .hasBias) }
  }
}

extension Convolution.Padding: Codable {
  private static let sameName = "same"

  /// Decodes a number of pixels, or "same".
  ///
  /// - Throws: `DecodingError` where it is neither.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .symmetric(count)
      return
    }
    guard try container.decode(String.self) == Self.sameName else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "must be a number of pixels or \"\(Self.sameName)\"")
    }
    self = .same
  }

  /// Encodes the number of pixels, or "same".
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .symmetric(let count): try container.encode(count)
    case .same: try container.encode(Self.sameName)
    }
  }
}
