/// After which member of a cascade an image stops.
public struct CascadeStops: Codable, Hashable, Sendable {
  /// What tells how sure a prediction is.
  public var confidence: CascadeConfidence
  /// After each member but the last: an image stops where the combined prediction of the members so far is at least as
  /// sure; none where every image goes on.
  public var confidenceThresholds: [Double?]

  /// Creates stops.
  public init(confidence: CascadeConfidence, confidenceThresholds: [Double?]) {
    self.confidence = confidence
    self.confidenceThresholds = confidenceThresholds
  }

  /// What is wrong with it, if something is.
  var fault: String? {
    confidenceThresholds.allSatisfy { $0?.isFinite ?? true }
      ? nil : "a threshold of its cascade is not finite"
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
  func exits(_ members: [Predictions]) throws(EnsembleError) -> [Int] {
    var exits = [Int](repeating: members.count - 1, count: members[0].count)
    guard cascade != nil else { return exits }
    for stage in (0..<members.count - 1).reversed() {
      let stops = try stops(after: Array(members[...stage]), isLast: false)
      for (image, stop) in stops.enumerated() where stop { exits[image] = stage }
    }
    return exits
  }

  /// Of each member, the share of the images that stop after it.
  func exitFractions(_ members: [Predictions]) throws(EnsembleError) -> [Double] {
    let exits = try exits(members)
    return members.indices.map { stage in
      Double(exits.count { $0 == stage }) / Double(exits.count)
    }
  }

  /// Takes for each image the combination of the members that it came to.
  ///
  /// - Parameter members: With their temperatures.
  func combineStages(
    _ members: [Predictions], name: String
  ) throws(EnsembleError) -> Predictions {
    var unscaled = self
    unscaled.memberTemperatures = nil
    let exits = try unscaled.exits(members)
    let first = members[0]
    var logProbabilities = [Float](repeating: 0, count: first.count * first.classes)
    var cost = 0.0
    var cumulated = 0.0
    for stage in members.indices {
      cumulated += Double(members[stage].multiplyAccumulates)
      let images = exits.indices.filter { exits[$0] == stage }
      guard !images.isEmpty else { continue }
      cost += cumulated * Double(images.count)
      var stopped: [Predictions] = []
      for member in members[...stage] { stopped.append(try member.selecting(images)) }
      let combined = rule.combine(stopped)
      for (place, image) in images.enumerated() {
        for c in 0..<first.classes {
          logProbabilities[image * first.classes + c] = combined[place * first.classes + c]
        }
      }
    }
    return try Predictions(
      of: members, name: name, logProbabilities: logProbabilities,
      multiplyAccumulates: max(1, Int((cost / Double(first.count)).rounded())))
  }
}
