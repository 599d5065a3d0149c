/// A network of mobile inverted bottlenecks, of which EfficientNet is one: they widen the channels, convolve each by
/// itself, weigh them by squeeze-and-excitation, and narrow them again.
///
/// Layers have the names that timm gives to those of an EfficientNet. Source: Sandler et al. 2018, arXiv:1801.04381;
/// with squeeze-and-excitation, Tan et al. 2018, arXiv:1807.11626.
public struct MobileNetwork: Hashable, Sendable {
  /// The network as data.
  public let network: Network

  /// Blocks of one kind, one after the other.
  public struct Stage: Codable, Hashable, Sendable {
    /// How many there are.
    public var blocks: Int
    /// Pixels of each side of the convolution that takes each channel by itself; odd.
    public var kernelSize: Int
    /// The stride of the first block; the others have 1.
    public var stride: Int
    /// The channels inside a block over its input's. With 1, a block does not widen.
    public var expansion: Int
    /// The channels of each block's output.
    public var channels: Int
    /// Squeezed channels over the block's input channels, in 0...1; 0 leaves squeeze-and-excitation out.
    public var squeezeRatio: Double
    /// Whether a block that changes no shape adds its input.
    public var hasSkip: Bool

    /// Creates a stage as it is; `MobileNetwork` checks its numbers.
    public init(
      blocks: Int, kernelSize: Int, stride: Int, expansion: Int, channels: Int,
      squeezeRatio: Double = 0.25, hasSkip: Bool = true
    ) {
      self.blocks = blocks
      self.kernelSize = kernelSize
      self.stride = stride
      self.expansion = expansion
      self.channels = channels
      self.squeezeRatio = squeezeRatio
      self.hasSkip = hasSkip
    }
  }

  /// Creates a network for square RGB images.
  ///
  /// - Parameters:
  ///   - name: What users know it by.
  ///   - inputSize: Pixels of each side.
  ///   - stem: The channels of the first convolution, of 3 x 3.
  ///   - stemStride: The stride of it.
  ///   - stages: The blocks, at least one stage.
  ///   - head: The channels of the last convolution, of 1 x 1.
  ///   - classes: The number of logits.
  ///   - dropout: The rate before the last layer.
  ///   - dropPathRate: The rate that a block after the last would have, in 0...1; earlier ones have a share of it.
  ///   - flavor: Whose padding and normalisation the network has.
  ///   - activation: What follows each normalisation but those of a block's end: `silu`, `relu` or `relu6`.
  /// - Throws: `NetworkError` where a number is out of its range, or a count overflows.
  public init(
    name: String, inputSize: Int, stem: Int, stemStride: Int, stages: [Stage], head: Int,
    classes: Int, dropout: Double = 0.2, dropPathRate: Double = 0.2,
    flavor: EfficientNet.Flavor = .tensorFlow, activation: Layer.Operation = .silu
  ) throws(NetworkError) {
    let check = NumberCheck(network: name)
    let blocks = try check.requireBlocks(stages.lazy.map(\.blocks), ofEach: "stage")
    for (index, stage) in stages.enumerated() { try stage.validate(index: index, check) }
    try check.requireSize(stem, "the stem's channels")
    try check.requireSize(stemStride, "the stem's stride")
    try check.requireSize(head, "the head's channels")
    try check.require(
      (0...1).contains(dropPathRate), "the stochastic depth must be in 0...1")
    var builder = Builder(
      flavor: flavor, activation: activation, blocks: blocks, dropPathRate: dropPathRate)
    builder.appendStem(outputs: stem, stride: stemStride)
    for (index, stage) in stages.enumerated() { builder.append(stage, index: index) }
    builder.appendHead(outputs: head, classes: classes, dropout: dropout)
    network = try Network(
      name: name, input: ImageShape(channels: 3, height: inputSize, width: inputSize),
      layers: builder.layers.layers, initialization: .efficientNet)
  }
}

extension MobileNetwork.Stage {
  /// Refuses what no block has; how many there are is for the caller, who knows all stages.
  fileprivate func validate(index: Int, _ check: NumberCheck) throws(NetworkError) {
    try check.requireSize(kernelSize, "stage \(index): the kernel size")
    try check.require(
      kernelSize % 2 == 1, "stage \(index): the kernel size must be odd, not \(kernelSize)")
    try check.requireSize(stride, "stage \(index): the stride")
    try check.requireSize(expansion, "stage \(index): the expansion")
    try check.requireSize(channels, "stage \(index): the channels")
    try check.require(
      (0...1).contains(squeezeRatio),
      "stage \(index): the squeeze ratio must be in 0...1, not \(squeezeRatio)")
  }

  /// The channels that those of the block's input are squeezed to; nil without squeeze-and-excitation.
  fileprivate func squeezed(_ inputs: Int) -> Int? {
    // Rounded as timm rounds.
    squeezeRatio > 0
      ? max(1, Int((Double(inputs) * squeezeRatio).rounded(.toNearestOrEven))) : nil
  }
}

extension MobileNetwork {
  private struct Builder {
    /// A block has at most so many layers; all others together are as many.
    private static let layersOfABlock = 16

    let padsAsTensorFlow: Bool
    let normalization: Layer.Operation
    let activation: Layer.Operation
    let totalBlocks: Int
    let dropPathRate: Double
    private(set) var layers: LayerList
    private var channels = 0
    private var blocks = 0

    init(
      flavor: EfficientNet.Flavor, activation: Layer.Operation, blocks: Int, dropPathRate: Double
    ) {
      self.activation = activation
      padsAsTensorFlow = flavor == .tensorFlow
      normalization =
        flavor == .tensorFlow
        ? .batchNorm(epsilon: 1e-3, momentum: 0.01)
        : .batchNorm(epsilon: 1e-5, momentum: 0.1)
      totalBlocks = blocks
      self.dropPathRate = dropPathRate
      layers = LayerList(capacity: Self.layersOfABlock * (blocks + 1))
    }

    mutating func appendStem(outputs: Int, stride: Int) {
      channels = outputs
      appendConvolution("conv_stem", outputs: outputs, kernelSize: 3, stride: stride)
      layers.append("bn1", normalization)
      layers.append("bn1.act", activation)
    }

    mutating func append(_ stage: Stage, index: Int) {
      for block in 0..<stage.blocks {
        layers.prefix = "blocks.\(index).\(block)."
        appendBlock(stage, stride: block == 0 ? stage.stride : 1)
      }
      layers.prefix = ""
    }

    mutating func appendHead(outputs: Int, classes: Int, dropout: Double) {
      appendConvolution("conv_head", outputs: outputs)
      layers.append("bn2", normalization)
      layers.append("bn2.act", activation)
      layers.append("global_pool", .globalAveragePool(keepsDimensions: false))
      layers.append("dropout", .dropout(rate: dropout))
      layers.append("classifier", .linear(outputs: classes))
    }

    /// Widen, convolve each channel by itself, weigh the channels, and narrow again; plus x where nothing changes shape.
    private mutating func appendBlock(_ stage: Stage, stride: Int) {
      let (input, inputs) = (layers.last, channels)
      let expanded = inputs * stage.expansion
      // Without widening there is one convolution and one normalisation less, and timm counts from the first.
      let widens = stage.expansion > 1
      if widens {
        appendConvolution("conv_pw", outputs: expanded)
        layers.append("bn1", normalization)
        layers.append("bn1.act", activation)
      }
      appendConvolution(
        "conv_dw", outputs: expanded, kernelSize: stage.kernelSize, stride: stride,
        groups: expanded)
      layers.append(widens ? "bn2" : "bn1", normalization)
      layers.append(widens ? "bn2.act" : "bn1.act", activation)
      if let squeezed = stage.squeezed(inputs) {
        appendSqueezeExcitation(channels: expanded, squeezed: squeezed)
      }
      appendConvolution(widens ? "conv_pwl" : "conv_pw", outputs: stage.channels)
      layers.append(widens ? "bn3" : "bn2", normalization)
      if stage.hasSkip, stride == 1, inputs == stage.channels { appendShortcut(from: input) }
      channels = stage.channels
      blocks += 1
    }

    private mutating func appendSqueezeExcitation(channels: Int, squeezed: Int) {
      let map = layers.last
      layers.append("se.squeeze", .globalAveragePool(keepsDimensions: true))
      appendConvolution("se.conv_reduce", outputs: squeezed, hasBias: true)
      layers.append("se.act1", activation)
      appendConvolution("se.conv_expand", outputs: channels, hasBias: true)
      layers.append("se.gate", .sigmoid)
      layers.append("se.scale", .scale, from: [map, layers.last])
    }

    private mutating func appendShortcut(from input: String) {
      let rate = dropPathRate * Double(blocks) / Double(totalBlocks)
      if rate > 0 { layers.append("drop_path", .dropPath(rate: rate)) }
      layers.append("add", .add, from: [layers.last, input])
    }

    private mutating func appendConvolution(
      _ name: String, outputs: Int, kernelSize: Int = 1, stride: Int = 1, groups: Int = 1,
      hasBias: Bool = false
    ) {
      layers.append(
        name,
        .convolution(
          Convolution(
            outputChannels: outputs, kernelSize: kernelSize, stride: stride,
            padding: padsAsTensorFlow && kernelSize > 1 ? .same : .half(of: kernelSize),
            groups: groups, hasBias: hasBias)))
    }
  }
}
