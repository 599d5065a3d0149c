import CKernels
import Predictions

/// Members chosen one by one, each as often as it helps, by what they do together on hold-out predictions.
///
/// From no member on, each round adds the member that makes the ensemble best, which may be one that is in it already; of
/// all rounds' ensembles the best is taken, of equals the first.
///
/// Source: Caruana, Niculescu-Mizil, Crew and Ksikes, doi:10.1145/1015330.1015432.
public struct GreedySelection: Codable, Hashable, Sendable {
  /// What the choice makes best.
  public enum Measure: String, Codable, CaseIterable, Sendable {
    /// The least negative log-likelihood.
    case negativeLogLikelihood
    /// The highest top-1 accuracy.
    case top1Accuracy
  }

  /// The names of the members to choose from.
  public let memberNames: [String]
  /// Positions in `memberNames`, in the order in which they were added in all rounds.
  public let rounds: [Int]
  /// What each round's ensemble measures on the hold-out.
  public let scores: [Double]
  /// How many of the rounds make the chosen ensemble.
  public let chosenRounds: Int
  /// How members are combined.
  public let rule: CombinationRule
  /// What the choice makes best.
  public let measure: Measure
  /// Which images the choice was made on.
  public let validation: DataIdentity

  private enum CodingKeys: String, CodingKey {
    case rounds, scores, chosenRounds, rule, measure
    case memberNames = "candidates"
    case validation = "chosenOn"
  }

  /// Chooses members round by round; the best of all rounds' ensembles is kept.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by all members, never those of a test set.
  ///   - roundCount: How many rounds; at least 1.
  ///   - measure: What is made best.
  ///   - rule: How members are combined.
  /// - Throws: `EnsembleError` where there are no members or no rounds, or where members predict different data or
  ///   share a name.
  ///
  /// Complexity: O(N C K R) for K members and R rounds.
  public init(
    from holdOut: [Predictions], roundCount: Int = 25,
    measure: Measure = .negativeLogLikelihood, rule: CombinationRule = .geometricMean
  ) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    guard roundCount >= 1 else {
      throw .invalidArgument(
        name: "the number of rounds", value: "\(roundCount)", expected: "at least 1")
    }
    memberNames = holdOut.map(\.name)
    self.measure = measure
    self.rule = rule
    validation = holdOut[0].identity
    var rounds: [Int] = []
    var scores: [Double] = []
    for _ in 0..<roundCount {
      // All members' ensembles begin with what was chosen: that is summed once.
      let added = Self.promising(holdOut, rule, rounds, measure)
      let found = Self.scores(holdOut, rule, added.map { rounds + [$0] }, measure)
      let best = found.indices.reduce(0) {
        Self.isBetter(found[$1], than: found[$0], measure) ? $1 : $0
      }
      rounds.append(added[best])
      scores.append(found[best])
    }
    self.rounds = rounds
    self.scores = scores
    chosenRounds =
      1
      + scores.indices.reduce(0) { Self.isBetter(scores[$1], than: scores[$0], measure) ? $1 : $0 }
  }

  /// The members that may be the best to add, ascending: likelihoods that are further apart than an estimate errs need no more
  /// than that.
  private static func promising(
    _ members: [Predictions], _ rule: CombinationRule, _ rounds: [Int], _ measure: Measure
  ) -> [Int] {
    guard measure == .negativeLogLikelihood, rule.takesLogarithms, members.count > 1,
      rounds.count < mostEstimatedRounds
    else { return Array(members.indices) }
    let losses = estimatedLosses(members, adding: rounds)
    let least = losses.min() ?? 0
    return members.indices.filter { losses[$0] <= least + 2 * estimateError }
  }

  /// The most members of which a mean is estimated.
  private static let mostEstimatedRounds = 64
  /// How far an estimated mean may be off, in nats.
  static let estimateError = 2e-5

  /// About what the negative log-likelihood is with each member added.
  static func estimatedLosses(_ members: [Predictions], adding rounds: [Int]) -> [Double] {
    let chosen = rounds.map { Int32($0) }
    let lanes = 16
    let width = (members[0].classes + lanes - 1) / lanes * lanes
    let parts = ImageBlocks(members).map(
      initial: { [Double](repeating: 0, count: members.count) },
      { losses, _, images in
        withUnsafeTemporaryAllocation(byteCount: 4 * width, alignment: 64) { scratch in
          consort_estimate_losses(
            images, chosen, Int64(chosen.count), -Metrics.leastLogProbability,
            scratch.baseAddress?.assumingMemoryBound(to: Float.self), &losses)
        }
      })
    return members.indices.map { member in
      parts.reduce(0) { $0 + $1[member] } / Double(members[0].count)
    }
  }

  private static func scores(
    _ members: [Predictions], _ rule: CombinationRule, _ subsets: [[Int]], _ measure: Measure
  ) -> [Double] {
    let evaluator = SubsetEvaluator(members: members, rule: rule, subsets: subsets)
    return switch measure {
    case .negativeLogLikelihood: evaluator.metrics().map(\.negativeLogLikelihood)
    case .top1Accuracy: evaluator.top1Accuracies()
    }
  }

  private static func isBetter(_ first: Double, than second: Double, _ measure: Measure) -> Bool {
    measure == .top1Accuracy ? first > second : first < second
  }

  /// The chosen members' names with how often each counts, in the order of the members.
  public var members: [(name: String, count: Int)] {
    memberNames.enumerated().compactMap { place, name in
      let count = rounds.prefix(chosenRounds).count { $0 == place }
      return count > 0 ? (name, count) : nil
    }
  }

  /// Predictions of the chosen members, as often as each counts; they are computed once, however often they count.
  ///
  /// - Throws: `EnsembleError` where a member is missing, or where they predict different data.
  package func chosen(in predictions: [Predictions]) throws(EnsembleError) -> [Predictions] {
    try Predictions.of(rounds.prefix(chosenRounds).map { memberNames[$0] }, in: predictions)
  }

  /// Combines predictions of the chosen members, perhaps of other data, found by their names.
  ///
  /// - Throws: `EnsembleError` where a member is missing, or where they predict different data.
  public func combine(_ predictions: [Predictions], name: String) throws(EnsembleError)
    -> Predictions
  {
    let all = try chosen(in: predictions)
    let different = try Predictions.of(members.map(\.name), in: predictions)
    return try Predictions(of: different, name: name, logProbabilities: rule.combine(all))
  }
}
