/// A network that is not well formed, or a name that stands for none.
public enum NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There are no layers.
  case noLayers(network: String)
  /// The image has no pixels or no channels.
  case invalidInput(ImageShape)
  /// Two layers share a name, or a layer is called "input".
  case duplicateName(layer: String)
  /// A layer reads what is neither an earlier layer nor "input".
  case unknownInput(layer: String, input: String)
  /// A layer reads more or fewer inputs than its operation takes.
  case wrongInputCount(layer: String, expected: Int, actual: Int)
  /// A layer's input has the wrong shape for it.
  case shapeMismatch(layer: String, reason: String)
  /// A number of the layer is outside its range.
  case invalidParameter(layer: String, reason: String)
  /// Nothing reads the layer's output.
  case unusedLayer(layer: String)
  /// The last layer gives a map, not a vector of logits.
  case outputIsNotLogits(layer: String)
  /// A size does not fit into an integer.
  case tooLarge(layer: String)
  /// No network has this name.
  case unknownName(String)
  /// The depth of a Wide ResNet is not 6N + 4, or its width is not positive.
  case invalidWideResNet(depth: Int, widenFactor: Int)
  /// The numbers of a packed Wide ResNet do not go together.
  case invalidPacking(network: String, reason: String)
  /// A number from which a network is built is outside its range.
  case invalidNumber(network: String, reason: String)
  /// No ResNet has this depth.
  case invalidResNet(depth: Int)

  /// One sentence naming the layer and what is wrong with it.
  public var description: String {
    switch self {
    case .noLayers(let network): "network '\(network)' has no layers"
    case .invalidInput(let shape):
      "an input of \(shape.channels) x \(shape.height) x \(shape.width) is not an image"
    case .duplicateName(let layer): "layer '\(layer)': the name is taken; names are unique"
    case .unknownInput(let layer, let input):
      "layer '\(layer)' reads '\(input)', which is not an earlier layer"
    case .wrongInputCount(let layer, let expected, let actual):
      "layer '\(layer)' takes \(expected) input(s), not \(actual)"
    case .shapeMismatch(let layer, let reason): "layer '\(layer)': \(reason)"
    case .invalidParameter(let layer, let reason): "layer '\(layer)': \(reason)"
    case .unusedLayer(let layer): "layer '\(layer)': no layer reads its output; use it or remove it"
    case .outputIsNotLogits(let layer): "the last layer, '\(layer)', must give a vector of logits"
    case .tooLarge(let layer): "layer '\(layer)': its sizes overflow"
    case .unknownName(let name):
      "no network is called '\(name)'; known: \(Network.knownNames)\(Network.suggestion(for: name))"
    case .invalidWideResNet(let depth, let widenFactor):
      "wide-resnet-\(depth)-\(widenFactor): the depth must be 6N + 4 (10, 16, 22, 28, 40 ...), the width at least 1"
    case .invalidPacking(let network, let reason), .invalidNumber(let network, let reason):
      "network '\(network)': \(reason)"
    case .invalidResNet(let depth):
      "resnet-\(depth): the depth must be "
        + ResNet.depths.map(String.init).joined(separator: ", ")
    }
  }
}

/// Refuses numbers that no network can be built from, before anything is built from them.
struct NumberCheck {
  /// The name of the network.
  let network: String

  /// More blocks than any use has; their layers would fill the memory.
  private static let mostBlocks = 10_000
  private static let sizes = 1...(1 << 20)

  func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(NetworkError) {
    guard condition else { throw .invalidNumber(network: network, reason: reason()) }
  }

  /// - Parameter what: What the number is of, such as "stage 2: the stride".
  func requireSize(_ size: Int, _ what: @autoclosure () -> String) throws(NetworkError) {
    try require(
      Self.sizes.contains(size), "\(what()) must be in 1...\(Self.sizes.upperBound), not \(size)")
  }

  /// Returns how many blocks all parts have together.
  ///
  /// - Parameter part: What has so many blocks: "stage" or "group".
  @discardableResult
  func requireBlocks(
    _ blocks: some Sequence<Int>, ofEach part: StaticString
  ) throws(NetworkError) -> Int {
    var total = 0
    for (index, count) in blocks.enumerated() {
      try require(
        (1...Self.mostBlocks).contains(count),
        "\(part) \(index): the blocks must be in 1...\(Self.mostBlocks), not \(count)")
      total += count
      try require(total <= Self.mostBlocks, "there are more than \(Self.mostBlocks) blocks")
    }
    try require(total > 0, "it needs at least one \(part)")
    return total
  }
}
