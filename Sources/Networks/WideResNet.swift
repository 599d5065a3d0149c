/// A Wide ResNet: pre-activation residual blocks in three groups of 16k, 32k and 64k channels.
///
/// Source: Zagoruyko & Komodakis 2016, arXiv:1605.07146.
public struct WideResNet: Hashable, Sendable {
  /// The network as data, called "wide-resnet-DEPTH-WIDTH".
  public let network: Network

  /// Creates WRN-depth-widenFactor for square RGB images.
  ///
  /// - Parameters:
  ///   - depth: 6N + 4, with N >= 1 blocks a group.
  ///   - widenFactor: k, at least 1.
  ///   - inputSize: Pixels of each side.
  ///   - classes: The number of logits.
  ///   - dropout: The rate before each block's second convolution; 0 leaves it out.
  public init(
    depth: Int, widenFactor: Int, inputSize: Int = 32, classes: Int = 10, dropout: Double = 0
  ) throws(NetworkError) {
    guard depth >= 10, depth % 6 == 4, depth <= 10_000, (1...10_000).contains(widenFactor) else {
      throw .invalidWideResNet(depth: depth, widenFactor: widenFactor)
    }
    var builder = Builder(dropout: dropout)
    builder.layers.append(
      "stem", .convolution(outputChannels: 16, kernelSize: 3, stride: 1, padding: 1))
    var channels = 16
    for group in 0..<3 {
      let width = 16 * widenFactor << group
      for block in 0..<(depth - 4) / 6 {
        let stride = group > 0 && block == 0 ? 2 : 1
        builder.appendBlock(from: channels, to: width, stride: stride)
        channels = width
      }
    }
    builder.layers.append("bn", .wideResNetNormalization)
    builder.layers.append("relu", .relu)
    builder.layers.append("pool", .globalAveragePool)
    builder.layers.append("head", .linear(outputs: classes))
    network = Network(
      name: "wide-resnet-\(depth)-\(widenFactor)",
      input: ImageShape(channels: 3, height: inputSize, width: inputSize),
      layers: builder.layers.layers)
    _ = try network.shapes()
  }

  private struct Builder {
    let dropout: Double
    var layers = LayerList()
    var blocks = 0

    /// a = ReLU(BN1(x)); z = conv2(ReLU(BN2(conv1(a)))); z plus x, or plus a projected where the channels change.
    mutating func appendBlock(from input: Int, to output: Int, stride: Int) {
      let prefix = "blocks.\(blocks)"
      blocks += 1
      var shortcut = layers.last
      layers.append("\(prefix).bn1", .wideResNetNormalization)
      layers.append("\(prefix).relu1", .relu)
      let activated = layers.last
      layers.append(
        "\(prefix).conv1",
        .convolution(outputChannels: output, kernelSize: 3, stride: stride, padding: 1))
      layers.append("\(prefix).bn2", .wideResNetNormalization)
      layers.append("\(prefix).relu2", .relu)
      if dropout > 0 { layers.append("\(prefix).dropout", .dropout(rate: dropout)) }
      layers.append(
        "\(prefix).conv2",
        .convolution(outputChannels: output, kernelSize: 3, stride: 1, padding: 1))
      let residual = layers.last
      if input != output {
        layers.append(
          "\(prefix).shortcut",
          .convolution(outputChannels: output, kernelSize: 1, stride: stride, padding: 0),
          from: [activated])
        shortcut = layers.last
      }
      layers.append("\(prefix).add", .add, from: [residual, shortcut])
    }
  }
}

extension Layer.Operation {
  fileprivate static let wideResNetNormalization = Layer.Operation.batchNormalization(
    epsilon: 1e-5, momentum: 0.1)
}
