import Predictions

/// How members' predictions become one: all that an ensemble or a cascade needs beside its members.
public struct Combination: Codable, Hashable, Sendable {
  /// How the members' distributions become one.
  public var rule: CombinationRule
  /// Of each member, at least 0 and 1 in all; nil where all count alike. They go with the geometric mean only.
  public var weights: [Double]?
  /// By which each member's log-probabilities are divided before they are combined; nil for none.
  public var memberTemperatures: [Double]?
  /// When members stop that run one after another; nil where all run on every image.
  public var cascade: CascadeStops?
  /// By which the combined log-probabilities are divided; nil for none. Whether a cascade stops is decided before.
  public var temperature: Double?
  /// What calibrates the combined predictions in place of a temperature; nil for none. Whether a cascade stops is decided
  /// before.
  public var calibration: CalibrationMap?

  /// Creates a combination; `fault(memberCount:)` says what is wrong with it.
  public init(
    rule: CombinationRule = .geometricMean, weights: [Double]? = nil,
    memberTemperatures: [Double]? = nil, cascade: CascadeStops? = nil, temperature: Double? = nil,
    calibration: CalibrationMap? = nil
  ) {
    self.rule = rule
    self.weights = weights
    self.memberTemperatures = memberTemperatures
    self.cascade = cascade
    self.temperature = temperature
    self.calibration = calibration
  }

  /// What is wrong with it for so many members, such as "it has 2 weights for 3 members"; nil where nothing is.
  public func fault(memberCount: Int) -> String? {
    if let weights {
      guard rule == .geometricMean, cascade == nil else {
        return "weights go with the geometric mean of all members only"
      }
      guard weights.count == memberCount else {
        return "it has \(weights.count) weights for \(memberCount) members"
      }
      guard weights.allSatisfy({ $0 >= 0 && $0 <= 1 }), abs(weights.reduce(0, +) - 1) <= 1e-6 else {
        return "its weights are not of 0 to 1, and 1 in all"
      }
    }
    if let memberTemperatures, memberTemperatures.count != memberCount {
      return "it has \(memberTemperatures.count) temperatures for \(memberCount) members"
    }
    let temperatures = (memberTemperatures ?? []) + (temperature.map { [$0] } ?? [])
    guard temperatures.allSatisfy(Temperature.range.contains) else {
      return "a temperature is not in \(Temperature.range)"
    }
    if let calibration {
      guard temperature == nil else { return "it has a temperature and a calibration beside it" }
      if let fault = calibration.fault() { return fault }
    }
    guard let cascade, cascade.confidenceThresholds.count != memberCount - 1 else {
      return cascade?.fault
    }
    return "its cascade has \(cascade.confidenceThresholds.count) thresholds for \(memberCount) "
      + "members, not one for each but the last"
  }

  /// Combines predictions of the members, in order.
  ///
  /// What is made costs the sum of the members, or what the cascade costs on these images on average. Its predicted classes
  /// are those of the rule, also where classes have as many votes: those that the vote does not rank first get a hair less.
  ///
  /// - Throws: `EnsembleError.invalidArgument` where it does not fit as many members; others where they predict different data.
  public func combine(_ members: [Predictions], name: String) throws(EnsembleError) -> Predictions {
    try Predictions.checkSameData(members)
    try check(members)
    return try combine(members, exits: exits(members), name: name)
  }

  /// As `combine(_:name:)`, for members that fit.
  ///
  /// - Parameter exits: `[N]`: after which member each image stops.
  package func combine(
    _ members: [Predictions], exits: [Int], name: String
  ) throws(EnsembleError) -> Predictions {
    let scaled = try scale(members)
    let combined =
      cascade == nil
      ? try combineAll(scaled, name: name)
      : try combineStages(scaled, exits: exits, name: name)
    return try calibrate(combined)
  }

  /// What was combined, with the temperature or the calibration of the whole.
  package func calibrate(_ combined: Predictions) throws(EnsembleError) -> Predictions {
    if let calibration { return try calibration.apply(to: combined) }
    guard let temperature else { return combined }
    // Rounding may make two classes equal: a temperature is no reason to predict another one.
    return try Temperature.scaled(combined, by: temperature)
      .preferring(combined.predictedClasses())
  }

  /// What the combined predictions are worth; votes are ranked as `CombinationRule.majorityVote` has it.
  ///
  /// - Throws: As `combine` does.
  public func metrics(of members: [Predictions]) throws(EnsembleError) -> Metrics {
    guard rule == .majorityVote, cascade == nil, temperature == nil, calibration == nil
    else {
      return try Metrics(of: [combine(members, name: "ensemble")])
    }
    try check(members)
    return try Metrics(of: scale(members), rule: rule)
  }

  /// What the combined predictions are worth, and `[N]` whether each image is right, without keeping the predictions where that
  /// is possible.
  ///
  /// - Parameter exits: `[N]`: after which member each image stops; nil where it is not a cascade.
  package func evaluate(
    _ members: [Predictions], exits: [Int]? = nil
  ) throws(EnsembleError) -> (metrics: Metrics, isRight: [Bool]) {
    if let rows = try rows(members, exits: exits) { return rows.evaluate() }
    let stops = if let exits { exits } else { try self.exits(members) }
    let combined = try combine(members, exits: stops, name: "combined")
    let isRight = zip(combined.predictedClasses(), combined.labels).map { $0 == Int($1) }
    return (try Metrics(of: [combined]), isRight)
  }

  /// `[N]`: whether each image is right, as `evaluate` has it, in less time; the arguments are the same.
  package func rightImages(
    _ members: [Predictions], exits: [Int]? = nil
  ) throws(EnsembleError) -> [Bool] {
    if let rows = try rows(members, exits: exits) { return rows.rightImages() }
    return try evaluate(members, exits: exits).isRight
  }

  /// What makes the rows one by one; nil where predictions are scaled or votes.
  private func rows(
    _ members: [Predictions], exits: [Int]?
  ) throws(EnsembleError) -> CombinedRows? {
    try Predictions.checkSameData(members)
    try check(members)
    guard rule.takesLogarithms, memberTemperatures == nil, temperature == nil, calibration == nil
    else { return nil }
    var exits = cascade == nil ? nil : exits
    if cascade != nil, exits == nil { exits = try self.exits(members) }
    return CombinedRows(members: members, weights: weights, exits: exits)
  }

  package func check(_ members: [Predictions]) throws(EnsembleError) {
    let fault =
      fault(memberCount: members.count)
      ?? members.first.flatMap { calibration?.fault(classes: $0.classes) }
    guard let fault else { return }
    throw .invalidArgument(
      name: "the combination", value: "unfit for \(members.count) members (\(fault))",
      expected: "one made for them")
  }

  /// The members' predictions with their temperatures.
  package func scale(_ members: [Predictions]) throws(EnsembleError) -> [Predictions] {
    guard let memberTemperatures else { return members }
    var scaled: [Predictions] = []
    for (member, value) in zip(members, memberTemperatures) {
      scaled.append(try Temperature.scaled(member, by: value))
    }
    return scaled
  }

  private func combineAll(
    _ members: [Predictions], name: String
  ) throws(EnsembleError) -> Predictions {
    guard let weights else {
      return try Predictions(
        of: members, name: name, logProbabilities: rule.combineRanked(members))
    }
    return try Predictions(weighting: members, by: weights, name: name)
  }
}

extension Combination {
  /// Such as "geometric-mean, weighted, with temperatures".
  package var summary: String {
    let scales = memberTemperatures != nil || temperature != nil
    let parts = [
      rule.name, weights == nil ? nil : "weighted", scales ? "with temperatures" : nil,
      cascade == nil ? nil : "as a cascade",
      calibration.map { "calibrated by \($0.method.name)" },
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}
