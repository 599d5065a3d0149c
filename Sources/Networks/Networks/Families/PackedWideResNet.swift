/// Several Wide ResNets in one, side by side in its channels: a packed ensemble, at the price of one training and one inference.
///
/// Convolutions have as many groups as there are members, and the mean of the members' logits is the network's, whose softmax is
/// the normalised geometric mean of their probabilities. While training, each member is judged by itself. The first convolution, whose
/// image all members see, has no groups.
///
/// Source: Laurent et al. 2023, arXiv:2210.09184. The layers are those of torch-uncertainty 0.13; the order of each block's is
/// `WideResNet`'s.
public struct PackedWideResNet: Hashable, Sendable {
  /// The network as data, called "packed-wide-resnet-DEPTH-WIDTH-mMEMBERS-aALPHA-gGAMMA".
  public let network: Network

  /// Creates the members of WRN-depth-widenFactor for square RGB images.
  ///
  /// - Parameters:
  ///   - depth: 6N + 4, with N >= 1 blocks a group.
  ///   - widenFactor: k, at least 1.
  ///   - packing: How many members there are, and how wide.
  ///   - inputSize: Pixels of each side.
  ///   - classes: The number of logits.
  /// - Throws: `NetworkError` where a number is out of its range, or channels cannot be parted among the members.
  public init(
    depth: Int, widenFactor: Int, _ packing: Packing, inputSize: Int = 32, classes: Int = 10
  ) throws(NetworkError) {
    guard depth >= 10, depth % 6 == 4, depth <= 10_000, (1...1_000).contains(widenFactor) else {
      throw .invalidWideResNet(depth: depth, widenFactor: widenFactor)
    }
    let name = "packed-wide-resnet-\(depth)-\(widenFactor)-\(packing)"
    try packing.check(network: name, channels: [16] + (0..<3).map { 16 * widenFactor << $0 })
    let blocks = (depth - 4) / 6
    var builder = WideResNet.Builder(blocks: 3 * blocks, packing: packing)
    builder.appendStem()
    for index in 0..<3 {
      builder.append(
        WideResNet.Group(blocks: blocks, channels: 16 * widenFactor << index),
        stride: index > 0 ? 2 : 1)
    }
    builder.appendHead(classes: classes)
    network = try Network(
      name: name, input: ImageShape(channels: 3, height: inputSize, width: inputSize),
      layers: builder.layers.layers)
  }
}

/// How several networks stand side by side in the channels of one.
///
/// Source: arXiv:2210.09184, whose M, alpha and gamma these are.
public struct Packing: Hashable, Sendable, CustomStringConvertible {
  /// How many there are.
  public let members: Int
  /// So many times as many channels as a single network's, all members together.
  public let alpha: Double
  /// So many groups within each member's convolutions; fewer where a group would read less than 64 channels.
  public let gamma: Int

  /// Takes the numbers as they are; a network checks them.
  public init(members: Int, alpha: Double, gamma: Int = 1) {
    (self.members, self.alpha, self.gamma) = (members, alpha, gamma)
  }

  /// Reads "m4", "a2", "g1"; nil where they are not that.
  init?(_ parts: some Collection<Substring>) {
    let numbers = zip(parts, "mag").map { $0.first == $1 ? String($0.dropFirst()) : "" }
    guard numbers.count == 3, let members = Int(numbers[0]), let alpha = Double(numbers[1]),
      let gamma = Int(numbers[2])
    else { return nil }
    self.init(members: members, alpha: alpha, gamma: gamma)
    // One network has one name.
    guard description == parts.joined(separator: "-") else { return nil }
  }

  /// "m4-a2-g1", as names of networks have it.
  public var description: String {
    "m\(members)-a\(alpha.rounded() == alpha && alpha < 1e6 ? "\(Int(alpha))" : "\(alpha)")-g\(gamma)"
  }

  private static let fewestChannelsOfAGroup = 64

  /// The channels of all members where a single network has so many.
  func widened(_ channels: Int) -> Int { Int(Double(channels) * alpha) }

  /// The groups of a convolution that reads what are so many channels in a single network.
  func groups(of channels: Int) -> Int {
    let inputs = widened(channels)
    var gamma = gamma
    while gamma > 1,
      inputs % (members * gamma) != 0 || inputs / (members * gamma) < Self.fewestChannelsOfAGroup
    {
      gamma -= 1
    }
    return members * gamma
  }

  /// Makes sure that all those channels of a single network can be parted.
  func check(network: String, channels: [Int]) throws(NetworkError) {
    guard (1...1_000).contains(members), (1...1_000).contains(gamma), alpha > 0, alpha <= 1_000
    else {
      throw .invalidPacking(
        network: network,
        reason: "members and gamma must be in 1...1000, and alpha above 0, at most 1000")
    }
    for count in channels where widened(count) == 0 || widened(count) % members != 0 {
      throw .invalidPacking(
        network: network,
        reason:
          "\(widened(count)) channels, \(count) times alpha, cannot be parted among \(members) members: "
          + "give another alpha or number of members")
    }
    for (input, output) in zip(channels, channels.dropFirst() + channels.suffix(1))
    where widened(output) % groups(of: input) != 0 {
      throw .invalidPacking(
        network: network,
        reason:
          "\(widened(output)) channels cannot be parted into \(groups(of: input)) groups: give another gamma"
      )
    }
  }
}
