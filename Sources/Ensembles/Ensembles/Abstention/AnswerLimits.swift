import Predictions

/// What is promised of a deployed ensemble's answers: sets of classes that hold the right one, and answers that are left out
/// because they are not sure enough.
///
/// Both are promised of images that are drawn as the calibration images were, and only where nothing about the ensemble was
/// chosen on these. They are of the whole ensemble: one that has lost a member keeps neither.
public struct AnswerLimits: Codable, Hashable, Sendable {
  /// What is to be promised.
  public struct Options: Codable, Hashable, Sendable {
    /// What says how ill a class fits: of the sets that are deployed.
    public var score = ConformalScore(.leastAmbiguous)
    /// The share of the images that may be of a class outside their set: above 0 and below 1.
    public var missRate = 0.1
    /// Whether the sets that are deployed keep their promise for each class apart. Where a class has too few images, they keep
    /// it for all together, as they do without.
    public var isByClass = false
    /// The share of the given answers that may be wrong: above 0 and below 1.
    public var error = 0.01
    /// The probability, over the draw of the calibration images, that no more answers are wrong: at least 0.5 and below 1.
    public var confidence = 0.95
    /// How many images of the hold-out a decision keeps apart from all that is chosen, so that it can promise what they calibrate;
    /// nil for a fifth of a hold-out of 2,000 images or more, at most 2,000, and none of a smaller one; 0 for none.
    public var keptImages: Int?

    /// The defaults: sets with nine of ten classes, and one wrong answer in a hundred.
    public init() {}

    /// Checks them.
    ///
    /// - Throws: `EnsembleError.invalidArgument` for one out of range.
    package func check() throws(EnsembleError) {
      try ConformalPredictor.check(score, missRate)
      try AbstentionRule.check(error: error, confidence: confidence)
      if let keptImages, keptImages < 0 {
        throw .invalidArgument(
          name: "the number of images that are kept", value: "\(keptImages)",
          expected: "at least 0")
      }
    }
  }

  /// Which images calibrated: of the images and labels, in order.
  public let calibration: DataIdentity
  /// Whether nothing about the ensemble was chosen on them. Where something was, what is said is an estimate and no promise.
  public let isPromised: Bool
  /// The sets.
  public let sets: ConformalPredictor
  /// When no answer is given; nil where none can be promised.
  public let abstention: AbstentionRule?

  /// Creates limits; `fault(classes:)` says what is wrong with them.
  public init(
    calibration: DataIdentity, isPromised: Bool, sets: ConformalPredictor,
    abstention: AbstentionRule?
  ) {
    self.calibration = calibration
    self.isPromised = isPromised
    self.sets = sets
    self.abstention = abstention
  }

  /// Calibrates both.
  ///
  /// - Parameters:
  ///   - predictions: Of the ensemble as it is deployed and answers, of images that are like those it will see.
  ///   - isPromised: Whether nothing about it (its members, weights, thresholds, temperatures) was chosen on these images.
  ///   - options: What is to be promised.
  /// - Throws: `EnsembleError.invalidArgument` for options out of range.
  public init(
    calibratedOn predictions: Predictions, isPromised: Bool, options: Options = Options()
  ) throws(EnsembleError) {
    try options.check()
    let isByClass =
      options.isByClass
      && ConformalPredictor.scarceClasses(
        in: predictions, missRate: options.missRate
      ).isEmpty
    self.init(
      calibration: predictions.identity, isPromised: isPromised,
      sets: try ConformalPredictor(
        calibratedOn: predictions, score: options.score, missRate: options.missRate,
        groupOfClass: isByClass ? Array(0..<predictions.classes) : nil),
      abstention: try AbstentionPromise(
        calibratedOn: predictions, error: options.error, confidence: options.confidence
      ).rule)
  }

  /// How many images calibrated.
  public var images: Int { sets.images }

  /// What is wrong with them for so many classes; nil where nothing is.
  package func fault(classes: Int) -> String? {
    if let fault = sets.fault(classes: classes) { return fault }
    guard images > 0 else { return "no image calibrated it" }
    guard let abstention else { return nil }
    if let fault = abstention.fault { return fault }
    return abstention.images == images ? nil : "its sets and its threshold are of other images"
  }
}
