import Dispatch

extension Cascade {
  /// Searches for the members of a cascade, their order and their thresholds.
  ///
  /// As `search(_:maximumStages:rule:confidences:goals:costs:beamWidth:)` does, for one goal.
  ///
  /// - Throws: `EnsembleError.unreachableGoal` where no cascade does it; others where there are no members, or where they
  ///   predict different data or share a name.
  public static func search(
    _ holdOut: [Predictions], maximumStages: Int = 3, rule: CombinationRule = .geometricMean,
    confidences: [CascadeConfidence] = [.maximumProbability], goal: Goal, beamWidth: Int = 6
  ) throws(EnsembleError) -> Cascade {
    let found = try search(
      holdOut, maximumStages: maximumStages, rule: rule, confidences: confidences, goals: [goal],
      beamWidth: beamWidth)
    guard let cascade = found[0] else {
      throw .unreachableGoal(goal.description, members: holdOut.map(\.name))
    }
    return cascade
  }

  /// Searches for the members of a cascade, their order and their thresholds, for several goals.
  ///
  /// Begins with each member alone, and puts each further member at each place of the best cascades so far; thresholds are
  /// found anew for each. Of all sizes and all measures of confidence the best is taken, of equals the one with fewer
  /// stages. What members predict together is computed once for all goals.
  ///
  /// - Parameters:
  ///   - holdOut: Hold-out predictions by all K candidates; never those of a test set.
  ///   - maximumStages: The most stages, at least 1.
  ///   - rule: How the members so far are combined.
  ///   - confidences: What may tell how sure a prediction is; at least one.
  ///   - goals: What is wanted on the hold-out.
  ///   - costs: `[K]`: what each candidate costs for one image, such as milliseconds (default: multiply-accumulates).
  ///     Goals count cost in the same.
  ///   - beamWidth: How many of the best cascades of one size are extended; at least 1.
  /// - Returns: For each goal the best cascade; nil where none does it.
  /// - Throws: `EnsembleError` where there are no members, or where they predict different data or share a name.
  public static func search(
    _ holdOut: [Predictions], maximumStages: Int = 3, rule: CombinationRule = .geometricMean,
    confidences: [CascadeConfidence] = [.maximumProbability], goals: [Goal],
    costs: [Double]? = nil, beamWidth: Int = 6
  ) throws(EnsembleError) -> [Cascade?] {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    for goal in goals { try goal.check() }
    for (name, value) in [
      ("the number of stages", maximumStages), ("the width of the beam", beamWidth),
      ("the number of confidences", confidences.count),
    ] where value < 1 {
      throw .invalidArgument(name: name, value: "\(value)", expected: "at least 1")
    }
    let costs = costs ?? holdOut.map { Double($0.multiplyAccumulates) }
    guard costs.count == holdOut.count, costs.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .invalidArgument(
        name: "the list of costs", value: "\(costs)", expected: "a number above 0 for each member")
    }
    var best = [(candidate: BeamSearch.Candidate, confidence: CascadeConfidence)?](
      repeating: nil, count: goals.count)
    for confidence in confidences {
      var beam = BeamSearch(
        members: holdOut, costs: costs, rule: rule, confidence: confidence, width: beamWidth)
      for (place, goal) in goals.enumerated() {
        guard let found = beam.best(for: goal, maximumStages: maximumStages) else { continue }
        if let earlier = best[place]?.candidate,
          !found.search.isBetter(found.plan, earlier.plan)
        {
          continue
        }
        best[place] = (found, confidence)
      }
    }
    return best.map { best in
      best.map {
        Cascade(
          $0.candidate.sequence.map { holdOut[$0] }, $0.candidate.search, $0.candidate.plan,
          rule: rule, confidence: $0.confidence)
      }
    }
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
  /// Of each member, for one image.
  let costs: [Double]
  let rule: CombinationRule
  let confidence: CascadeConfidence
  let width: Int
  /// What sets of members, ascending, predict together.
  private var known: [[Int]: StageStatistics] = [:]

  init(
    members: [Predictions], costs: [Double], rule: CombinationRule,
    confidence: CascadeConfidence, width: Int
  ) {
    self.members = members
    self.costs = costs
    self.rule = rule
    self.confidence = confidence
    self.width = width
  }

  mutating func best(for goal: Cascade.Goal, maximumStages: Int) -> Candidate? {
    var beam: [Candidate] = []
    var best: Candidate?
    for count in 1...min(maximumStages, members.count) {
      let sequences = count == 1 ? members.indices.map { [$0] } : extensions(of: beam)
      learn(sequences)
      let found = evaluate(sequences, goal)
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
  private mutating func learn(_ sequences: [[Int]]) {
    for sequence in sequences {
      for count in sequence.indices.map({ $0 + 1 }) {
        let set = sequence.prefix(count).sorted()
        guard known[set] == nil else { continue }
        known[set] =
          StageStatistics.of(
            set.map { members[$0] }, rule: rule, measure: confidence, firstStage: count)[0]
          .sorted()
      }
    }
  }

  private func evaluate(_ sequences: [[Int]], _ goal: Cascade.Goal) -> [Candidate] {
    var results = [Candidate?](repeating: nil, count: sequences.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes the one element of its index, and the buffer outlives the call.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: sequences.count) { index in
        slots[index] = candidate(sequences[index], goal)
      }
    }
    return results.compactMap { $0 }
  }

  private func candidate(_ sequence: [Int], _ goal: Cascade.Goal) -> Candidate? {
    let stages = sequence.indices.compactMap { known[sequence.prefix($0 + 1).sorted()] }
    let costs = sequence.map { self.costs[$0] }
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
