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
