import Predictions

/// The ensembles among K members, each evaluated.
///
/// Fast enough to try them all: `top1Accuracy` of the 987 subsets of up to three of eighteen members, on 50,000 images of
/// 1,000 classes, takes seconds. Predictions mapped from files are read block by block and never held whole.
public struct SubsetScores: Sendable {
  /// What is computed of each subset.
  public enum Measure: Hashable, Sendable {
    /// The top-1 accuracy alone, many times faster than all metrics.
    case top1Accuracy
    /// All of `Metrics`.
    case allMetrics
  }

  /// The members' names.
  public let members: [String]
  /// How they are combined.
  public let rule: CombinationRule
  /// Identifies the images that were predicted.
  public let fingerprint: String
  /// Positions in `members`: ascending in size, then lexicographically.
  public let subsets: [[Int]]
  /// Whether the subsets of some size are a random sample.
  public let isSampled: Bool
  /// Of each subset.
  public let top1Accuracies: [Double]
  /// Of each subset; empty where only `top1Accuracy` was asked for.
  public let metrics: [Metrics]

  /// Evaluates the subsets of the given sizes. To choose one, give hold-out predictions.
  ///
  /// - Parameters:
  ///   - predictions: Of the same data by all K members.
  ///   - rule: How they are combined.
  ///   - sizes: How many members; sizes beyond K hold no subset.
  ///   - measure: What is computed.
  ///   - maximumSubsets: Where there are more subsets of one size, this many are drawn at random without repetition.
  ///   - seed: Of those draws.
  /// - Throws: `EnsembleError` where there are no members or no sizes, or where members predict different data.
  ///
  /// Complexity: O(N C S) for N images, C classes and S subsets, where none are sampled; top-1 accuracies take much less
  /// where most classes of most images are improbable to all members.
  public init(
    of predictions: [Predictions], rule: CombinationRule = .geometricMean, sizes: ClosedRange<Int>,
    measure: Measure = .top1Accuracy, maximumSubsets: Int = 100_000, seed: UInt64 = 0
  ) throws(EnsembleError) {
    guard maximumSubsets >= 1 else { throw .invalidSubsetLimit(maximumSubsets) }
    try Predictions.checkSameData(predictions)
    guard sizes.overlaps(1...predictions.count) else {
      throw .invalidSizes(sizes, members: predictions.count)
    }
    let chosen = sizes.clamped(to: 1...predictions.count).map {
      MemberSubsets(ofSize: $0, of: predictions.count, limit: maximumSubsets, seed: seed)
    }
    subsets = chosen.flatMap(\.subsets)
    isSampled = chosen.contains(where: \.isSampled)
    members = predictions.map(\.name)
    self.rule = rule
    fingerprint = predictions[0].fingerprint
    let evaluator = SubsetEvaluator(members: predictions, rule: rule, subsets: subsets)
    switch measure {
    case .top1Accuracy:
      top1Accuracies = evaluator.top1Accuracies()
      metrics = []
    case .allMetrics:
      metrics = evaluator.metrics()
      top1Accuracies = metrics.map(\.top1Accuracy)
    }
  }

  /// The subset of the highest top-1 accuracy, of equals the first, among those that `isAllowed`.
  public func best(where isAllowed: ([Int]) -> Bool = { _ in true }) -> [Int]? {
    var best: Int?
    for index in subsets.indices where isAllowed(subsets[index]) {
      if best.map({ top1Accuracies[index] > top1Accuracies[$0] }) ?? true { best = index }
    }
    return best.map { subsets[$0] }
  }
}
