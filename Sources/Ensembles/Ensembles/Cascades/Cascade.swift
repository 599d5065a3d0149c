import Formatting
import Predictions

/// Members that run one after another, until their combined prediction is sure enough.
///
/// Source: arXiv:2012.01988.
public struct Cascade: Codable, Hashable, Sendable {
  /// One member, and when the cascade stops after it.
  public struct Stage: Codable, Hashable, Sendable {
    /// The member's name.
    public let member: String
    /// Of the member alone, for one image.
    public let multiplyAccumulates: Int
    /// An image stops here where the combined prediction of the members so far is at least as sure; none where every image
    /// goes on, and at the last stage, where every image stops.
    public let confidenceThreshold: Double?
  }

  /// What thresholds are chosen for.
  public enum Goal: Codable, Hashable, Sendable {
    /// The highest accuracy at an expected cost of at most so many multiply-accumulates an image.
    case cost(atMost: Double)
    /// The least expected cost with an accuracy of at least this, in `0...1`.
    case accuracy(atLeast: Double)
  }

  /// What a cascade does on some images.
  public struct Outcome: Codable, Hashable, Sendable {
    /// The share of the images that are predicted right.
    public let accuracy: Double
    /// The mean multiply-accumulates of an image.
    public let expectedMultiplyAccumulates: Double
    /// Of each stage, the share of the images that stop there.
    public let exitFractions: [Double]
    /// The accuracy of all stages' members on every image.
    public let accuracyOfAllStages: Double
    /// The multiply-accumulates of all stages' members on one image.
    public let multiplyAccumulatesOfAllStages: Int
  }

  /// In the order in which members run.
  public let stages: [Stage]
  /// How members are combined.
  public let rule: CombinationRule
  /// What measures how sure a prediction is.
  public let confidence: CascadeConfidence
  /// What the cascade does on the hold-out.
  public let holdOut: Outcome
  /// Which images the thresholds, and the members where they were searched, were chosen on.
  public let validation: DataIdentity

  private enum CodingKeys: String, CodingKey {
    case stages, rule, confidence, holdOut
    case validation = "chosenOn"
  }

  /// Finds the thresholds for members in the order given.
  ///
  /// With one to three members they are the best there are on the hold-out, for all thresholds that differ in what they do
  /// to some image; with more they are found pair by pair. Stages that no image of the hold-out reaches are left out.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by the members, in order; never those of a test set.
  ///   - rule: How the members so far are combined.
  ///   - confidence: What measures how sure a prediction is.
  ///   - goal: What is wanted on the hold-out.
  /// - Throws: `EnsembleError.unreachableGoal` where no thresholds do it; others where there are no members, or where they
  ///   predict different data or share a name.
  ///
  /// Complexity: O(N C S + N log N) for S stages, up to three.
  public init(
    of holdOut: [Predictions], rule: CombinationRule = .geometricMean,
    confidence: CascadeConfidence = .maximumProbability, goal: Goal
  ) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    try goal.check()
    let search = ThresholdSearch(
      stages: StageStatistics.of(holdOut, rule: rule, measure: confidence).map { $0.sorted() },
      costs: holdOut.map { Double($0.multiplyAccumulates) },
      goal: goal.total(images: holdOut[0].count))
    guard let plan = search.best() else {
      throw .unreachableGoal(goal.description, members: holdOut.map(\.name))
    }
    self.init(holdOut, search, plan, rule: rule, confidence: confidence)
  }

  init(
    _ holdOut: [Predictions], _ search: ThresholdSearch, _ plan: ThresholdSearch.Plan,
    rule: CombinationRule, confidence: CascadeConfidence
  ) {
    let last = search.exits(plan.thresholds).max() ?? 0
    stages = (0...last).map { stage in
      Stage(
        member: holdOut[stage].name, multiplyAccumulates: holdOut[stage].multiplyAccumulates,
        confidenceThreshold: stage < last
          ? plan.thresholds[stage].map { Self.midway($0, in: search.stages[stage].confidence) }
          : nil)
    }
    self.rule = rule
    self.confidence = confidence
    validation = holdOut[0].identity
    self.holdOut = Self.outcome(
      Array(search.stages[...last]), stages, images: holdOut[0].count)
  }

  /// Halfway from a threshold, which is some image's confidence, to the next lower confidence: the same for the hold-out,
  /// and no image of it lies where rounding on another machine could turn it.
  private static func midway(_ threshold: Double, in confidences: [Double]) -> Double {
    guard let below = confidences.filter({ $0 < threshold }).max() else { return threshold }
    let middle = below + (threshold - below) / 2
    return middle > below ? middle : threshold
  }

  /// When its members stop, and how they are combined.
  public var combination: Combination {
    Combination(
      rule: rule,
      cascade: CascadeStops(
        confidence: confidence, confidenceThresholds: stages.dropLast().map(\.confidenceThreshold)))
  }

  /// What the cascade does on a test set.
  ///
  /// - Parameter test: Predictions of the same members, found by their names.
  /// - Throws: `EnsembleError.testDataUsedToChoose` where the thresholds were chosen on its images; others where a member is
  ///   missing, or where they predict different data.
  public func report(on test: [Predictions]) throws(EnsembleError) -> Outcome {
    try Predictions.checkUnseen(test, by: validation)
    let members = try Predictions.of(stages.map(\.member), in: test)
    let found = StageStatistics.of(members, rule: rule, measure: confidence)
    return Self.outcome(found, stages, images: members[0].count)
  }

  private static func outcome(
    _ found: [StageStatistics], _ stages: [Stage], images: Int
  ) -> Outcome {
    let search = ThresholdSearch(
      stages: found, costs: stages.map { Double($0.multiplyAccumulates) }, goal: .hits(0))
    let exits = search.exits(stages.dropLast().map(\.confidenceThreshold))
    var counts = [Int](repeating: 0, count: stages.count)
    var hits = 0
    for (image, exit) in exits.enumerated() {
      counts[exit] += 1
      hits += found[exit].isRight[image] ? 1 : 0
    }
    var cost = 0.0
    var cumulated = 0.0
    for (stage, count) in zip(stages, counts) {
      cumulated += Double(stage.multiplyAccumulates)
      cost += cumulated * Double(count)
    }
    let all = found[stages.count - 1].isRight.count { $0 }
    return Outcome(
      accuracy: Double(hits) / Double(images),
      expectedMultiplyAccumulates: cost / Double(images),
      exitFractions: counts.map { Double($0) / Double(images) },
      accuracyOfAllStages: Double(all) / Double(images),
      multiplyAccumulatesOfAllStages: stages.reduce(0) {
        let (sum, overflow) = $0.addingReportingOverflow($1.multiplyAccumulates)
        return overflow ? Int.max : sum
      })
  }
}

extension Cascade.Goal: CustomStringConvertible {
  /// Such as "an accuracy of at least 0.9".
  public var description: String {
    switch self {
    case .cost(let cost):
      "an expected cost of at most \(NumberFormat.short(cost)) multiply-accumulates"
    case .accuracy(let accuracy): "an accuracy of at least \(NumberFormat.shortPercent(accuracy))"
    }
  }

  package func check() throws(EnsembleError) {
    switch self {
    case .cost(let cost) where !(cost > 0 && cost.isFinite):
      throw .invalidArgument(
        name: "the cost", value: "\(cost)", expected: "a number above 0")
    case .accuracy(let accuracy) where !(0...1).contains(accuracy):
      throw .invalidArgument(
        name: "the accuracy", value: "\(accuracy)", expected: "a number in 0...1")
    default: break
    }
  }

  /// The goal over all images.
  func total(images: Int) -> ThresholdPair.Goal {
    switch self {
    case .cost(let cost): .cost(cost * Double(images))
    // A hair less, so that a share that was computed from hits does not round up to one more.
    case .accuracy(let accuracy): .hits(Int((accuracy * Double(images) - 1e-6).rounded(.up)))
    }
  }
}
