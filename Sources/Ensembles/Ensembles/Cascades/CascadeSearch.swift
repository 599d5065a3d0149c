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
    var best = [(planned: BeamSearch.PlannedSequence, confidence: CascadeConfidence)?](
      repeating: nil, count: goals.count)
    var tried = 0
    var progress = CascadeProgress(
      clock: clock, goals: goals.count * confidences.count, each: mostSequences)
    for (number, confidence) in confidences.enumerated() {
      var beam = BeamSearch(
        members: holdOut, costs: costs, rule: rule, confidence: confidence, width: beamWidth,
        fewestReaching: fewestReaching)
      for (place, goal) in goals.enumerated() {
        guard !clock.isOver else { break }
        progress.finish(goals: number * goals.count + place)
        let found = beam.best(for: goal, maximumStages: maximumStages, &progress)
        if number == confidences.count - 1, !clock.isOver { tried += 1 }
        guard let found else { continue }
        if let earlier = best[place]?.planned,
          !ThresholdSearch.isBetter(found.plan, earlier.plan, beam.total(goal))
        {
          continue
        }
        best[place] = (found, confidence)
      }
    }
    let cascades = zip(goals, best).map { goal, best -> Cascade? in
      guard let best else { return nil }
      let beam = BeamSearch(
        members: holdOut, costs: costs, rule: rule, confidence: best.confidence, width: beamWidth,
        fewestReaching: fewestReaching)
      return Cascade(
        best.planned.sequence.map { holdOut[$0] }, beam.search(best.planned.sequence, goal),
        best.planned.plan, rule: rule, confidence: best.confidence)
    }
    return (cascades, tried)
  }

  /// The most sequences that are tried for one goal and one measure of confidence.
  private var mostSequences: Int {
    (1...maximumStages).reduce(0) { sum, count in
      sum + (count == 1 ? holdOut.count : beamWidth * (holdOut.count - count + 1) * count)
    }
  }
}

/// How many sequences of members were tried.
struct CascadeProgress {
  let clock: SearchClock
  let total: Int
  private let goals: Int
  private var done = 0
  private var doneGoals = 0
  private var secondsOfFirst = 0.0

  init(clock: SearchClock, goals: Int, each sequences: Int) {
    self.clock = clock
    self.goals = goals
    total = goals * sequences
  }

  /// Takes all that the first goals may have needed as done: mostly they need less.
  mutating func finish(goals count: Int) {
    done = total / max(1, goals) * count
    doneGoals = count
    if count == 1 { secondsOfFirst = clock.elapsed }
  }

  mutating func advance(by count: Int) {
    done = min(total, done + count)
    clock.report(done, of: total, secondsLeft: secondsLeft)
  }

  /// Goals take about the same time, but for the first, for which members are combined; nil before it is done.
  private var secondsLeft: Double? {
    guard doneGoals > 0 else { return nil }
    let each =
      doneGoals == 1
      ? secondsOfFirst : (clock.elapsed - secondsOfFirst) / Double(doneGoals - 1)
    return max(0, each * Double(goals - doneGoals))
  }
}

/// A search over sequences of members.
private struct BeamSearch {
  struct PlannedSequence: Sendable {
    let sequence: [Int]
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
  let fewestReaching: Int
  /// What sets of members, ascending, predict together.
  private var known: [[Int]: StageStatistics] = [:]

  /// The most bytes of what is known.
  private static let mostKnownBytes = 256 << 20
  /// Sequences that are tried at once.
  private static let chunk = 64

  init(
    members: [Predictions], costs: [Double], rule: CombinationRule,
    confidence: CascadeConfidence, width: Int, fewestReaching: Int
  ) {
    self.members = members
    self.costs = costs
    self.rule = rule
    self.confidence = confidence
    self.width = width
    self.fewestReaching = fewestReaching
  }

  private var images: Int { members[0].count }

  /// The goal over all images.
  func total(_ goal: Cascade.Goal) -> ThresholdPair.Goal { goal.total(images: images) }

  /// The best cascade; of those that were tried where time is over before all are.
  mutating func best(
    for goal: Cascade.Goal, maximumStages: Int, _ progress: inout CascadeProgress
  ) -> PlannedSequence? {
    var beam: [PlannedSequence] = []
    var best: PlannedSequence?
    for count in 1...maximumStages {
      let sequences = count == 1 ? members.indices.map { [$0] } : extensions(of: beam)
      var found: [PlannedSequence] = []
      let chunk = chunkSize(stages: count)
      for start in stride(from: 0, to: sequences.count, by: chunk) {
        let part = Array(sequences[start..<min(start + chunk, sequences.count)])
        learn(part)
        found += evaluate(part, goal)
        progress.advance(by: part.count)
        if progress.clock.isOver { break }
      }
      for planned in found where planned.meetsGoal {
        if best.map({ ThresholdSearch.isBetter(planned.plan, $0.plan, total(goal)) }) ?? true {
          best = planned
        }
      }
      guard !progress.clock.isOver else { break }
      beam = Array(found.sorted { isBetter($0, $1, goal) }.prefix(width))
    }
    return best
  }

  /// As many sequences as need no more memory than may be known.
  private func chunkSize(stages: Int) -> Int {
    let bytes = images * StageStatistics.bytesPerImage * stages
    return max(1, min(Self.chunk, Self.mostKnownBytes / max(1, bytes)))
  }

  /// Each other member at each place of each sequence, each once.
  private func extensions(of beam: [PlannedSequence]) -> [[Int]] {
    var known: Set<[Int]> = []
    var result: [[Int]] = []
    for planned in beam {
      for member in members.indices where !planned.sequence.contains(member) {
        for place in 0...planned.sequence.count {
          var sequence = planned.sequence
          sequence.insert(member, at: place)
          if known.insert(sequence).inserted { result.append(sequence) }
        }
      }
    }
    return result
  }

  /// Combines each set of members that some sequence begins with, once for all orders.
  private mutating func learn(_ sequences: [[Int]]) {
    if known.count * images * StageStatistics.bytesPerImage > Self.mostKnownBytes {
      known.removeAll()
    }
    var missing: Set<[Int]> = []
    for sequence in sequences {
      for count in 1...sequence.count {
        let set = sequence.prefix(count).sorted()
        if known[set] == nil { missing.insert(set) }
      }
    }
    let sets = missing.sorted { $0.lexicographicallyPrecedes($1) }
    let search = self
    let found = parallelMap(sets.count) { search.statistics(of: sets[$0]) }
    for (set, statistics) in zip(sets, found) {
      known[set] = statistics
    }
  }

  private func statistics(of set: [Int]) -> StageStatistics {
    StageStatistics.of(
      set.map { members[$0] }, rule: rule, measure: confidence, firstStage: set.count)[0].sorted()
  }

  /// The search for the thresholds of a sequence.
  func search(_ sequence: [Int], _ goal: Cascade.Goal) -> ThresholdSearch {
    let stages = sequence.indices.map { place -> StageStatistics in
      let set = sequence.prefix(place + 1).sorted()
      return known[set] ?? statistics(of: set)
    }
    return ThresholdSearch(
      stages: stages, costs: sequence.map { costs[$0] }, goal: total(goal),
      fewestReaching: fewestReaching)
  }

  private func evaluate(_ sequences: [[Int]], _ goal: Cascade.Goal) -> [PlannedSequence] {
    parallelMap(sequences.count) { planned(sequences[$0], goal) }
  }

  private func planned(_ sequence: [Int], _ goal: Cascade.Goal) -> PlannedSequence {
    let search = search(sequence, goal)
    if let plan = search.best() {
      return PlannedSequence(sequence: sequence, plan: plan, meetsGoal: true)
    }
    // A cascade without early stops may still be the beginning of one that meets the goal.
    let plan = ThresholdSearch.Plan(
      thresholds: Array(repeating: nil, count: sequence.count - 1),
      hits: search.stages[sequence.count - 1].isRight.count { $0 },
      cost: search.costs.reduce(0, +) * Double(images))
    return PlannedSequence(sequence: sequence, plan: plan, meetsGoal: false)
  }

  private func isBetter(_ first: PlannedSequence, _ second: PlannedSequence, _ goal: Cascade.Goal)
    -> Bool
  {
    guard first.meetsGoal == second.meetsGoal else { return first.meetsGoal }
    if first.meetsGoal { return ThresholdSearch.isBetter(first.plan, second.plan, total(goal)) }
    return (first.plan.hits, -first.plan.cost) > (second.plan.hits, -second.plan.cost)
  }
}
