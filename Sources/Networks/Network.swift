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

  /// The name by which a layer refers to the image.
  public static let inputName = "input"

  /// Creates a network as it is; `shapes()` validates it.
  public init(name: String, input: ImageShape, layers: [Layer]) {
    self.name = name
    self.input = input
    self.layers = layers
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

/// One node of the graph.
public struct Layer: Codable, Hashable, Sendable {
  /// Unique in the network; the prefix of its parameters' names.
  public var name: String
  /// What it computes.
  public var operation: Operation
  /// What it reads: the names of earlier layers, or "input".
  public var inputs: [String]

  /// Creates a layer.
  public init(_ name: String, _ operation: Operation, inputs: [String]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

extension Layer {
  /// What a layer computes.
  public enum Operation: Codable, Hashable, Sendable {
    /// A square convolution without bias; zeros around, the same stride in both directions.
    case convolution(outputChannels: Int, kernelSize: Int, stride: Int, padding: Int)
    /// Batch normalisation with scale and shift; `momentum` weighs the new batch (PyTorch's sense).
    case batchNormalization(epsilon: Double, momentum: Double)
    /// max(x, 0).
    case relu
    /// The sum of two inputs of one shape.
    case add
    /// The mean over all positions: a map becomes a vector.
    case globalAveragePool
    /// Dropout while training; `rate` is the share set to zero.
    case dropout(rate: Double)
    /// A fully connected layer with bias, over a vector.
    case linear(outputs: Int)
  }
}
