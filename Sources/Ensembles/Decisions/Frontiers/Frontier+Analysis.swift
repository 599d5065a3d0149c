import Ensembles
import Predictions

extension Frontier {
  /// Evaluates ensembles of the members of each network, and compares them with single members of larger networks.
  ///
  /// Members are grouped by the name of their network. Each n of a smaller network, from 2, is compared with one member of
  /// each larger network as long as it costs no more, and the next n after that.
  ///
  /// - Parameters:
  ///   - predictions: Of the same data by all members.
  ///   - rule: How members are combined.
  ///   - maximumSubsets: Where there are more subsets of one size, this many are drawn at random without repetition.
  ///   - seconds: About what the ensembles may take: where it is too little for `maximumSubsets`, fewer are drawn, and
  ///     `subsetLimit` says how many; nil for no limit.
  ///   - seed: Of those draws and of the bootstrap. The same arguments give the same result on every machine.
  /// - Throws: `EnsembleError` where members predict different data, share a name, or where members of one network
  ///   differ in cost.
  ///
  /// Complexity: O(N C S) for N images, C classes and S subsets in all, where none are sampled.
  public static func analyze(
    _ predictions: [Predictions], rule: CombinationRule = .geometricMean,
    maximumSubsets: Int = 1000, seconds: Double? = nil, seed: UInt64 = 0
  ) throws(EnsembleError) -> Frontier {
    guard maximumSubsets >= 1 else { throw .invalidSubsetLimit(maximumSubsets) }
    try Predictions.checkSameData(predictions)
    let groups = try groupedByNetwork(predictions)
    try checkRoom(for: groups)
    let (evaluations, limit) = evaluate(groups, rule, maximumSubsets, seconds, seed)
    let first = predictions[0]
    return Frontier(
      split: first.split, fingerprint: first.fingerprint, images: first.count,
      classes: first.classes, rule: rule, curves: curves(of: evaluations),
      comparisons: comparisons(of: evaluations, seed: seed), subsetLimit: limit)
  }

  /// Makes sure that there is room for which images the ensembles of each size are right about.
  private static func checkRoom(for groups: [[Predictions]]) throws(EnsembleError) {
    let first = groups[0][0]
    // Of each size, how many ensembles are right about an image, twice, and three shares.
    let row = 2 * MemoryLayout<Int32>.stride + 3 * MemoryLayout<Double>.stride
    try checkMemory(
      first.count * groups.reduce(0) { $0 + $1.count }, of: row, for: first.source)
  }

  /// Ensembles of one size that show how long one takes.
  private static let pilotSubsets = 4

  /// All networks; with a limit in time as many ensembles of one size as a few say that there is time for.
  private static func evaluate(
    _ groups: [[Predictions]], _ rule: CombinationRule, _ most: Int, _ seconds: Double?,
    _ seed: UInt64
  ) -> ([NetworkEvaluation], limit: Int?) {
    func evaluations(_ limit: Int) -> [NetworkEvaluation] {
      groups.map { NetworkEvaluation($0, rule: rule, maximumSubsets: limit, seed: seed) }
    }
    guard let seconds else { return (evaluations(most), nil) }
    let pilot = min(pilotSubsets, most)
    let start = ContinuousClock.now
    let found = evaluations(pilot)
    guard found.contains(where: { $0.sizes.contains(where: \.isSampled) }) else {
      return (found, most)
    }
    let taken = max(start.duration(to: .now) / .seconds(1), 1e-6)
    let affordable = Int(min(Double(most), Double(pilot) * (seconds / taken - 1)))
    return affordable > pilot ? (evaluations(affordable), affordable) : (found, pilot)
  }

  /// The members of each network, ascending in multiply-accumulates, then by name.
  static func groupedByNetwork(
    _ predictions: [Predictions]
  ) throws(EnsembleError) -> [[Predictions]] {
    try Predictions.checkNamesDiffer(predictions)
    let groups = Array(Dictionary(grouping: predictions, by: \.network).values)
    for group in groups { try checkCosts(group) }
    return groups.sorted {
      ($0[0].multiplyAccumulates, $0[0].network) < ($1[0].multiplyAccumulates, $1[0].network)
    }
  }

  private static func checkCosts(_ group: [Predictions]) throws(EnsembleError) {
    let first = group[0]
    for member in group {
      let difference =
        member.multiplyAccumulates != first.multiplyAccumulates
        ? "multiply-accumulates" : member.parameters != first.parameters ? "parameters" : nil
      if let difference {
        throw .differentCost(
          network: first.network, first: first.source, second: member.source,
          difference: difference)
      }
    }
    // FLOPs are twice the multiply-accumulates.
    let cost = max(first.multiplyAccumulates, first.parameters)
    guard !cost.multipliedReportingOverflow(by: 2 * group.count).overflow else {
      throw .costOverflow(network: first.network)
    }
  }

  private static func curves(of evaluations: [NetworkEvaluation]) -> [Curve] {
    let plotted = evaluations.flatMap { evaluation in
      evaluation.sizes.map { size in
        PlottedPoint(
          cost: size.memberCount * evaluation.multiplyAccumulates,
          accuracy: plottedAccuracy(size))
      }
    }
    return evaluations.map { evaluation in
      Curve(
        network: evaluation.network, multiplyAccumulates: evaluation.multiplyAccumulates,
        parameters: evaluation.parameters, members: evaluation.members.map(\.name),
        points: evaluation.sizes.map { point(of: $0, in: evaluation, among: plotted) })
    }
  }

  private static func point(
    of size: NetworkEvaluation.Size, in evaluation: NetworkEvaluation, among others: [PlottedPoint]
  ) -> Point {
    let accuracies = size.metrics.map(\.top1Accuracy)
    let cost = size.memberCount * evaluation.multiplyAccumulates
    let accuracy = plottedAccuracy(size)
    let plotted = PlottedPoint(cost: cost, accuracy: accuracy)
    return Point(
      memberCount: size.memberCount, multiplyAccumulates: cost, floatingPointOperations: 2 * cost,
      parameters: size.memberCount * evaluation.parameters, subsetCount: accuracies.count,
      isSampled: size.isSampled, accuracy: accuracy, mean: Metrics.mean(size.metrics),
      top1StandardDeviation: accuracies.sampleStandardDeviation,
      top1Minimum: accuracies.min() ?? 0, top1Maximum: accuracies.max() ?? 0,
      isOnParetoFrontier: !others.contains { $0.dominates(plotted) })
  }

  private static func plottedAccuracy(_ size: NetworkEvaluation.Size) -> Double {
    size.memberCount == 1 ? size.metrics.map(\.top1Accuracy).median : size.meanAccuracy
  }
}

/// A point in the plane of cost and accuracy.
private struct PlottedPoint {
  let cost: Int
  let accuracy: Double

  /// Whether this point is better than `other` in one and as good in the other.
  func dominates(_ other: PlottedPoint) -> Bool {
    cost <= other.cost && accuracy >= other.accuracy
      && (cost < other.cost || accuracy > other.accuracy)
  }
}
