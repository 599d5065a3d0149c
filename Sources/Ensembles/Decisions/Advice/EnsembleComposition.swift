import Ensembles
import Randomness

/// How many members of each network an ensemble has.
struct EnsembleComposition: Hashable, Sendable {
  /// `[J]`, at least one of them above 0.
  let counts: [Int]

  var members: Int { counts.reduce(0, +) }

  /// What each network has of the members.
  var weights: [Double] { counts.map { Double($0) / Double(members) } }

  func multiplyAccumulates(_ costs: [Int]) -> Double {
    zip(counts, costs).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// How much of the vote lies elsewhere than in another ensemble, in `0...1`.
  func distance(to other: EnsembleComposition) -> Double {
    let own = weights
    let others = other.weights + Array(repeating: 0, count: counts.count - other.counts.count)
    return zip(own, others).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }

  /// All ensembles of members of one network or of two.
  ///
  /// - Parameter available: `[J]`: how many members each network has.
  static func all(of available: [Int]) -> [EnsembleComposition] {
    func composition(_ parts: [(Int, Int)]) -> EnsembleComposition {
      var counts = [Int](repeating: 0, count: available.count)
      for (network, count) in parts { counts[network] = count }
      return EnsembleComposition(counts: counts)
    }
    var result: [EnsembleComposition] = []
    for first in available.indices where available[first] > 0 {
      for count in 1...available[first] {
        result.append(composition([(first, count)]))
        for second in available.indices where second > first && available[second] > 0 {
          for other in 1...available[second] {
            result.append(composition([(first, count), (second, other)]))
          }
        }
      }
    }
    return result
  }

  /// The ensembles of these numbers of members, or some that are drawn where there are more.
  ///
  /// - Parameters:
  ///   - groups: `[J]`: the places of each network's members.
  ///   - limit: The most ensembles.
  /// - Returns: Each ascending.
  func subsets(of groups: [[Int]], limit: Int, seed: UInt64) -> [[Int]] {
    var result: [[Int]] = [[]]
    for (network, count) in counts.enumerated() where count > 0 {
      let own = MemberSubsets(ofSize: count, of: groups[network].count, limit: limit, seed: seed)
        .subsets.map { $0.map { groups[network][$0] } }
      result = result.flatMap { earlier in own.map { earlier + $0 } }
    }
    if result.count > limit {
      var generator = RandomStream(seed: seed, 0x7375_6273)
      result = generator.permutation(of: result.count).prefix(limit).map { result[$0] }
    }
    return result.map { $0.sorted() }
  }
}
