/// A residual network: for ImageNet as torchvision has it, or for images of 32 x 32 pixels.
///
/// Layers have torchvision's names, which are timm's too. Source: He et al. 2015, arXiv:1512.03385; the stride of a
/// bottleneck is at its 3 x 3 convolution, as in torchvision.
public struct ResNet: Hashable, Sendable {
  /// The network as data, called "resnet-DEPTH".
  public let network: Network

  /// The depths with four stages, made for images of 224 x 224 pixels.
  public static let imageNetDepths = [18, 34, 50]
  /// The depths with three stages, 6N + 2, made for 32 x 32 pixels. Where the channels change, their shortcuts are
  /// convolutions of 1 x 1; the paper's have no weights.
  public static let cifarDepths = [20, 32, 44, 56, 110]

  /// All of them, ascending.
  static let depths = (imageNetDepths + cifarDepths).sorted()

  /// Creates ResNet-18, 34 or 50, or ResNet-20, 32, 44, 56 or 110, for square RGB images.
  ///
  /// - Parameters:
  ///   - inputSize: Pixels of each side; 224 or 32 where it is nil.
  ///   - classes: The number of logits; 1,000 or 10 where it is nil.
  public init(depth: Int, inputSize: Int? = nil, classes: Int? = nil) throws(NetworkError) {
    var builder = Builder()
    let isSmall = Self.cifarDepths.contains(depth)
    if isSmall {
      builder.appendStem(outputs: 16, kernelSize: 3, stride: 1)
      let blocks = (depth - 2) / 6
      builder.appendStages([16, 32, 64].map { ($0, blocks) }, isBottleneck: false)
    } else {
      guard let blocks = Self.imageNetBlocks[depth] else { throw .invalidResNet(depth: depth) }
      builder.appendStem(outputs: 64, kernelSize: 7, stride: 2)
      builder.layers.append("maxpool", .maxPool(kernelSize: 3, stride: 2, padding: 1))
      builder.appendStages(
        zip([64, 128, 256, 512], blocks).map { ($0, $1) }, isBottleneck: depth >= 50)
    }
    builder.layers.append("global_pool", .globalAveragePool(keepsDimensions: false))
    builder.layers.append("fc", .linear(outputs: classes ?? (isSmall ? 10 : 1000)))
    let size = inputSize ?? (isSmall ? 32 : 224)
    network = try Network(
      name: "resnet-\(depth)", input: ImageShape(channels: 3, height: size, width: size),
      layers: builder.layers.layers, initialization: .resNet)
  }

  private static let imageNetBlocks = [18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]]
}

extension ResNet {
  private struct Builder {
    var layers = LayerList()
    private var channels = 0

    mutating func appendStem(outputs: Int, kernelSize: Int, stride: Int) {
      appendConvolution("conv1", outputs: outputs, kernelSize: kernelSize, stride: stride)
      appendNormalization("bn1")
      layers.append("act1", .relu)
      channels = outputs
    }

    mutating func appendStages(_ stages: [(channels: Int, blocks: Int)], isBottleneck: Bool) {
      for (index, stage) in stages.enumerated() {
        for block in 0..<stage.blocks {
          appendBlock(
            "layer\(index + 1).\(block)", channels: stage.channels,
            stride: index > 0 && block == 0 ? 2 : 1, isBottleneck: isBottleneck)
        }
      }
    }

    /// ReLU(residual + shortcut); the residual of a bottleneck narrows, convolves and widens.
    private mutating func appendBlock(
      _ name: String, channels width: Int, stride: Int, isBottleneck: Bool
    ) {
      let input = layers.last
      let outputs = isBottleneck ? 4 * width : width
      let kernels: [(size: Int, outputs: Int, stride: Int)] =
        isBottleneck
        ? [(1, width, 1), (3, width, stride), (1, outputs, 1)]
        : [(3, width, stride), (3, outputs, 1)]
      for (index, kernel) in kernels.enumerated() {
        if index > 0 { layers.append("\(name).act\(index)", .relu) }
        appendConvolution(
          "\(name).conv\(index + 1)", outputs: kernel.outputs, kernelSize: kernel.size,
          stride: kernel.stride)
        appendNormalization("\(name).bn\(index + 1)")
      }
      let residual = layers.last
      var shortcut = input
      if stride > 1 || channels != outputs {
        appendConvolution(
          "\(name).downsample.0", outputs: outputs, kernelSize: 1, stride: stride, from: [input])
        appendNormalization("\(name).downsample.1")
        shortcut = layers.last
      }
      layers.append("\(name).add", .add, from: [residual, shortcut])
      layers.append("\(name).act", .relu)
      channels = outputs
    }

    private mutating func appendConvolution(
      _ name: String, outputs: Int, kernelSize: Int, stride: Int, from inputs: [String]? = nil
    ) {
      layers.append(
        name,
        .convolution(
          Convolution(
            outputChannels: outputs, kernelSize: kernelSize, stride: stride,
            padding: .half(of: kernelSize))),
        from: inputs)
    }

    private mutating func appendNormalization(_ name: String) {
      layers.append(name, .batchNorm(epsilon: 1e-5, momentum: 0.1))
    }
  }
}
