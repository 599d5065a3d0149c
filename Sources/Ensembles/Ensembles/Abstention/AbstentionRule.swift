import Formatting
import Predictions
import Statistics

/// When no answer is given because it is not sure enough, with a promise of how many of the answers that are given are wrong.
///
/// The promise: with the probability `confidence`, over the draw of the calibration images, the answers that are given are wrong
/// for at most the share `error` of images like these (drawn independently from where the calibration images came from). It
/// holds only where nothing about the predictions was chosen on the calibration images.
public struct AbstentionRule: Codable, Hashable, Sendable {
  /// An answer is given where the probability of the predicted class is above this; 0 where all are given.
  public let threshold: Double
  /// The share of the given answers that may be wrong, above 0 and below 1.
  public let error: Double
  /// The probability of a calibration whose promise is kept, at least 0.5 and below 1.
  public let confidence: Double
  /// How many calibration images.
  public let images: Int
  /// How many of them are answered.
  public let answered: Int
  /// How many of these are wrong.
  public let wrong: Int
  /// How many thresholds could have been taken: the promise is of all of them together.
  public let levels: Int

  /// The share of the calibration images that is answered.
  public var coverage: MeasuredShare { MeasuredShare(ofHits: answered, count: images) }

  /// Whether an answer is given whose class has this probability.
  public func answers(_ probability: Double) -> Bool { probability > threshold }

  /// Whether an answer is given whose class has this log-probability, as it is kept of predictions.
  package func answers(logProbability: Float) -> Bool {
    answers(min(1, exponential(Double(logProbability))))
  }

  /// The shares of the images of which it is asked whether their answers can be promised: the 20 steps from a twentieth to all.
  static let coverageSteps = 20

  /// What is wrong with it, if something is.
  package var fault: String? {
    guard threshold >= 0, threshold < 1 else { return "its threshold is not in 0..<1" }
    if let fault = Self.fault(error: error, confidence: confidence) { return fault }
    guard images > 0, (0...images).contains(answered), (0...answered).contains(wrong),
      (1...Self.coverageSteps).contains(levels)
    else { return "its counts are not those of some images" }
    let chance = BinomialBounds.probability(ofAtMost: wrong, of: answered, share: error)
    return chance <= (1 - confidence) / Double(levels) * (1 + 1e-6)
      ? nil : "its counts do not show what it promises"
  }

  static func check(error: Double, confidence: Double) throws(EnsembleError) {
    guard let fault = fault(error: error, confidence: confidence) else { return }
    throw .invalidArgument(
      name: "the promise of abstention", value: "such that \(fault)",
      expected: "one in these ranges")
  }

  private static func fault(error: Double, confidence: Double) -> String? {
    guard error >= 1e-6, error <= 1 - 1e-6 else { return "its error is not in 1e-6...1 - 1e-6" }
    return confidence >= 0.5 && confidence <= 1 - 1e-9
      ? nil : "its confidence is not at least 0.5 and below 1"
  }
}

/// What can be promised of the answers' error: a rule, or how many images are missing for one.
public struct AbstentionPromise: Codable, Hashable, Sendable {
  /// The share of the given answers that may be wrong.
  public let error: Double
  /// The probability that the promise is kept, over the draw of the calibration images.
  public let confidence: Double
  /// How many calibration images.
  public let images: Int
  /// The rule that answers most images; nil where none can be promised.
  public let rule: AbstentionRule?
  /// The fewest images that can show so small an error: as many right answers, and no wrong one.
  public let imagesNeeded: Int

  /// Why there is no rule, in one sentence; nil where there is one.
  public var refusal: String? {
    guard rule == nil else { return nil }
    return images < imagesNeeded
      ? "cannot be promised with \(images.counted("image")): it takes at least \(imagesNeeded.grouped), all of them right"
      : "cannot be promised: also among the surest of the \(images.counted("image")) there are too many wrong answers"
  }

  /// Finds the rule that answers most.
  ///
  /// Of each of 20 shares of the images, the surest, it is tested whether their error is greater than `error`: the number of
  /// wrong answers among the images above a threshold that is itself the confidence of the next image of that rank is binomial,
  /// whatever the rank. The tests share the risk equally (Bonferroni); shares that are too small to show anything, whatever
  /// their answers, are not tested and cost nothing. Nothing is assumed of how the error grows with the share.
  ///
  /// - Parameters:
  ///   - predictions: Of the deployed model, ensemble or cascade, as it answers, of images on which nothing was chosen.
  ///   - error: The share of the given answers that may be wrong, above 0 and below 1.
  ///   - confidence: At least 0.5 and below 1.
  /// - Throws: `EnsembleError.invalidArgument` for one out of range.
  ///
  /// Source: after arXiv:1705.08500 (SGR) and arXiv:2110.01052 (Learn then Test).
  public init(
    calibratedOn predictions: Predictions, error: Double, confidence: Double = 0.95
  ) throws(EnsembleError) {
    try self.init(RankedAnswers(of: predictions), error: error, confidence: confidence)
  }

  /// - Parameters:
  ///   - confidences: `[N]`, at least one, above 0; none is NaN.
  ///   - isRight: `[N]`.
  public init(
    confidences: [Double], isRight: [Bool], error: Double, confidence: Double
  ) throws(EnsembleError) {
    try self.init(RankedAnswers(confidences, isRight), error: error, confidence: confidence)
  }

  package init(
    _ ranked: RankedAnswers, error: Double, confidence: Double
  ) throws(EnsembleError) {
    try AbstentionRule.check(error: error, confidence: confidence)
    self.error = error
    self.confidence = confidence
    images = ranked.count
    imagesNeeded = BinomialBounds.countNeeded(toShow: error, confidence: confidence)
    let ranks = Self.ranks(images: images, error: error, confidence: confidence)
    let risk = (1 - confidence) / Double(max(1, ranks.count))
    let kept = ranks.map(ranked.above).filter {
      BinomialBounds.probability(ofAtMost: $0.wrong, of: $0.answered, share: error) <= risk
    }
    let count = images
    rule = kept.max { $0.answered < $1.answered }.map {
      AbstentionRule(
        threshold: $0.threshold, error: error, confidence: confidence, images: count,
        answered: $0.answered, wrong: $0.wrong, levels: ranks.count)
    }
  }

  /// How many images are answered at each share that could show the error, the fewest first: known before any answer.
  private static func ranks(images: Int, error: Double, confidence: Double) -> [Int] {
    let steps = AbstentionRule.coverageSteps
    let all = (1...steps).map { (images * $0 + steps - 1) / steps }
    // The more are tested, the more images each needs.
    for count in stride(from: steps, to: 0, by: -1) {
      let needed = BinomialBounds.countNeeded(
        toShow: error, confidence: 1 - (1 - confidence) / Double(count))
      if all[steps - count] >= needed { return Array(all.suffix(count)) }
    }
    return []
  }
}

/// What can be promised of the answers' error where a share of the images is answered.
public struct RiskBound: Codable, Hashable, Sendable {
  /// An answer is given where the probability of the predicted class is above this; 0 where all are given.
  public let threshold: Double
  /// How many calibration images.
  public let images: Int
  /// How many of them are answered: no more than were asked for, fewer where several are as sure as each other.
  public let answered: Int
  /// How many of these are wrong.
  public let wrong: Int
  /// At most this share of the given answers is wrong, with the confidence that was asked for; 1 where nothing is answered.
  public let greatestError: Double

  /// Bounds the error of one share, which must be chosen beforehand: bounds of several hold each for itself.
  ///
  /// - Parameters:
  ///   - predictions: As for `AbstentionPromise`.
  ///   - coverage: The share of the images to answer, in `0...1`.
  ///   - confidence: At least 0.5 and below 1.
  /// - Throws: `EnsembleError.invalidArgument` for one out of range.
  public init(
    calibratedOn predictions: Predictions, coverage: Double, confidence: Double = 0.95
  ) throws(EnsembleError) {
    try self.init(RankedAnswers(of: predictions), coverage: coverage, confidence: confidence)
  }

  /// - Parameters:
  ///   - confidences: `[N]`, at least one, above 0; none is NaN.
  ///   - isRight: `[N]`.
  public init(
    confidences: [Double], isRight: [Bool], coverage: Double, confidence: Double
  ) throws(EnsembleError) {
    try self.init(RankedAnswers(confidences, isRight), coverage: coverage, confidence: confidence)
  }

  package init(
    _ ranked: RankedAnswers, coverage: Double, confidence: Double
  ) throws(EnsembleError) {
    guard (0...1).contains(coverage) else {
      throw .invalidArgument(
        name: "the share to answer", value: "\(coverage)", expected: "a number in 0...1")
    }
    try AbstentionRule.check(error: 0.5, confidence: confidence)
    images = ranked.count
    // A hair less, so that a whole number of images does not become the next.
    let rank = Int((coverage * Double(images) - 1e-9).rounded(.up))
    let found = ranked.above(max(0, rank))
    (threshold, answered, wrong) = (found.threshold, found.answered, found.wrong)
    greatestError = BinomialBounds.upper(
      hits: wrong, count: answered, confidence: confidence)
  }
}
