import Networks

/// Wide ResNets whose groups differ in depth and width.
///
/// Source of the network: arXiv:1605.07146.
public struct WideResNetSpace: SearchSpace, Codable, Hashable {
  /// Pixels of each side of an image, and the number of classes.
  public var inputSize, classes: Int
  /// The groups; each but the first halves the map.
  public var groups: [Group]

  /// What one group may be.
  public struct Group: Codable, Hashable, Sendable {
    /// How many residual blocks.
    public var blocks: [Int]
    /// How many channels each has.
    public var channels: [Int]

    /// Creates a group; each list holds at least one option.
    public init(blocks: [Int], channels: [Int]) {
      self.blocks = blocks
      self.channels = channels
    }
  }

  /// Creates a space as it is: a number that no network can have is an error of `network(_:)`.
  public init(inputSize: Int = 32, classes: Int = 10, groups: [Group]) {
    self.inputSize = inputSize
    self.classes = classes
    self.groups = groups
  }

  /// Three groups of one to four blocks, with half to three times the channels of WRN-16-1.
  public static let cifar = WideResNetSpace(
    groups: [16, 32, 64].map { width in
      Group(blocks: [1, 2, 3, 4], channels: [4, 6, 8, 12, 16, 24].map { $0 * width / 8 })
    })

  /// "wrn".
  public var namePrefix: String { "wrn" }

  /// Blocks and channels of each group.
  public var decisions: [SearchDecision] {
    groups.enumerated().flatMap { index, group in
      let part = "group \(index + 1)"
      return [
        SearchDecision(
          part: part, name: "blocks",
          options: group.blocks.map { $0 == 1 ? "1 block" : "\($0) blocks" }),
        SearchDecision(
          part: part, name: "channels", options: group.channels.map { "\($0) channels" }),
      ]
    }
  }

  /// The Wide ResNet of these groups.
  public func network(_ architecture: Architecture) throws(NetworkError) -> Network {
    let choices = architecture.choices
    return try WideResNet(
      name: name(of: architecture),
      groups: groups.enumerated().map { index, group in
        WideResNet.Group(
          blocks: group.blocks[choices[2 * index]],
          channels: group.channels[choices[2 * index + 1]])
      }, inputSize: inputSize, classes: classes
    ).network
  }
}
