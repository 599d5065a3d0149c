import Randomness

/// The subsets of one size of K members: all of them, or a random sample without repetition where there are too many.
package struct MemberSubsets {
  /// Each ascending.
  package let subsets: [[Int]]
  /// Whether `subsets` are a sample.
  package let isSampled: Bool

  /// - Parameters:
  ///   - size: In `1...memberCount`.
  ///   - memberCount: K.
  ///   - limit: The most subsets wanted, at least 1.
  ///   - seed: Of the sample.
  package init(ofSize size: Int, of memberCount: Int, limit: Int, seed: UInt64) {
    isSampled = Self.count(ofSize: size, of: memberCount, atMost: limit) > limit
    if isSampled {
      var generator = RandomStream(seed: seed, UInt64(size))
      subsets = Self.sample(limit, ofSize: size, of: memberCount, using: &generator)
    } else {
      subsets = Self.all(ofSize: size, of: memberCount)
    }
  }

  /// The binomial coefficient, or some number above `limit` where it is above that.
  package static func count(ofSize size: Int, of memberCount: Int, atMost limit: Int) -> Int {
    var count = 1
    for index in 0..<min(size, memberCount - size) {
      let (product, overflow) = count.multipliedReportingOverflow(by: memberCount - index)
      // Each step gives a binomial coefficient, and they do not fall on the way to the wanted one.
      guard !overflow, product / (index + 1) <= limit else { return Int.max }
      count = product / (index + 1)
    }
    return count
  }

  private static func all(ofSize size: Int, of memberCount: Int) -> [[Int]] {
    var result: [[Int]] = []
    var subset = Array(0..<size)
    while true {
      result.append(subset)
      guard let place = subset.indices.last(where: { subset[$0] < memberCount - size + $0 })
      else { return result }
      subset[place] += 1
      for later in subset.indices where later > place { subset[later] = subset[later - 1] + 1 }
    }
  }

  /// Draws subsets until `count` different ones are there; there are more than that.
  private static func sample(
    _ count: Int, ofSize size: Int, of memberCount: Int, using generator: inout RandomStream
  ) -> [[Int]] {
    var found: Set<[Int]> = []
    while found.count < count {
      // Floyd's method: each subset is as likely as any other.
      var subset: Set<Int> = []
      for last in (memberCount - size)..<memberCount {
        let drawn = generator.integer(below: last + 1)
        subset.insert(subset.contains(drawn) ? last : drawn)
      }
      found.insert(subset.sorted())
    }
    return found.sorted { $0.lexicographicallyPrecedes($1) }
  }
}
