import Concurrency
import Predictions

/// The search for the best cascades of some members, for several goals.
package struct CascadeSearch {
  private let holdOut: [Predictions]
  private let maximumStages: Int
  private let rule: CombinationRule
  private let confidences: [CascadeConfidence]
  private let costs: [Double]
  private let beamWidth: Int
  private let fewestReaching: Int

  /// The arguments are those of `Cascade.search`.
  package init(
    _ holdOut: [Predictions], maximumStages: Int, rule: CombinationRule,
    confidences: [CascadeConfidence], costs: [Double], beamWidth: Int = 6, fewestReaching: Int
  ) throws(EnsembleError) {
    try Predictions.checkSameData(holdOut)
    try Predictions.checkNamesDiffer(holdOut)
    for (name, value) in [
      ("the number of stages", maximumStages), ("the width of the beam", beamWidth),
      ("the number of confidences", confidences.count),
      ("the fewest images of a stage", fewestReaching),
    ] where value < 1 {
      throw .invalidArgument(name: name, value: "\(value)", expected: "at least 1")
    }
    guard costs.count == holdOut.count, costs.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .invalidArgument(
        name: "the list of costs", value: "\(costs)", expected: "a number above 0 for each member")
    }
    self.holdOut = holdOut
    self.maximumStages = min(maximumStages, holdOut.count)
    self.rule = rule
    self.confidences = confidences
    self.costs = costs
    self.beamWidth = beamWidth
    self.fewestReaching = fewestReaching
  }

  /// Searches, until time is over.
  ///
  /// - Returns: For each goal the best cascade, nil where none does it; and for how many goals the search was completed.
  package func run(_ goals: [Cascade.Goal], clock: SearchClock) -> (
    cascades: [Cascade?], tried: Int
  ) {
    var best = [(plan: ThresholdSearch.Plan, cascade: Cascade)?](
      repeating: nil, count: goals.count)
    var tried = 0
    var progress = CascadeProgress(
      clock: clock, total: goals.count * confidences.count * mostSequences)
    // All goals share one sweep; where time may be over before all are reached, the first come first.
    let size = clock.isLimited ? Self.goalsAtOnce : goals.count
    for (number, confidence) in confidences.enumerated() {
      let stages = CascadeStages(holdOut, rule: rule, confidence: confidence)
      var beam = BeamSearch(
        stages: stages, costs: costs, width: beamWidth, fewestReaching: fewestReaching)
      for start in stride(from: 0, to: goals.count, by: max(1, size)) {
        guard !clock.isOver else { break }
        let part = start..<min(start + size, goals.count)
        progress.finish((number * goals.count + start) * mostSequences)
        let found = beam.best(for: Array(goals[part]), maximumStages: maximumStages, &progress)
        if number == confidences.count - 1, !clock.isOver { tried += part.count }
        for (place, planned) in zip(part, found) {
          guard let planned else { continue }
          if let earlier = best[place]?.plan,
            !ThresholdSearch.isBetter(planned.plan, earlier, beam.total(goals[place]))
          {
            continue
          }
          best[place] = (planned.plan, cascade(planned, goals[place], beam, confidence))
        }
      }
    }
    return (best.map { $0?.cascade }, tried)
  }

  /// Goals that are searched for together where time is limited.
  private static let goalsAtOnce = 4

  private func cascade(
    _ planned: BeamSearch.PlannedSequence, _ goal: Cascade.Goal, _ beam: BeamSearch,
    _ confidence: CascadeConfidence
  ) -> Cascade {
    let search = ThresholdSearch(
      stages: beam.stages.of(planned.sequence), costs: planned.sequence.map { costs[$0] },
      goal: beam.total(goal), fewestReaching: fewestReaching)
    return Cascade(
      planned.sequence.map { holdOut[$0] }, search, planned.plan, rule: rule,
      confidence: confidence)
  }

  /// The most sequences that are tried for one goal and one measure of confidence.
  private var mostSequences: Int {
    (1...maximumStages).reduce(0) { sum, count in
      sum + (count == 1 ? holdOut.count : beamWidth * (holdOut.count - count + 1) * count)
    }
  }
}

/// How many sequences of members were tried, for each goal.
struct CascadeProgress {
  let clock: SearchClock
  let total: Int
  /// When the search began, in seconds of the clock.
  private let start: Double
  private var done = 0

  init(clock: SearchClock, total: Int) {
    self.clock = clock
    self.total = total
    start = clock.elapsed
  }

  /// Takes all that earlier goals may have needed as done: mostly they need less.
  mutating func finish(_ count: Int) { done = max(done, count) }

  mutating func advance(by count: Int) {
    done = min(total, done + count)
    let left =
      done > 0 ? (clock.elapsed - start) * Double(total - done) / Double(done) : nil
    clock.report(done, of: total, secondsLeft: left)
  }
}

/// A search over sequences of members, for several goals at once.
private struct BeamSearch {
  struct PlannedSequence: Sendable {
    let sequence: [Int]
    let plan: ThresholdSearch.Plan
    /// Whether the plan meets the goal; else it is that of the highest accuracy, for others to build on.
    let meetsGoal: Bool
  }

  private(set) var stages: CascadeStages
  /// Of each member, for one image.
  let costs: [Double]
  let width: Int
  let fewestReaching: Int

  /// Sequences that are tried at once.
  private static let mostAtOnce = 256

  init(stages: CascadeStages, costs: [Double], width: Int, fewestReaching: Int) {
    self.stages = stages
    self.costs = costs
    self.width = width
    self.fewestReaching = fewestReaching
  }

  private var members: Range<Int> { stages.members.indices }
  private var images: Int { stages.members[0].count }

  /// The goal over all images.
  func total(_ goal: Cascade.Goal) -> ThresholdPair.Goal { goal.total(images: images) }

  /// For each goal the best cascade; of those that were tried where time is over before all are.
  mutating func best(
    for goals: [Cascade.Goal], maximumStages: Int, _ progress: inout CascadeProgress
  ) -> [PlannedSequence?] {
    var beams = [[PlannedSequence]](repeating: [], count: goals.count)
    var best = [PlannedSequence?](repeating: nil, count: goals.count)
    for count in 1...maximumStages {
      let wanted = beams.map { count == 1 ? members.map { [$0] } : extensions(of: $0) }
      let plans = plans(wanted, goals, &progress)
      for (place, goal) in goals.enumerated() {
        let found = wanted[place].compactMap { plans[$0]?[place] }
        for planned in found where planned.meetsGoal {
          if best[place].map({ ThresholdSearch.isBetter(planned.plan, $0.plan, total(goal)) })
            ?? true
          {
            best[place] = planned
          }
        }
        beams[place] = Array(found.sorted { isBetter($0, $1, goal) }.prefix(width))
      }
      guard !progress.clock.isOver else { break }
    }
    return best
  }

  /// Each other member at each place of each sequence, each once.
  private func extensions(of beam: [PlannedSequence]) -> [[Int]] {
    var known: Set<[Int]> = []
    var result: [[Int]] = []
    for planned in beam {
      for member in members where !planned.sequence.contains(member) {
        for place in 0...planned.sequence.count {
          var sequence = planned.sequence
          sequence.insert(member, at: place)
          if known.insert(sequence).inserted { result.append(sequence) }
        }
      }
    }
    return result
  }

  /// The best plans of sequences, each for the goals that want it, as far as there is time.
  ///
  /// - Parameter wanted: Of each goal the sequences.
  /// - Returns: By sequence and goal.
  private mutating func plans(
    _ wanted: [[[Int]]], _ goals: [Cascade.Goal], _ progress: inout CascadeProgress
  ) -> [[Int]: [Int: PlannedSequence]] {
    var askers: [[Int]: [Int]] = [:]
    var sequences: [[Int]] = []
    for (goal, own) in wanted.enumerated() {
      for sequence in own {
        if askers[sequence] == nil { sequences.append(sequence) }
        askers[sequence, default: []].append(goal)
      }
    }
    var found: [[Int]: [Int: PlannedSequence]] = [:]
    let chunk = min(Self.mostAtOnce, stages.mostSequences(stages: sequences.first?.count ?? 1))
    for start in stride(from: 0, to: sequences.count, by: chunk) {
      let part = Array(sequences[start..<min(start + chunk, sequences.count)])
      stages.learn(part)
      let asking = part.map { askers[$0] ?? [] }
      let search = self
      let planned = parallelMap(part.count) { place in
        search.planned(part[place], asking[place].map { goals[$0] })
      }
      for (place, sequence) in part.enumerated() {
        found[sequence] = Dictionary(uniqueKeysWithValues: zip(asking[place], planned[place]))
      }
      progress.advance(by: asking.reduce(0) { $0 + $1.count })
      if progress.clock.isOver { break }
    }
    return found
  }

  private func planned(_ sequence: [Int], _ goals: [Cascade.Goal]) -> [PlannedSequence] {
    let stages = stages.of(sequence)
    let costs = sequence.map { self.costs[$0] }
    let totals = goals.map(total)
    let plans =
      stages.count <= ThresholdSweep.mostStages
      ? ThresholdSweep(stages, costs: costs, fewestReaching: fewestReaching).plans(for: totals)
      : totals.map {
        ThresholdSearch(stages: stages, costs: costs, goal: $0, fewestReaching: fewestReaching)
          .best()
      }
    // A cascade without early stops may still be the beginning of one that meets the goal.
    let never = ThresholdSearch.Plan(
      thresholds: Array(repeating: nil, count: sequence.count - 1),
      hits: stages[sequence.count - 1].isRight.count { $0 },
      cost: costs.reduce(0, +) * Double(images))
    return plans.map {
      PlannedSequence(sequence: sequence, plan: $0 ?? never, meetsGoal: $0 != nil)
    }
  }

  private func isBetter(_ first: PlannedSequence, _ second: PlannedSequence, _ goal: Cascade.Goal)
    -> Bool
  {
    guard first.meetsGoal == second.meetsGoal else { return first.meetsGoal }
    if first.meetsGoal { return ThresholdSearch.isBetter(first.plan, second.plan, total(goal)) }
    return (first.plan.hits, -first.plan.cost) > (second.plan.hits, -second.plan.cost)
  }
}
