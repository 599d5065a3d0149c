import Ensembles
import Predictions
import Statistics

/// Ways to make one prediction of many, side by side on a test set, each compared with the geometric mean of all members.
public struct RuleComparison: Codable, Hashable, Sendable {
  /// A way to combine.
  public enum Method: Codable, Hashable, Sendable {
    /// All members, without anything fitted.
    case rule(CombinationRule)
    /// The member of the highest accuracy on the hold-out, of equals the cheapest, alone.
    case bestMember
    /// `WeightedGeometricMean`.
    case weightedGeometricMean
    /// `GreedySelection`.
    case greedySelection

    /// Such as "weighted geometric mean".
    public var name: String {
      switch self {
      case .rule(.geometricMean): "geometric mean"
      case .rule(.arithmeticMean): "arithmetic mean"
      case .rule(.logitMean): "logit mean"
      case .rule(.majorityVote): "majority vote"
      case .bestMember: "best member"
      case .weightedGeometricMean: "weighted geometric mean"
      case .greedySelection: "greedy selection"
      }
    }
  }

  /// One way on the test set.
  public struct Row: Codable, Hashable, Sendable {
    /// The way to combine.
    public let method: Method
    /// How many different members it needs.
    public let memberCount: Int
    /// Multiply-accumulates of one image through them.
    public let multiplyAccumulates: Int
    /// On the hold-out.
    public let holdOut: Metrics
    /// On the test set.
    public let test: Metrics
    /// The test accuracy less that of the geometric mean.
    public let difference: Double
    /// The lower end of the difference's 95 % interval, by a paired bootstrap over images.
    public let lowerBound: Double
    /// The upper end of that interval.
    public let upperBound: Double
    /// McNemar's two-sided test against the geometric mean.
    public let mcNemarPValue: Double
    /// What the interval and the test say together.
    public let verdict: Frontier.Verdict
  }

  /// The geometric mean first.
  public let rows: [Row]
  /// The weights that the hold-out chose.
  public let weights: WeightedGeometricMean
  /// What the hold-out chose greedily.
  public let selection: GreedySelection

  /// Fits what there is to fit on the hold-out, and reports on the test set.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by all members.
  ///   - test: Test predictions by the same members.
  ///   - best: The best member, where something else than the multiply-accumulates decides which of equals it is.
  ///   - greedyRounds: Rounds of the greedy selection.
  ///   - seed: Of the bootstrap.
  /// - Throws: `EnsembleError.testDataUsedToChoose` where both are of the same images; others where members are missing, share
  ///   a name or predict different data.
  public init(
    holdOut: [Predictions], test: [Predictions], best: String? = nil, greedyRounds: Int = 25,
    seed: UInt64 = 0
  ) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkUnseen(test, by: holdOut[0].identity)
    weights = try WeightedGeometricMean(fittedTo: holdOut)
    selection = try GreedySelection(from: holdOut, roundCount: greedyRounds)
    let test = try Predictions.of(holdOut.map(\.name), in: test)
    var contenders: [Contender] = []
    for rule in CombinationRule.allCases {
      contenders.append(Contender(.rule(rule), holdOut, test, rule))
    }
    let place = holdOut.firstIndex { $0.name == best } ?? Self.bestMember(holdOut)
    contenders.append(Contender(.bestMember, [holdOut[place]], [test[place]], .geometricMean))
    contenders.append(
      Contender(
        .weightedGeometricMean, [try weights.combine(holdOut, name: "weighted")],
        [try weights.combine(test, name: "weighted")], .geometricMean,
        members: weights.weights.count { $0 > 0 }))
    contenders.append(
      Contender(
        .greedySelection, try selection.chosen(in: holdOut), try selection.chosen(in: test),
        selection.rule, members: selection.members.count))
    let bootstrap = PairedBootstrap(columns: contenders.map(\.correctness), seed: seed)
    rows = contenders.indices.map { place in
      let interval = bootstrap.interval(place, minus: 0)
      return contenders[place].row(against: contenders[0], interval)
    }
  }

  private static func bestMember(_ holdOut: [Predictions]) -> Int {
    let singles = SubsetEvaluator(
      members: holdOut, rule: .geometricMean, subsets: holdOut.indices.map { [$0] })
    let accuracies = singles.top1Accuracies()
    func rank(_ place: Int) -> (Double, Int) {
      (accuracies[place], -holdOut[place].multiplyAccumulates)
    }
    return accuracies.indices.reduce(0) { rank($1) > rank($0) ? $1 : $0 }
  }

  /// A way to combine and what came of it.
  private struct Contender {
    let method: Method
    let memberCount: Int
    let multiplyAccumulates: Int
    let holdOut: Metrics
    let test: Metrics
    /// `[N]` of the test set.
    let correctness: [Double]

    /// - Parameter members: How many different ones; nil where each is given once.
    init(
      _ method: Method, _ holdOut: [Predictions], _ test: [Predictions], _ rule: CombinationRule,
      members: Int? = nil
    ) {
      self.method = method
      memberCount = members ?? test.count
      var costs: [String: Int] = [:]
      for member in test { costs[member.name] = member.multiplyAccumulates }
      multiplyAccumulates = costs.values.reduce(0, +)
      let all = [Array(test.indices)]
      self.holdOut =
        SubsetEvaluator(members: holdOut, rule: rule, subsets: all).metrics()[0]
      let evaluation = SubsetEvaluator(members: test, rule: rule, subsets: all).evaluate()
      self.test = evaluation.metrics[0]
      correctness = evaluation.correctness[test.count]
    }

    func row(against reference: Contender, _ interval: ClosedRange<Double>) -> Row {
      let test = McNemarTest(first: correctness, second: reference.correctness)
      return Row(
        method: method, memberCount: memberCount, multiplyAccumulates: multiplyAccumulates,
        holdOut: holdOut, test: self.test, difference: test.difference,
        lowerBound: interval.lowerBound, upperBound: interval.upperBound,
        mcNemarPValue: test.pValue,
        verdict: Frontier.Verdict(
          interval, pairDifference: test.difference, pValue: test.pValue))
    }
  }
}
