/// A Wide ResNet: pre-activation residual blocks in groups, the original's three of 16k, 32k and 64k channels.
///
/// Source: Zagoruyko & Komodakis 2016, arXiv:1605.07146.
public struct WideResNet: Hashable, Sendable {
  /// The network as data, called "wide-resnet-DEPTH-WIDTH" where that says all.
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
    let blocks = (depth - 4) / 6
    try self.init(
      name: "wide-resnet-\(depth)-\(widenFactor)",
      groups: (0..<3).map { Group(blocks: blocks, channels: 16 * widenFactor << $0) },
      inputSize: inputSize, classes: classes, dropout: dropout)
  }

  /// Blocks of one width, one after the other.
  public struct Group: Codable, Hashable, Sendable {
    /// How many there are.
    public var blocks: Int
    /// The channels of each.
    public var channels: Int

    /// Creates a group as it is; `WideResNet` checks its numbers.
    public init(blocks: Int, channels: Int) {
      self.blocks = blocks
      self.channels = channels
    }
  }

  /// Creates a Wide ResNet whose groups differ in depth and width, for square RGB images.
  ///
  /// - Parameters:
  ///   - name: What users know it by.
  ///   - groups: At least one. Each but the first halves the sides.
  ///   - inputSize: Pixels of each side.
  ///   - classes: The number of logits.
  ///   - dropout: The rate before each block's second convolution; 0 leaves it out.
  /// - Throws: `NetworkError` where a number is out of its range.
  public init(
    name: String, groups: [Group], inputSize: Int = 32, classes: Int = 10, dropout: Double = 0
  ) throws(NetworkError) {
    let check = NumberCheck(network: name)
    let blocks = try check.requireBlocks(groups.lazy.map(\.blocks), ofEach: "group")
    for (index, group) in groups.enumerated() {
      try check.requireSize(group.channels, "group \(index): the channels")
    }
    try check.require(dropout >= 0, "the dropout must be in 0..<1, not \(dropout)")
    var builder = Builder(blocks: blocks, dropout: dropout)
    builder.appendStem()
    for (index, group) in groups.enumerated() { builder.append(group, stride: index > 0 ? 2 : 1) }
    builder.appendHead(classes: classes)
    network = try Network(
      name: name, input: ImageShape(channels: 3, height: inputSize, width: inputSize),
      layers: builder.layers.layers)
  }

  /// Appends the layers of a Wide ResNet, or of several that stand side by side in its channels.
  struct Builder {
    /// A block has at most so many layers; all others together are fewer.
    private static let layersOfABlock = 9

    let dropout: Double
    /// How several stand in the channels; nil for one.
    let packing: Packing?
    private(set) var layers: LayerList
    private var blocks = 0
    /// As a single one has them.
    private var channels = 16

    init(blocks: Int, dropout: Double = 0, packing: Packing? = nil) {
      (self.dropout, self.packing) = (dropout, packing)
      layers = LayerList(capacity: Self.layersOfABlock * (blocks + 1))
    }

    mutating func appendStem() {
      let outputs = packing?.widened(channels) ?? channels
      layers.append(
        "stem", .convolution(outputChannels: outputs, kernelSize: 3, stride: 1, padding: 1))
    }

    /// Half a kernel of zeros is around the map.
    private func convolution(
      from input: Int, to output: Int, kernelSize: Int = 3, stride: Int = 1
    ) -> Layer.Operation {
      .convolution(
        Convolution(
          outputChannels: packing?.widened(output) ?? output, kernelSize: kernelSize,
          stride: stride, padding: .half(of: kernelSize), groups: packing?.groups(of: input) ?? 1))
    }

    mutating func append(_ group: Group, stride: Int) {
      for block in 0..<group.blocks {
        layers.prefix = "blocks.\(blocks)."
        appendBlock(to: group.channels, stride: block == 0 ? stride : 1)
        channels = group.channels
        blocks += 1
      }
      layers.prefix = ""
    }

    mutating func appendHead(classes: Int) {
      layers.append("bn", .wideResNetNormalization)
      layers.append("relu", .relu)
      guard let packing else {
        layers.append("pool", .globalAveragePool(keepsDimensions: false))
        return layers.append("head", .linear(outputs: classes))
      }
      layers.append("pool", .globalAveragePool(keepsDimensions: true))
      // A linear layer for each member.
      layers.append(
        "head",
        .convolution(
          Convolution(
            outputChannels: classes * packing.members, kernelSize: 1, padding: .symmetric(0),
            groups: packing.members, hasBias: true)))
      layers.append("mean", .memberMean(members: packing.members))
    }

    /// a = ReLU(BN1(x)); z = conv2(ReLU(BN2(conv1(a)))); z plus x, or plus a projected where the shape changes.
    private mutating func appendBlock(to output: Int, stride: Int) {
      var shortcut = layers.last
      layers.append("bn1", .wideResNetNormalization)
      layers.append("relu1", .relu)
      let activated = layers.last
      layers.append("conv1", convolution(from: channels, to: output, stride: stride))
      layers.append("bn2", .wideResNetNormalization)
      layers.append("relu2", .relu)
      if dropout > 0 { layers.append("dropout", .dropout(rate: dropout)) }
      layers.append("conv2", convolution(from: output, to: output))
      let residual = layers.last
      if channels != output || stride > 1 {
        layers.append(
          "shortcut", convolution(from: channels, to: output, kernelSize: 1, stride: stride),
          from: [activated])
        shortcut = layers.last
      }
      layers.append("add", .add, from: [residual, shortcut])
    }
  }
}

extension Layer.Operation {
  fileprivate static let wideResNetNormalization = Layer.Operation.batchNorm(
    epsilon: 1e-5, momentum: 0.1)
}
