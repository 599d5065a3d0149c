import Predictions

extension Cascade {
  /// Searches for the members of a cascade, their order and their thresholds.
  ///
  /// As `search(_:maximumStages:rule:confidences:goals:costs:beamWidth:)` does, for one goal.
  ///
  /// - Throws: `EnsembleError.unreachableGoal` where no cascade does it; others where there are no members, or where they
  ///   predict different data or share a name.
  public static func search(
    _ holdOut: [Predictions], maximumStages: Int = 3, rule: CombinationRule = .geometricMean,
    confidences: [CascadeConfidence] = [.maximumProbability], goal: Goal, beamWidth: Int = 6,
    fewestReaching: Int = 1
  ) throws(EnsembleError) -> Cascade {
    let found = try search(
      holdOut, maximumStages: maximumStages, rule: rule, confidences: confidences, goals: [goal],
      beamWidth: beamWidth, fewestReaching: fewestReaching)
    guard let cascade = found[0] else {
      throw .unreachableGoal(goal.description, members: holdOut.map(\.name))
    }
    return cascade
  }

  /// Searches for the members of a cascade, their order and their thresholds, for several goals.
  ///
  /// Begins with each member alone, and puts each further member at each place of the best cascades so far; thresholds are
  /// found anew for each. Of all sizes and all measures of confidence the best is taken, of equals the one with fewer
  /// stages. What members predict together is computed once for all goals, as far as it fits into 256 MiB.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by all K members to choose from; never those of a test set.
  ///   - maximumStages: The most stages, at least 1.
  ///   - rule: How the members so far are combined.
  ///   - confidences: What may measure how sure a prediction is; at least one.
  ///   - goals: What is wanted on the hold-out.
  ///   - costs: `[K]`: what each member costs for one image, such as milliseconds (default: multiply-accumulates).
  ///     Goals count cost in the same.
  ///   - beamWidth: How many of the best cascades of one size are extended; at least 1.
  ///   - fewestReaching: How many images come to each stage at least.
  /// - Returns: For each goal the best cascade; nil where none does it.
  /// - Throws: `EnsembleError` where there are no members, or where they predict different data or share a name.
  public static func search(
    _ holdOut: [Predictions], maximumStages: Int = 3, rule: CombinationRule = .geometricMean,
    confidences: [CascadeConfidence] = [.maximumProbability], goals: [Goal],
    costs: [Double]? = nil, beamWidth: Int = 6, fewestReaching: Int = 1
  ) throws(EnsembleError) -> [Cascade?] {
    for goal in goals { try goal.check() }
    let search = try CascadeSearch(
      holdOut, maximumStages: maximumStages, rule: rule, confidences: confidences,
      costs: costs ?? holdOut.map { Double($0.multiplyAccumulates) }, beamWidth: beamWidth,
      fewestReaching: fewestReaching)
    return search.run(goals, clock: SearchClock(SearchPace(), .cascades, limit: nil)).cascades
  }
}
