import Predictions

/// Temperatures of an ensemble: one for each member before they are combined, or one after.
public struct Calibration: Codable, Hashable, Sendable {
  /// Where temperatures act.
  public enum TemperaturePlace: String, Codable, CaseIterable, Sendable {
    /// On the combined predictions.
    case afterCombining
    /// On each member's predictions.
    case beforeCombining
  }

  /// The members' names.
  public let members: [String]
  /// How members are combined.
  public let rule: CombinationRule
  /// Of each member, fitted to it alone.
  public let memberTemperatures: [Temperature]
  /// Of the combined predictions.
  public let ensembleTemperature: Temperature
  /// The hold-out's mean negative log-likelihood without temperatures, in nats.
  public let uncalibrated: Double
  /// The hold-out's mean negative log-likelihood with the members' temperatures, in nats.
  public let before: Double
  /// The hold-out's mean negative log-likelihood with the ensemble's temperature, in nats.
  public let after: Double
  /// Which images the temperatures were fitted on.
  public let validation: DataIdentity

  private enum CodingKeys: String, CodingKey {
    case members, rule, memberTemperatures, ensembleTemperature, uncalibrated, before, after
    case validation = "chosenOn"
  }

  /// The place that is better on the hold-out; none where neither is better than no temperature.
  ///
  /// Calibrating each member can make the ensemble worse: an ensemble of calibrated members is too little sure.
  public var chosen: TemperaturePlace? {
    if after < uncalibrated, after <= before { return .afterCombining }
    return before < uncalibrated ? .beforeCombining : nil
  }

  /// Fits the temperatures.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by all members, never those of a test set.
  ///   - rule: How they are combined. A vote gives classes without a vote no probability: temperatures say little of it.
  /// - Throws: `EnsembleError` where there are no members, or where they predict different data or share a name.
  public init(
    fittedTo holdOut: [Predictions], rule: CombinationRule = .geometricMean
  ) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    members = holdOut.map(\.name)
    self.rule = rule
    validation = holdOut[0].identity
    var temperatures: [Temperature] = []
    var scaled: [Predictions] = []
    for member in holdOut {
      let temperature = try Temperature(fittedTo: member)
      temperatures.append(temperature)
      scaled.append(try temperature.scale(member))
    }
    memberTemperatures = temperatures
    let combined = try Predictions(combining: holdOut, rule: rule, name: Self.name)
    ensembleTemperature = try Temperature(fittedTo: combined)
    uncalibrated = ensembleTemperature.before
    after = ensembleTemperature.after
    before = try Metrics(of: [Predictions(combining: scaled, rule: rule, name: Self.name)])
      .negativeLogLikelihood
  }

  private static let name = "ensemble"

  /// Combines predictions of the members, perhaps of other data, with temperatures at `place`.
  ///
  /// - Throws: `EnsembleError` where a member is missing, or where they predict different data.
  public func combine(
    _ predictions: [Predictions], at place: TemperaturePlace?, name: String
  ) throws(EnsembleError) -> Predictions {
    var given = try Predictions.of(members, in: predictions)
    if place == .beforeCombining {
      for index in given.indices {
        given[index] = try memberTemperatures[index].scale(given[index])
      }
    }
    let combined = try Predictions(combining: given, rule: rule, name: name)
    return place == .afterCombining ? try ensembleTemperature.scale(combined) : combined
  }

  /// What temperatures do on a test set.
  public struct Report: Codable, Hashable, Sendable {
    /// Without temperatures.
    public let uncalibrated: ReliabilitySummary
    /// With the members' temperatures.
    public let before: ReliabilitySummary
    /// With the ensemble's temperature.
    public let after: ReliabilitySummary
    /// What the hold-out chose.
    public let chosen: TemperaturePlace?

    /// What the hold-out chose, on the test set.
    public var calibrated: ReliabilitySummary {
      switch chosen {
      case .afterCombining: after
      case .beforeCombining: before
      case nil: uncalibrated
      }
    }

    /// Whether the chosen temperatures make the likelihood of the test set worse.
    public var isWorse: Bool {
      calibrated.metrics.negativeLogLikelihood > uncalibrated.metrics.negativeLogLikelihood
    }

    /// One sentence on what the chosen temperatures do on the test set.
    public var finding: String {
      let numbers = [uncalibrated, calibrated].map(\.metrics.negativeLogLikelihood)
      guard let chosen else { return "No temperature was better than none on the hold-out." }
      let place = chosen == .afterCombining ? "after" : "before"
      return "Temperatures \(place) combining make the test set's negative log-likelihood "
        + "\(isWorse ? "worse" : "better"): \(numbers[0]) without, \(numbers[1]) with."
    }
  }

  /// Measures all three on a test set.
  ///
  /// - Throws: `EnsembleError.testDataUsedToChoose` where the temperatures were fitted on its images; others where a member is
  ///   missing, or where they predict different data.
  public func report(on test: [Predictions]) throws(EnsembleError) -> Report {
    try Predictions.checkUnseen(test, by: validation)
    let places: [TemperaturePlace?] = [nil, .beforeCombining, .afterCombining]
    var summaries: [ReliabilitySummary] = []
    for place in places {
      summaries.append(try ReliabilitySummary(of: combine(test, at: place, name: Self.name)))
    }
    return Report(
      uncalibrated: summaries[0], before: summaries[1], after: summaries[2], chosen: chosen)
  }
}
