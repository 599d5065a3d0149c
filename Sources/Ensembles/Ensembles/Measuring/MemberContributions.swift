import Predictions

/// What each member adds to ensembles of the others.
public struct MemberContributions: Codable, Hashable, Sendable {
  /// One member.
  public struct Contribution: Codable, Hashable, Sendable {
    /// The member's name.
    public let member: String
    /// For each n in `0..<K`: by how much the member raises the top-1 accuracy of n others, as a mean over sets of others;
    /// for n = 0 its own accuracy.
    public let gains: [Double]

    /// By how much the member raises the accuracy of all others.
    public var gainToAllOthers: Double { gains[gains.count - 1] }
    /// The mean over n of the gains: Shapley's value, which sums over the members to the accuracy of all.
    public var shapleyValue: Double { gains.reduce(0, +) / Double(gains.count) }
  }

  /// In the order of the members.
  public let contributions: [Contribution]
  /// How members are combined.
  public let rule: CombinationRule
  /// Whether the sets of some size are a random sample.
  public let isSampled: Bool

  /// Measures. To choose members by it, give hold-out predictions.
  ///
  /// - Parameters:
  ///   - predictions: Of the same data by all K members.
  ///   - rule: How they are combined.
  ///   - maximumSubsets: The most ensembles of one size; where there are more, this many are drawn at random, and fewer
  ///     where there are more than sixteen members.
  ///   - seed: Of those draws.
  /// - Throws: `EnsembleError` where there are no members, or where they predict different data or share a name.
  ///
  /// Complexity: O(N C S K) for S ensembles of N images and C classes.
  ///
  /// Source: Shapley 1953, doi:10.1515/9781400881970-018.
  public init(
    of predictions: [Predictions], rule: CombinationRule = .geometricMean,
    maximumSubsets: Int = 1000, seed: UInt64 = 0
  ) throws(EnsembleError) {
    guard maximumSubsets >= 1 else { throw .invalidSubsetLimit(maximumSubsets) }
    try Predictions.checkSameData(predictions)
    try Predictions.checkNamesDiffer(predictions)
    let count = predictions.count
    let limit = Self.limit(maximumSubsets, members: count)
    let sizes = (1...count).map {
      MemberSubsets(ofSize: $0, of: count, limit: limit, seed: seed)
    }
    let accuracies = Self.accuracies(predictions, rule, of: sizes)
    self.rule = rule
    isSampled = sizes.contains(where: \.isSampled)
    contributions = predictions.enumerated().map { place, member in
      let gains = sizes.map { size in
        let gains = size.subsets.filter { $0.contains(place) }.map { subset in
          let others = subset.filter { $0 != place }
          return (accuracies[subset] ?? 0) - (accuracies[others] ?? 0)
        }
        return gains.reduce(0, +) / Double(max(gains.count, 1))
      }
      return Contribution(member: member.name, gains: gains)
    }
  }

  /// The most ensembles that are evaluated.
  private static let mostEnsembles = 65_536

  /// How many ensembles of one size are taken: fewer of many members, each of which asks for as many ensembles again.
  private static func limit(_ maximumSubsets: Int, members: Int) -> Int {
    func ensembles(_ limit: Int) -> Double {
      (1...members).reduce(0) { sum, size in
        let count = MemberSubsets.count(ofSize: size, of: members, atMost: limit)
        return sum + Double(min(count, limit)) * Double(size + 1)
      }
    }
    // No more than all there are, however often each is asked for.
    guard members > 16, ensembles(maximumSubsets) > Double(mostEnsembles) else {
      return maximumSubsets
    }
    var limit = maximumSubsets
    while limit > 8, ensembles(limit) > Double(mostEnsembles) { limit = limit * 3 / 4 }
    return limit
  }

  /// The accuracy of each ensemble, and of each without one of its members.
  private static func accuracies(
    _ predictions: [Predictions], _ rule: CombinationRule, of sizes: [MemberSubsets]
  ) -> [[Int]: Double] {
    var wanted: Set<[Int]> = []
    for subset in sizes.flatMap(\.subsets) {
      wanted.insert(subset)
      for member in subset where subset.count > 1 { wanted.insert(subset.filter { $0 != member }) }
    }
    let subsets = Array(wanted)
    let found = SubsetEvaluator(members: predictions, rule: rule, subsets: subsets)
      .top1Accuracies()
    return Dictionary(uniqueKeysWithValues: zip(subsets, found))
  }
}
