/// A network as data: a graph of standard layers over images.
///
/// Everything else reads this one description: the cost counter, the trainer, the writer of deployable files and the
/// architecture search.
public struct Network: Codable, Hashable, Sendable {
  /// The name that users know it by, such as "wide-resnet-16-4".
  public var name: String
  /// The shape of one input image.
  public var input: ImageShape
  /// The layers, each after those that it reads; the last one gives the logits.
  public var layers: [Layer]
  /// How its weights are drawn.
  public var initialization: Initialization

  /// The name by which a layer refers to the image.
  public static let inputName = "input"

  /// Creates a network as it is; `shapes()` validates it.
  public init(
    name: String, input: ImageShape, layers: [Layer], initialization: Initialization = .wideResNet
  ) {
    self.name = name
    self.input = input
    self.layers = layers
    self.initialization = initialization
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
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      input: try container.decode(ImageShape.self, forKey: .input),
      layers: try container.decode([Layer].self, forKey: .layers),
      initialization: try container.decodeIfPresent(Initialization.self, forKey: .initialization)
        ?? .wideResNet)
  }
}

/// The shape of an image: channels first.
public struct ImageShape: Codable, Hashable, Sendable {
  /// Colour channels, and pixels in each direction.
  public var channels, height, width: Int

  /// Creates a shape.
  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }
}
