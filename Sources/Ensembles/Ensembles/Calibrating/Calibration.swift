import Predictions

/// How a combination's probabilities are calibrated on the hold-out: not at all, by temperatures, or by a map of the classes.
public struct Calibration: Codable, Hashable, Sendable {
  /// Where temperatures act.
  public enum TemperaturePlace: String, Codable, CaseIterable, Sendable {
    /// On the combined predictions.
    case afterCombining
    /// On each member's predictions.
    case beforeCombining
  }

  /// As given, calibrated as was chosen.
  public let combination: Combination
  /// What was compared, and chosen.
  public let comparison: CalibrationComparison
  /// Of the combined predictions; nil where a member's hold-out is `roundedToZero`, and what is made of it says as little.
  public let temperature: Temperature?
  /// Of each member, fitted to it alone; none in cascades and votes, with weights, and alone.
  public let memberTemperatures: [Temperature]
  /// The hold-out's mean negative log-likelihood, in nats, of all images and without folds: without temperatures, with one
  /// after combining, and with the members'.
  public let losses: [String: Double]
  /// Which images all was fitted on.
  public let validation: DataIdentity

  private enum CodingKeys: String, CodingKey {
    case combination, comparison, temperature, memberTemperatures, losses
    case validation = "chosenOn"
  }

  /// Where temperatures act, if they do.
  public var place: TemperaturePlace? {
    switch comparison.chosen {
    case .temperature: .afterCombining
    case .memberTemperatures: .beforeCombining
    default: nil
    }
  }

  /// Fits all methods and chooses among them.
  ///
  /// Temperatures are fitted to all images, a map to those that methods are compared on: of a large hold-out a sample.
  ///
  /// - Parameters:
  ///   - combination: How the members become one, without temperatures and calibration.
  ///   - holdOut: Hold-out predictions by the members, in order; never those of a test set.
  ///   - different: How many of the hold-out's images are different; nil for all. So many count where a method needs some.
  ///   - keepsAnswers: Whether only what leaves every image its predicted class is tried.
  ///   - seed: Of the folds.
  /// - Throws: `EnsembleError` where there are no members, where they predict different data or share a name, or where the
  ///   combination does not fit them.
  public init(
    of combination: Combination, holdOut: [Predictions], different: Int? = nil,
    keepsAnswers: Bool = false, seed: UInt64 = 0
  ) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    validation = holdOut[0].identity
    let combined = try combination.combine(holdOut, name: "ensemble")
    temperature = try Temperature.fitted(to: combined, of: holdOut)
    let isPlain = combination == Combination(rule: combination.rule)
    let isEachFitted =
      temperature != nil && isPlain && combination.rule != .majorityVote && holdOut.count > 1
    let data = CalibrationData(
      combined: combined, members: isEachFitted ? holdOut : [], rule: combination.rule)
    var temperatures: [Temperature] = []
    for member in data.members { temperatures.append(try Temperature(fittedTo: member)) }
    memberTemperatures = temperatures
    losses = try Self.losses(data, temperature, temperatures)
    let sample = try CalibrationComparison.sample(of: data, seed: seed)
    let gap = temperature == nil ? Temperature.Gap.roundedToZero : temperature?.gap
    let fitted: FittedCalibration
    (comparison, fitted) = try CalibrationComparison.compare(
      sample, different: different, refusal: gap?.reason, keepsAnswers: keepsAnswers, seed: seed)
    switch comparison.chosen {
    case .temperature: self.combination = Self.heated(combination, temperature)
    case .memberTemperatures:
      self.combination = FittedCalibration.memberTemperatures(temperatures.map(\.value))
        .calibrating(combination)
    default: self.combination = fitted.calibrating(combination)
    }
  }

  private static func heated(
    _ combination: Combination, _ temperature: Temperature?
  ) -> Combination {
    temperature.map { FittedCalibration.temperature($0.value).calibrating(combination) }
      ?? combination
  }

  private static func losses(
    _ data: CalibrationData, _ temperature: Temperature?, _ members: [Temperature]
  ) throws(EnsembleError) -> [String: Double] {
    guard let temperature else {
      return ["without": try Metrics(of: [data.combined]).negativeLogLikelihood]
    }
    var losses = ["without": temperature.before, "afterCombining": temperature.after]
    if !members.isEmpty {
      let scaled = try FittedCalibration.memberTemperatures(members.map(\.value)).apply(to: data)
      losses["beforeCombining"] = try Metrics(of: [scaled]).negativeLogLikelihood
    }
    return losses
  }
}
