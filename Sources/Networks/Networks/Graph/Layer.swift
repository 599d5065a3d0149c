/// One node of the graph.
public struct Layer: Codable, Hashable, Sendable {
  /// Unique in the network; the prefix of its parameters' names.
  public var name: String
  /// What it computes.
  public var operation: Operation
  /// What it reads: the names of earlier layers, or "input".
  public var inputs: [String]

  /// Creates a layer as it is; a network checks its name and inputs.
  public init(_ name: String, _ operation: Operation, inputs: [String]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

extension Layer {
  /// What a layer computes.
  public enum Operation: Hashable, Sendable {
    /// A convolution with a square kernel.
    case convolution(Convolution)
    /// Batch normalisation with scale and shift; `momentum` weighs the new batch (PyTorch's sense).
    case batchNorm(epsilon: Double, momentum: Double)
    /// max(x, 0).
    case relu
    /// min(max(x, 0), 6).
    case relu6
    /// x sigmoid(x), also called swish.
    case silu
    /// 1 / (1 + exp(-x)).
    case sigmoid
    /// The sum of two inputs of one shape.
    case add
    /// The first input, each channel times its number in the second, a map of one position.
    case scale
    /// The largest number under a square kernel; what lies outside of the map does not count.
    case maxPool(kernelSize: Int, stride: Int, padding: Int)
    /// The mean over all positions: `[C, H, W]` becomes a vector `[C]`, or `[C, 1, 1]` where it keeps its dimensions, as
    /// squeeze-and-excitation needs it.
    case globalAveragePool(keepsDimensions: Bool)
    /// Dropout while training; `rate` is the share set to zero.
    case dropout(rate: Double)
    /// Stochastic depth while training; `rate` is the share of images whose map is set to zero. Source: arXiv:1603.09382.
    case dropPath(rate: Double)
    /// A fully connected layer with bias, over a vector.
    case linear(outputs: Int)
    /// The mean of the logits of several members in one network, whose maps of one position stand one after the other: a vector of
    /// as many numbers as one member has. While training, each member's logits are judged by themselves. Only as the last layer.
    ///
    /// Its softmax is the normalised geometric mean of the members' probabilities.
    case memberMean(members: Int)
  }
}

/// A convolution with a square kernel, the same stride in both directions, and zeros around.
public struct Convolution: Hashable, Sendable {
  /// Channels of the result.
  public var outputChannels: Int
  /// Pixels of each side of the kernel.
  public var kernelSize: Int
  /// Pixels from one place of the kernel to the next.
  public var stride: Int
  /// Zeros around the map.
  public var padding: Padding
  /// Input and output channels are cut into so many groups, each convolved by itself.
  public var groups: Int
  /// Whether a number a channel is added.
  public var hasBias: Bool

  /// Creates a convolution as it is; a network checks its numbers, and that the groups divide the channels.
  public init(
    outputChannels: Int, kernelSize: Int, stride: Int = 1, padding: Padding, groups: Int = 1,
    hasBias: Bool = false
  ) {
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.groups = groups
    self.hasBias = hasBias
  }

  /// Zeros around a map.
  public enum Padding: Hashable, Sendable {
    /// So many on each side.
    case symmetric(Int)
    /// TensorFlow's SAME: as many as give a map of size ceil(size / stride), the smaller half before it.
    case same

    /// Half a kernel on each side: with stride 1 the size stays.
    public static func half(of kernelSize: Int) -> Padding { .symmetric(kernelSize / 2) }
  }

  /// Zeros before and after a side of `size` pixels.
  public func zeros(size: Int) -> (before: Int, after: Int) {
    switch padding {
    case .symmetric(let count): return (count, count)
    case .same:
      let total = max(0, ((size + stride - 1) / stride - 1) * stride + kernelSize - size)
      return (total / 2, total - total / 2)
    }
  }

  /// The pixels of a side that a side of `size` becomes; nil where the kernel does not fit.
  func outputSize(_ size: Int) -> Int? {
    let (before, after) = zeros(size: size)
    let room = size + before + after - kernelSize
    return room >= 0 ? room / stride + 1 : nil
  }
}

extension Layer.Operation {
  /// A convolution without bias and groups, so many zeros on each side.
  public static func convolution(
    outputChannels: Int, kernelSize: Int, stride: Int, padding: Int
  ) -> Self {
    .convolution(
      Convolution(
        outputChannels: outputChannels, kernelSize: kernelSize, stride: stride,
        padding: .symmetric(padding)))
  }
}

/// Layers under construction, each reading the one before unless told otherwise.
struct LayerList {
  private(set) var layers: [Layer] = []
  /// What the names of the next layers begin with, such as "blocks.0.".
  var prefix = ""

  /// Creates an empty list with room for so many layers.
  init(capacity: Int = 0) { layers.reserveCapacity(capacity) }

  /// The name of what the next layer reads.
  var last: String { layers.last?.name ?? Network.inputName }

  mutating func append(_ name: String, _ operation: Layer.Operation, from inputs: [String]? = nil) {
    layers.append(Layer(prefix + name, operation, inputs: inputs ?? [last]))
  }
}
