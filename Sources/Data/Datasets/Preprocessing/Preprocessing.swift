/// What turns a decoded image into a network's input, apart from training's random crops.
public struct Preprocessing: Codable, Hashable, Sendable {
  /// The network's input, in pixels.
  public var height, width: Int
  /// How an image comes to that size.
  public var resizing: Resizing
  /// How pixels are computed where the size changes.
  public var interpolation: Interpolation
  /// What is taken from each channel, red, green and blue, on 0...255.
  public var mean: [Float]
  /// What each channel is divided by then, positive, on 0...255.
  public var standardDeviation: [Float]
  /// Whether channels come before or after the pixels.
  public var layout: Layout
  /// The order of the channels in the input; `mean` and `standardDeviation` stay red, green, blue.
  public var channelOrder: ChannelOrder

  /// Creates a description; the rest is as most networks have it.
  public init(
    height: Int, width: Int, resizing: Resizing, interpolation: Interpolation = .bicubic,
    mean: [Float], standardDeviation: [Float], layout: Layout = .channelsFirst,
    channelOrder: ChannelOrder = .rgb
  ) {
    self.height = height
    self.width = width
    self.resizing = resizing
    self.interpolation = interpolation
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.layout = layout
    self.channelOrder = channelOrder
  }

  /// How an image comes to the input's size.
  public enum Resizing: Hashable, Sendable {
    /// It must have that size.
    case none
    /// Its short side is resized to so many pixels, then its centre is cropped: as timm and torchvision evaluate.
    case shortSide(Int)
    /// A centred square of size / (size + padding) of its short side is cropped, then resized: as the official
    /// EfficientNet evaluates, with a padding of 32.
    case centreCrop(padding: Int)
  }

  /// How pixels are computed where the size changes; always with antialiasing, and equal to Pillow's.
  public enum Interpolation: String, Codable, Hashable, Sendable, CaseIterable {
    /// A triangle's weights.
    case bilinear
    /// A cubic's weights with a = -0.5.
    case bicubic
  }

  /// Whether channels come before or after the pixels.
  public enum Layout: String, Codable, Hashable, Sendable, CaseIterable {
    /// `[N, C, H, W]`.
    case channelsFirst = "nchw"
    /// `[N, H, W, C]`.
    case channelsLast = "nhwc"
  }

  /// The order of an input's channels.
  public enum ChannelOrder: String, Codable, Hashable, Sendable, CaseIterable {
    case rgb, bgr
  }

  /// ImageNet's means on 0...255.
  public static let imageNetMean: [Float] = [0.485 * 255, 0.456 * 255, 0.406 * 255]
  /// ImageNet's standard deviations on 0...255.
  public static let imageNetStandardDeviation: [Float] = [0.229 * 255, 0.224 * 255, 0.225 * 255]
}

extension Preprocessing.Resizing: Codable {
  private enum Kind: String, Codable {
    case none, shortSide, centreCrop
  }

  private enum CodingKeys: CodingKey {
    case kind, pixels, padding
  }

  /// Decodes what `encode` wrote.
  ///
  /// - Throws: `DecodingError` at the key that is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .none: self = .none
    case .shortSide: self = .shortSide(try container.decode(Int.self, forKey: .pixels))
    case .centreCrop: self = .centreCrop(padding: try container.decode(Int.self, forKey: .padding))
    }
  }

  /// Encodes the kind and its number side by side.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .none: try container.encode(Kind.none, forKey: .kind)
    case .shortSide(let pixels):
      try container.encode(Kind.shortSide, forKey: .kind)
      try container.encode(pixels, forKey: .pixels)
    case .centreCrop(let padding):
      try container.encode(Kind.centreCrop, forKey: .kind)
      try container.encode(padding, forKey: .padding)
    }
  }
}
