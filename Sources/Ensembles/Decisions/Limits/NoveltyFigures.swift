import Ensembles
import Predictions

/// How well a candidate's scores tell images that are unlike the training's from the test images.
public struct NoveltyFigures: Codable, Sendable {
  /// One score's figures.
  public struct Score: Codable, Sendable {
    /// Which score.
    public let score: NoveltyScore
    /// What it detects.
    public let detection: NoveltyDetection
  }

  /// The images that are unlike.
  public let images: Decision.Images
  /// Of what is deployed, in the order of `NoveltyScore`, without scores that there are not.
  public let deployed: [Score]
  /// Of the best single member; nil where it is what is deployed.
  public let single: [Score]?
  /// The share of those images that are answered by the deployed rule of abstention; nil without a rule.
  public let answered: MeasuredShare?
  /// The mean size of their prediction sets; nil where the decision has none.
  public let meanSetSize: Double?

  /// Compares images that are unlike with the test images.
  ///
  /// - Parameters:
  ///   - unlike: Predictions by the decision's members of images that are of no class, or taken otherwise; their labels are
  ///     not looked at.
  ///   - test: Those of the test images that the decision was judged on.
  /// - Throws: `EnsembleError` where a member is missing, or predicts other classes.
  public init(
    of decision: Decision, test: [Predictions], unlike: [Predictions]
  ) throws(EnsembleError) {
    try Predictions.checkSameData(unlike)
    guard unlike[0].classes == decision.classes else {
      throw .differentData(
        first: test[0].source, second: unlike[0].source,
        difference: "\(decision.classes) and \(unlike[0].classes) classes")
    }
    images = Decision.Images(unlike[0])
    let deployed = decision.deployed
    self.deployed = try Self.scores(deployed, test, unlike)
    let single = decision.candidate(decision.reference)
    self.single =
      try single.flatMap { (candidate) throws(EnsembleError) in
        candidate.id == deployed.id ? nil : try Self.scores(candidate, test, unlike)
      }
    let combined = try deployed.combination.combine(
      Predictions.of(deployed.members, in: unlike), name: deployed.id)
    let answers = deployed.answerLimits
    answered = answers?.abstention.map { AbstentionReport(of: $0, on: combined).coverage }
    meanSetSize =
      try answers.map { (answers) throws(EnsembleError) in
        try ConformalReport(of: answers.sets, on: combined).meanSize
      }
  }

  private static func scores(
    _ candidate: Candidate, _ test: [Predictions], _ unlike: [Predictions]
  ) throws(EnsembleError) -> [Score] {
    let known = try NoveltyScores(
      of: Predictions.of(candidate.members, in: test), combinedBy: candidate.combination)
    let others = try NoveltyScores(
      of: Predictions.of(candidate.members, in: unlike), combinedBy: candidate.combination)
    return NoveltyScore.allCases.compactMap { score in
      guard let known = known.values[score], let unlike = others.values[score] else { return nil }
      return Score(score: score, detection: NoveltyDetection(known: known, unlike: unlike))
    }
  }
}
