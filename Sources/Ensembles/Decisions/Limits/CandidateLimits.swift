import Ensembles
import Predictions
import Statistics

/// What can be promised of a candidate's answers, and what comes of it on the test images.
public struct CandidateLimits: Codable, Sendable {
  /// Prediction sets of one score.
  public struct Sets: Codable, Sendable {
    /// What says how ill a class fits.
    public let score: ConformalScore
    /// Whether the promise is of each class apart.
    public let isByClass: Bool
    /// How many of the groups have a threshold.
    public let boundedGroups: Int
    /// How many groups there are: one, or one a class.
    public let groups: Int
    /// What may come of it on many images, in 95 of 100 calibrations with as many images; nil by class, and without a threshold.
    public let expectedCoverage: ConfidenceInterval?
    /// On the test images.
    public let test: ConformalReport
    /// On the shifted images, where there are some and nothing is promised.
    public let shifted: ConformalReport?
  }

  /// How sure answers are, and which are given.
  public struct Abstention: Codable, Sendable {
    /// On the test images.
    public let curve: RiskCoverageCurve
    /// What can be promised for the error that was asked for.
    public let promise: AbstentionPromise
    /// What comes of it on the test images; nil without a rule.
    public let test: AbstentionReport?
    /// What comes of it on the shifted images, where there are some and nothing is promised; nil without a rule.
    public let shifted: AbstentionReport?
    /// What can be promised for other errors, each for itself.
    public let others: [AbstentionPromise]
    /// The greatest error for given shares of answers, each for itself.
    public let bounds: [RiskBound]
  }

  /// The candidate's id.
  public let id: String
  /// Of each score, and by class where there are images enough; the deployed ones first.
  public let sets: [Sets]
  /// Why there are no sets by class, in one sentence; nil where there are.
  public let byClassRefusal: String?
  /// How sure answers are.
  public let abstention: Abstention

  /// The errors that are asked for beside.
  static let otherErrors = [0.005, 0.01, 0.02, 0.05, 0.1]
  /// The shares of answers whose error is bounded.
  static let shares = [1, 0.95, 0.9, 0.8, 0.7, 0.5]

  /// - Parameters:
  ///   - calibration: The candidate's predictions as deployed, of the images that calibrate.
  ///   - answers: What these gave.
  ///   - test: The same candidate's predictions of the test images.
  ///   - shifted: Of the shifted ones.
  init(
    id: String, calibration: Predictions, answers: AnswerLimits, test: Predictions,
    shifted: Predictions?, options: AnswerLimits.Options
  ) throws(EnsembleError) {
    self.id = id
    byClassRefusal = Self.byClassRefusal(calibration, missRate: options.missRate)
    var sets = [try Sets(answers.sets, test, shifted, keepsClasses: true)]
    for score in [options.score] + ConformalScore.Kind.allCases.map({ ConformalScore($0) }) {
      for isByClass in byClassRefusal == nil ? [false, true] : [false] {
        guard !sets.contains(where: { $0.score.kind == score.kind && $0.isByClass == isByClass })
        else { continue }
        let predictor = try ConformalPredictor(
          calibratedOn: calibration, score: score, missRate: options.missRate,
          groupOfClass: isByClass ? Array(0..<calibration.classes) : nil)
        sets.append(try Sets(predictor, test, shifted, keepsClasses: false))
      }
    }
    self.sets = sets
    abstention = try Abstention(calibration, test, shifted, options)
  }

  private static func byClassRefusal(_ calibration: Predictions, missRate: Double) -> String? {
    let scarce = ConformalPredictor.scarceClasses(in: calibration, missRate: missRate)
    guard !scarce.isEmpty else { return nil }
    let counts = calibration.labelCounts
    return
      "Sets by class need \(ConformalQuantile.countNeeded(missRate: missRate)) images of each class: "
      + "\(scarce.count) of \(counts.count) \(scarce.count == 1 ? "has" : "have") fewer, "
      + "the least \(counts.min() ?? 0)."
  }
}

extension CandidateLimits.Sets {
  fileprivate init(
    _ predictor: ConformalPredictor, _ test: Predictions, _ shifted: Predictions?,
    keepsClasses: Bool
  ) throws(EnsembleError) {
    score = predictor.score
    isByClass = predictor.groupOfClass != nil
    groups = predictor.groups.count
    boundedGroups = groups - predictor.unboundedGroups
    expectedCoverage =
      isByClass
      ? nil : ConformalQuantile.spread(count: predictor.images, missRate: predictor.missRate)
    let report = try ConformalReport(of: predictor, on: test)
    self.test = keepsClasses ? report : report.withoutClasses
    self.shifted = try shifted.map { (images) throws(EnsembleError) in
      try ConformalReport(of: predictor, on: images).withoutClasses
    }
  }
}

extension CandidateLimits.Abstention {
  fileprivate init(
    _ calibration: Predictions, _ test: Predictions, _ shifted: Predictions?,
    _ options: AnswerLimits.Options
  ) throws(EnsembleError) {
    curve = RiskCoverageCurve(of: test)
    let ranked = RankedAnswers(of: calibration)
    let promise = try AbstentionPromise(
      ranked, error: options.error, confidence: options.confidence)
    self.promise = promise
    self.test = promise.rule.map { AbstentionReport(of: $0, on: test) }
    self.shifted = shifted.flatMap { images in
      promise.rule.map { AbstentionReport(of: $0, on: images) }
    }
    var others: [AbstentionPromise] = []
    for error in CandidateLimits.otherErrors where error != options.error {
      others.append(
        try AbstentionPromise(ranked, error: error, confidence: options.confidence))
    }
    self.others = others
    var bounds: [RiskBound] = []
    for share in CandidateLimits.shares {
      bounds.append(try RiskBound(ranked, coverage: share, confidence: options.confidence))
    }
    self.bounds = bounds
  }
}
