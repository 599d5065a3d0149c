/// Which of some images something holds for, such as that a candidate is right about them: a bit an image.
struct ImageBits: Hashable, Sendable {
  private var words: [UInt64]
  /// How many images there are.
  let images: Int

  /// For none of them.
  init(images: Int) {
    self.images = images
    words = Array(repeating: 0, count: (images + 63) / 64)
  }

  /// - Parameter holds: `[N]`.
  init(_ holds: some Collection<Bool>) {
    self.init(images: holds.count)
    for (image, holds) in holds.enumerated() where holds { insert(image) }
  }

  init(images: Int, of places: some Sequence<Int>) {
    self.init(images: images)
    for place in places { insert(place) }
  }

  mutating func insert(_ image: Int) { words[image / 64] |= 1 << (image % 64) }

  subscript(image: Int) -> Bool { words[image / 64] >> (image % 64) & 1 == 1 }

  /// Those it holds for, ascending.
  var places: [Int] { (0..<images).filter { self[$0] } }

  /// How many.
  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// How many of those in `part`.
  func count(in part: ImageBits) -> Int { sum { words[$0] & part.words[$0] } }

  /// How many of those in `part` it holds for and `other` does not.
  func count(without other: ImageBits, in part: ImageBits) -> Int {
    sum { words[$0] & ~other.words[$0] & part.words[$0] }
  }

  private func sum(_ word: (Int) -> UInt64) -> Int {
    var sum = 0
    for place in words.indices { sum += word(place).nonzeroBitCount }
    return sum
  }
}
