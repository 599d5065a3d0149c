import Networks

/// Networks of mobile inverted bottlenecks, decided stage by stage, as MnasNet has them.
///
/// Source: arXiv:1807.11626, section 4.1.
public struct MobileSpace: SearchSpace, Codable, Hashable {
  /// Pixels of each side of an image, and the number of classes.
  public var inputSize, classes: Int
  /// Channels and stride of the first convolution, and channels of the last.
  public var stem, stemStride, head: Int
  /// The stages, in order.
  public var stages: [Stage]
  /// The rate before the last layer.
  public var dropout: Double
  /// The rate that the last block would have.
  public var dropPathRate: Double
  /// Whose padding and normalisation: "tensorflow" or "symmetric".
  public var conventions: Conventions

  private enum CodingKeys: String, CodingKey {
    case inputSize, classes, stem, stemStride, head, stages, dropout, conventions
    case dropPathRate = "stochasticDepth"
  }

  /// Whose conventions the networks follow.
  public enum Conventions: String, Codable, Hashable, Sendable, CaseIterable {
    /// SAME padding, momentum 0.01: for long trainings.
    case tensorFlow = "tensorflow"
    /// The same padding on each side, momentum 0.1: statistics follow a short training.
    case symmetric

    var flavor: EfficientNet.Flavor {
      switch self {
      case .tensorFlow: .tensorFlow
      case .symmetric: .symmetric
      }
    }
  }

  /// What one stage may be.
  public struct Stage: Codable, Hashable, Sendable {
    /// Of the first block.
    public var stride: Int
    /// Pixels of a side of the depthwise kernel.
    public var kernelSizes: [Int]
    /// Channels inside a block over those before it.
    public var expansions: [Int]
    /// Of squeeze-and-excitation; 0 is none.
    public var squeezeRatios: [Double]
    /// How many blocks.
    public var blocks: [Int]
    /// Channels after each block.
    public var channels: [Int]
    /// Whether a block that keeps the shape adds its input.
    public var skips: [Bool]

    /// Creates a stage; each list holds at least one option.
    public init(
      stride: Int, kernelSizes: [Int], expansions: [Int], squeezeRatios: [Double], blocks: [Int],
      channels: [Int], skips: [Bool]
    ) {
      self.stride = stride
      self.kernelSizes = kernelSizes
      self.expansions = expansions
      self.squeezeRatios = squeezeRatios
      self.blocks = blocks
      self.channels = channels
      self.skips = skips
    }
  }

  /// Creates a space as it is: a number that no network can have is an error of `network(_:)`.
  public init(
    inputSize: Int, classes: Int, stem: Int, stemStride: Int, head: Int, stages: [Stage],
    dropout: Double = 0.2, dropPathRate: Double = 0.2, conventions: Conventions = .tensorFlow
  ) {
    self.inputSize = inputSize
    self.classes = classes
    self.stem = stem
    self.stemStride = stemStride
    self.head = head
    self.stages = stages
    self.dropout = dropout
    self.dropPathRate = dropPathRate
    self.conventions = conventions
  }

  /// "mobile".
  public var namePrefix: String { "mobile" }

  /// Six decisions a stage.
  public var decisions: [SearchDecision] {
    stages.enumerated().flatMap { index, stage in
      let part = "stage \(index + 1)"
      return [
        ("kernel size", stage.kernelSizes.map { "\($0) x \($0)" }),
        ("expansion", stage.expansions.map { "expansion \($0)" }),
        (
          "squeeze-and-excitation",
          stage.squeezeRatios.map { $0 == 0 ? "no SE" : "SE \($0)" }
        ),
        ("blocks", stage.blocks.map { $0 == 1 ? "1 block" : "\($0) blocks" }),
        ("channels", stage.channels.map { "\($0) channels" }),
        ("skip", stage.skips.map { $0 ? "skip" : "no skip" }),
      ].map { SearchDecision(part: part, name: $0, options: $1) }
    }
  }

  private static let decisionsPerStage = 6

  /// The network of these stages.
  public func network(_ architecture: Architecture) throws(NetworkError) -> Network {
    try MobileNetwork(
      name: name(of: architecture), inputSize: inputSize, stem: stem, stemStride: stemStride,
      stages: chosenStages(architecture), head: head, classes: classes, dropout: dropout,
      dropPathRate: dropPathRate, flavor: conventions.flavor
    ).network
  }

  private func chosenStages(_ architecture: Architecture) -> [MobileNetwork.Stage] {
    stages.enumerated().map { index, stage in
      let first = index * Self.decisionsPerStage
      let choices = architecture.choices[first..<first + Self.decisionsPerStage]
      return MobileNetwork.Stage(
        blocks: stage.blocks[choices[first + 3]],
        kernelSize: stage.kernelSizes[choices[first]], stride: stage.stride,
        expansion: stage.expansions[choices[first + 1]],
        channels: stage.channels[choices[first + 4]],
        squeezeRatio: stage.squeezeRatios[choices[first + 2]],
        hasSkip: stage.skips[choices[first + 5]])
    }
  }

  /// A skip means nothing in a stage none of whose blocks keeps its shape.
  public func canonical(_ architecture: Architecture) -> Architecture {
    var result = architecture
    var inputs = stem
    for (index, stage) in chosenStages(architecture).enumerated() {
      let keepsShape = stage.blocks > 1 || stage.stride == 1 && stage.channels == inputs
      if !keepsShape { result.choices[index * Self.decisionsPerStage + 5] = 0 }
      inputs = stage.channels
    }
    return result
  }
}

extension MobileSpace {
  /// Around EfficientNet-B0 at 224 pixels, as MnasNet's space is around MobileNetV2: kernels of 3 or 5, expansions of 3
  /// or 6, squeeze-and-excitation or none, one block less or more, three quarters to five quarters of the channels.
  public static let imageNet = MobileSpace(
    inputSize: 224, classes: 1000, stem: 32, stemStride: 2, head: 1280,
    stages: [
      Stage(
        stride: 1, kernelSizes: [3, 5], expansions: [1], squeezeRatios: [0, 0.25], blocks: [1, 2],
        channels: [16, 24], skips: [true]),
      Stage(around: 24, blocks: 2, stride: 2), Stage(around: 40, blocks: 2, stride: 2),
      Stage(around: 80, blocks: 3, stride: 2), Stage(around: 112, blocks: 3, stride: 1),
      Stage(around: 192, blocks: 4, stride: 2), Stage(around: 320, blocks: 1, stride: 1),
    ])

  /// The same choices scaled to 32 x 32 pixels: fewer strides, stages and channels.
  public static let cifar = MobileSpace(
    inputSize: 32, classes: 10, stem: 16, stemStride: 1, head: 256,
    stages: [
      Stage(
        stride: 1, kernelSizes: [3, 5], expansions: [1], squeezeRatios: [0, 0.25], blocks: [1, 2],
        channels: [16, 24], skips: [true]),
      Stage(around: 24, blocks: 2, stride: 2), Stage(around: 48, blocks: 2, stride: 2),
      Stage(around: 64, blocks: 2, stride: 1), Stage(around: 96, blocks: 2, stride: 2),
    ], dropout: 0.1, dropPathRate: 0, conventions: .symmetric)
}

extension MobileSpace.Stage {
  /// MnasNet's choices around a stage of so many channels and blocks.
  fileprivate init(around channels: Int, blocks: Int, stride: Int) {
    self.init(
      stride: stride, kernelSizes: [3, 5], expansions: [3, 6], squeezeRatios: [0, 0.25],
      blocks: [blocks - 1, blocks, blocks + 1].filter { $0 > 0 },
      channels: [3, 4, 5].map { (channels * $0 / 4 + 4) / 8 * 8 }, skips: [true, false])
  }
}
