import Dispatch

extension Cascade {
  /// Searches for the members of a cascade, their order and their thresholds.
  ///
  /// Begins with each member alone, and puts each further member at each place of the best cascades so far; thresholds are
  /// found anew for each. Of all sizes and all measures of confidence the best is taken, of equals the one with fewer
  /// stages.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by all K candidates; never those of a test set.
  ///   - maximumStages: The most stages, at least 1.
  ///   - rule: How the members so far are combined.
  ///   - confidences: What may tell how sure a prediction is; at least one.
  ///   - goal: What is wanted on the hold-out.
  ///   - beamWidth: How many of the best cascades of one size are extended; at least 1.
  /// - Throws: `EnsembleError.unreachableGoal` where no cascade does it; others where there are no members, or where they
  ///   predict different data or share a name.
  public static func search(
    _ holdOut: [Predictions], maximumStages: Int = 3, rule: CombinationRule = .geometricMean,
    confidences: [CascadeConfidence] = [.maximumProbability], goal: Goal, beamWidth: Int = 6
  ) throws(EnsembleError) -> Cascade {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    try goal.check()
    for (name, value) in [
      ("the number of stages", maximumStages), ("the width of the beam", beamWidth),
      ("the number of confidences", confidences.count),
    ] where value < 1 {
      throw .invalidArgument(name: name, value: "\(value)", expected: "at least 1")
    }
    var best: BeamSearch.Candidate?
    var chosen = confidences[0]
    for confidence in confidences {
      let beam = BeamSearch(
        members: holdOut, rule: rule, confidence: confidence, goal: goal, width: beamWidth)
      guard let found = beam.best(maximumStages: maximumStages) else { continue }
      if let best, !found.search.isBetter(found.plan, best.plan) { continue }
      best = found
      chosen = confidence
    }
    guard let best else {
      throw .unreachableGoal(goal.description, members: holdOut.map(\.name))
    }
    return Cascade(
      best.sequence.map { holdOut[$0] }, best.search, best.plan, rule: rule, confidence: chosen)
  }
}

/// A search over sequences of members.
private struct BeamSearch {
  struct Candidate: Sendable {
    let sequence: [Int]
    let search: ThresholdSearch
    let plan: ThresholdSearch.Plan
    /// Whether the plan meets the goal; else it is that of the highest accuracy, for others to build on.
    let meetsGoal: Bool
  }

  let members: [Predictions]
  let rule: CombinationRule
  let confidence: CascadeConfidence
  let goal: Cascade.Goal
  let width: Int

  func best(maximumStages: Int) -> Candidate? {
    var known: [[Int]: StageStatistics] = [:]
    var beam: [Candidate] = []
    var best: Candidate?
    for count in 1...min(maximumStages, members.count) {
      let sequences = count == 1 ? members.indices.map { [$0] } : extensions(of: beam)
      learn(sequences, &known)
      let found = evaluate(sequences, known)
      for candidate in found where candidate.meetsGoal {
        if best.map({ candidate.search.isBetter(candidate.plan, $0.plan) }) ?? true {
          best = candidate
        }
      }
      beam = Array(found.sorted(by: isBetter).prefix(width))
    }
    return best
  }

  /// Each other member at each place of each sequence, each once.
  private func extensions(of beam: [Candidate]) -> [[Int]] {
    var known: Set<[Int]> = []
    var result: [[Int]] = []
    for candidate in beam {
      for member in members.indices where !candidate.sequence.contains(member) {
        for place in 0...candidate.sequence.count {
          var sequence = candidate.sequence
          sequence.insert(member, at: place)
          if known.insert(sequence).inserted { result.append(sequence) }
        }
      }
    }
    return result
  }

  /// Combines each set of members that some sequence begins with, once for all orders.
  private func learn(_ sequences: [[Int]], _ known: inout [[Int]: StageStatistics]) {
    for sequence in sequences {
      for count in sequence.indices.map({ $0 + 1 }) {
        let set = sequence.prefix(count).sorted()
        guard known[set] == nil else { continue }
        known[set] =
          StageStatistics.of(
            set.map { members[$0] }, rule: rule, measure: confidence, firstStage: count)[0]
      }
    }
  }

  private func evaluate(
    _ sequences: [[Int]], _ known: [[Int]: StageStatistics]
  ) -> [Candidate] {
    var results = [Candidate?](repeating: nil, count: sequences.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes the one element of its index, and the buffer outlives the call.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: sequences.count) { index in
        slots[index] = candidate(sequences[index], known)
      }
    }
    return results.compactMap { $0 }
  }

  private func candidate(_ sequence: [Int], _ known: [[Int]: StageStatistics]) -> Candidate? {
    let stages = sequence.indices.compactMap { known[sequence.prefix($0 + 1).sorted()] }
    let costs = sequence.map { Double(members[$0].multiplyAccumulates) }
    let images = members[0].count
    let search = ThresholdSearch(
      stages: stages, costs: costs, goal: goal.total(images: images))
    if let plan = search.best() {
      return Candidate(sequence: sequence, search: search, plan: plan, meetsGoal: true)
    }
    // A cascade without early stops may still be the beginning of one that meets the goal.
    let whole = stages[stages.count - 1].isRight.count { $0 }
    let plan = ThresholdSearch.Plan(
      thresholds: Array(repeating: nil, count: stages.count - 1), hits: whole,
      cost: costs.reduce(0, +) * Double(images))
    return Candidate(sequence: sequence, search: search, plan: plan, meetsGoal: false)
  }

  private func isBetter(_ first: Candidate, _ second: Candidate) -> Bool {
    guard first.meetsGoal == second.meetsGoal else { return first.meetsGoal }
    if first.meetsGoal { return first.search.isBetter(first.plan, second.plan) }
    return (first.plan.hits, -first.plan.cost) > (second.plan.hits, -second.plan.cost)
  }
}
