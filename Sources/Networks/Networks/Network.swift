/// A network as data: a graph of standard layers over images, well-formed, with its shapes and what it costs.
///
/// Everything else reads this one description: the cost counter, the trainer, the writer of deployable files and the
/// architecture search. It is validated where it is made, by hand, by name or from JSON, and never again.
public struct Network: Codable, Sendable {
  /// The name that users know it by, such as "wide-resnet-16-4".
  public let name: String
  /// The shape of one input image.
  public let input: ImageShape
  /// The layers, each after those that it reads; the last one gives the logits.
  public let layers: [Layer]
  /// How its weights are drawn.
  public let initialization: Initialization
  /// The layers' shapes, and which reads which.
  package let graph: NetworkGraph

  /// The name by which a layer refers to the image.
  public static let inputName = "input"

  /// Creates a network, and validates the whole of it.
  ///
  /// - Complexity: O(layers).
  /// - Throws: `NetworkError` naming the first layer that is ill-formed, or so large that a count overflows.
  public init(
    name: String, input: ImageShape, layers: [Layer], initialization: Initialization = .wideResNet
  ) throws(NetworkError) {
    graph = try NetworkGraph(of: layers, input: input, network: name)
    self.name = name
    self.input = input
    self.layers = layers
    self.initialization = initialization
  }

  /// The network with other values in place of its own, validated as any.
  ///
  /// - Throws: `NetworkError` as `init(name:input:layers:initialization:)`.
  package func replacing(
    name: String? = nil, input: ImageShape? = nil, layers: [Layer]? = nil,
    initialization: Initialization? = nil
  ) throws(NetworkError) -> Network {
    try Network(
      name: name ?? self.name, input: input ?? self.input, layers: layers ?? self.layers,
      initialization: initialization ?? self.initialization)
  }

  /// The shape of every layer's output, in order.
  public var shapes: [FeatureShape] { graph.shapes }

  /// How many classes the logits distinguish.
  public var classes: Int { graph.shapes.last?.count ?? 0 }

  /// The sums over all layers.
  public var totals: NetworkTotals { graph.totals }
}

// The graph follows from the rest.
extension Network: Hashable {
  /// Whether name, input, layers and initialization are the same.
  public static func == (first: Network, second: Network) -> Bool {
    first.name == second.name && first.input == second.input && first.layers == second.layers
      && first.initialization == second.initialization
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(input)
    hasher.combine(layers)
    hasher.combine(initialization)
  }
}

/// How weights are drawn at the start of a training. Biases are 0 and normalisations the identity in all of them.
public enum Initialization: String, Codable, Hashable, Sendable {
  /// Convolutions from N(0, 2 / fan-in), linear layers from N(0, 1 / fan-in). Source: arXiv:1605.07146.
  case wideResNet = "wide-resnet"
  /// Convolutions from N(0, 2 / fan-out), linear layers from U(-b, b) with b = 1 / sqrt(fan-in), as torchvision has it.
  case resNet = "resnet"
  /// Convolutions from N(0, 2 / fan-out), linear layers from U(-b, b) with b = 1 / sqrt(outputs). Source: the official
  /// code of arXiv:1905.11946.
  case efficientNet = "efficientnet"
}

extension Network {
  private enum CodingKeys: CodingKey {
    case name, input, layers, initialization
  }

  /// Decodes what `encode` wrote; what is not said is as in a Wide ResNet.
  ///
  /// - Throws: `DecodingError`, or `NetworkError` where it is no network.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      name: container.decode(String.self, forKey: .name),
      input: container.decode(ImageShape.self, forKey: .input),
      layers: container.decode([Layer].self, forKey: .layers),
      initialization: container.decodeIfPresent(Initialization.self, forKey: .initialization)
        ?? .wideResNet)
  }
}

/// The shape of an image: channels first.
public struct ImageShape: Codable, Hashable, Sendable {
  /// Colour channels, and pixels in each direction.
  public var channels, height, width: Int

  /// Creates a shape as it is; a network takes sides and channels of 1...65,536.
  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }
}
