import Predictions

/// After which member of a cascade an image stops.
public struct CascadeStops: Codable, Hashable, Sendable {
  /// What measures how sure a prediction is.
  public var confidence: CascadeConfidence
  /// After each member but the last: an image stops where the combined prediction of the members so far is at least as
  /// sure; none where every image goes on.
  public var confidenceThresholds: [Double?]

  /// Creates stops after each member but the last; what does not fit the members is refused where a `Combination` is used.
  public init(confidence: CascadeConfidence, confidenceThresholds: [Double?]) {
    self.confidence = confidence
    self.confidenceThresholds = confidenceThresholds
  }

  /// What is wrong with it, if something is.
  package var fault: String? {
    for threshold in confidenceThresholds.compactMap({ $0 }) {
      guard threshold.isFinite else { return "a threshold of its cascade is not finite" }
      guard confidence.range.contains(threshold) else {
        return "the threshold \(threshold) of its cascade is not \(confidence.rangeInWords)"
      }
    }
    return nil
  }
}

extension CascadeConfidence {
  /// What a threshold may be, with a hair for rounding.
  package var range: ClosedRange<Double> {
    switch self {
    case .maximumProbability, .margin, .agreement: -1e-9...1 + 1e-9
    case .entropy: -1e6...1e-9
    }
  }

  fileprivate var rangeInWords: String {
    switch self {
    case .maximumProbability: "a probability, in 0...1"
    case .margin: "a difference of probabilities, in 0...1"
    case .agreement: "a share of the members, in 0...1"
    case .entropy: "minus an entropy, at most 0"
    }
  }
}

extension Combination {
  /// Which images stop after the members so far; all do after the last one.
  ///
  /// - Parameters:
  ///   - members: Predictions by the first of the members, in order, of the images that have come so far.
  ///   - isLast: Whether these are all members.
  /// - Returns: `[N]`.
  /// - Throws: `EnsembleError` where they predict different data.
  public func stops(
    after members: [Predictions], isLast: Bool
  ) throws(EnsembleError) -> [Bool] {
    try Predictions.checkSameData(members)
    let images = members[0].count
    guard let cascade, !isLast else { return Array(repeating: isLast, count: images) }
    guard cascade.confidenceThresholds.indices.contains(members.count - 1),
      let threshold = cascade.confidenceThresholds[members.count - 1]
    else { return Array(repeating: false, count: images) }
    let scaled = try scale(members)
    let stage = StageStatistics.of(
      scaled, rule: rule, measure: cascade.confidence, firstStage: members.count)[0]
    return stage.confidence.map { $0 >= threshold }
  }

  /// `[N]`: after which member, from 0, each image stops.
  ///
  /// - Parameter members: All of them, which fit.
  package func exits(_ members: [Predictions]) throws(EnsembleError) -> [Int] {
    var exits = [Int](repeating: members.count - 1, count: members[0].count)
    guard let cascade, members.count > 1 else { return exits }
    let scaled = Array(try scale(members).dropLast())
    if rule.takesLogarithms, cascade.confidence == .maximumProbability {
      return CombinedRows(members: scaled).exits(cascade.confidenceThresholds)
    }
    let stages = StageStatistics.of(scaled, rule: rule, measure: cascade.confidence)
    for (place, stage) in stages.enumerated().reversed() {
      guard let threshold = cascade.confidenceThresholds[place] else { continue }
      for (image, confidence) in stage.confidence.enumerated() where confidence >= threshold {
        exits[image] = place
      }
    }
    return exits
  }

  /// Takes for each image the combination of the members that it came to.
  ///
  /// - Parameters:
  ///   - members: With their temperatures.
  ///   - exits: `[N]`: after which member each image stops.
  func combineStages(
    _ members: [Predictions], exits: [Int], name: String
  ) throws(EnsembleError) -> Predictions {
    var cost = 0.0
    var cumulated = 0.0
    let counts = exits.reduce(into: [Int](repeating: 0, count: members.count)) { $0[$1] += 1 }
    for (member, count) in zip(members, counts) {
      cumulated += Double(member.multiplyAccumulates)
      cost += cumulated * Double(count)
    }
    return try Predictions(
      of: members, name: name,
      logProbabilities: rule.takesLogarithms
        ? CombinedRows(members: members, exits: exits).all() : rows(of: members, exits: exits),
      multiplyAccumulates: max(1, Int((cost / Double(exits.count)).rounded())))
  }

  private func rows(of members: [Predictions], exits: [Int]) throws(EnsembleError) -> [Float] {
    let classes = members[0].classes
    var rows = [Float](repeating: 0, count: exits.count * classes)
    for stage in members.indices {
      let images = exits.indices.filter { exits[$0] == stage }
      guard !images.isEmpty else { continue }
      var stopped: [Predictions] = []
      for member in members[...stage] { stopped.append(try member.selecting(images)) }
      let combined = rule.combineRanked(stopped)
      for (place, image) in images.enumerated() {
        for c in 0..<classes { rows[image * classes + c] = combined[place * classes + c] }
      }
    }
    return rows
  }
}
