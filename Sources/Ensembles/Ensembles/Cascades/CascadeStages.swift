import CKernels
import Predictions

/// What sets of members predict together, and how sure they are, computed once for all cascades that begin with them.
///
/// How sure the last stage is does not matter: of sets that are only that it is known just which images they are right about,
/// which takes many times less.
struct CascadeStages: Sendable {
  let members: [Predictions]
  private let rule: CombinationRule
  private let confidence: CascadeConfidence
  /// By set, ascending.
  private var known: [[Int]: StageStatistics] = [:]
  private var right: [[Int]: [Bool]] = [:]

  /// The most bytes of what is known.
  private static let mostBytes = 256 << 20

  init(_ members: [Predictions], rule: CombinationRule, confidence: CascadeConfidence) {
    self.members = members
    self.rule = rule
    self.confidence = confidence
  }

  private var images: Int { members[0].count }

  /// As many sequences as need no more memory than may be known.
  func mostSequences(stages: Int) -> Int {
    max(1, Self.mostBytes / max(1, images * StageStatistics.bytesPerImage * stages))
  }

  /// Combines each set of members that some sequence begins with, once for all orders.
  mutating func learn(_ sequences: [[Int]]) {
    if (known.count * StageStatistics.bytesPerImage + right.count) * images > Self.mostBytes {
      (known, right) = ([:], [:])
    }
    var first: Set<[Int]> = []
    var last: Set<[Int]> = []
    for sequence in sequences {
      for count in 1..<max(1, sequence.count) {
        let set = sequence.prefix(count).sorted()
        if known[set] == nil { first.insert(set) }
      }
      let whole = sequence.sorted()
      if known[whole] == nil, right[whole] == nil { last.insert(whole) }
    }
    let sets = first.sorted { $0.lexicographicallyPrecedes($1) }
    for (set, statistics) in zip(sets, statistics(of: sets)) {
      known[set] = statistics
      right[set] = nil
    }
    let others = last.subtracting(first).sorted { $0.lexicographicallyPrecedes($1) }
    let evaluator = SubsetEvaluator(members: members, rule: rule, subsets: others)
    for (set, isRight) in zip(others, evaluator.rightImages()) { right[set] = isRight }
  }

  /// The stages of a sequence.
  func of(_ sequence: [Int]) -> [StageStatistics] {
    sequence.indices.map { place in
      let set = sequence.prefix(place + 1).sorted()
      if let found = known[set] { return found }
      if place == sequence.count - 1, let isRight = right[set] {
        return StageStatistics(confidence: [], isRight: isRight)
      }
      return statistics(of: [set])[0]
    }
  }

  private func statistics(of sets: [[Int]]) -> [StageStatistics] {
    let used = Set(sets.joined()).sorted()
    let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
    return StageStatistics.of(
      sets.map { $0.compactMap { places[$0] } }, of: used.map { members[$0] }, rule: rule,
      measure: confidence)
  }
}
