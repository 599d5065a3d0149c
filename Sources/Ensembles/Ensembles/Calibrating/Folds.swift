import Randomness

/// Images divided into parts of the same size, and each class over all of them, one image more or less.
struct Folds: Sendable {
  /// `[N]`: the part of each image.
  private let parts: [Int]
  /// How many parts there are.
  let count: Int

  /// - Parameters:
  ///   - labels: Of the images, two or more.
  ///   - most: The most parts; no more than there are images.
  ///   - seed: Of the order in which each class's images are dealt out.
  init(labels: [Int64], most: Int, seed: UInt64) {
    count = min(most, labels.count)
    var generator = RandomStream(seed: seed, 0x666f_6c64)
    var parts = [Int](repeating: 0, count: labels.count)
    let order = generator.permutation(of: labels.count)
    // In random order within each class; the next class goes on where the last one ended.
    let dealt = order.indices.sorted { (labels[order[$0]], $0) < (labels[order[$1]], $1) }
    for (place, index) in dealt.enumerated() { parts[order[index]] = place % count }
    self.parts = parts
  }

  /// The images of a part, ascending.
  func images(of part: Int) -> [Int] { parts.indices.filter { parts[$0] == part } }

  /// All others, ascending.
  func others(than part: Int) -> [Int] { parts.indices.filter { parts[$0] != part } }
}
