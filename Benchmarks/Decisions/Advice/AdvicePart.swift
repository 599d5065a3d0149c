import Concurrency
import Decisions
import Predictions
import Randomness

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The part `advice`: advice from some members of each set, judged by the others.
struct AdvicePart {
  let root: String
  /// Draws of visible members of a recorded set, and of a simulated one.
  let draws: Int
  let simulatedSets: Int

  /// What one advice was worth.
  struct Outcome: Codable, Sendable {
    /// Members that were seen, by network.
    let seen: [String: Int]
    let budgetSeconds: Double
    /// What the step that ranks first brought.
    let first: Double
    /// The same, and 0 where the advice was to stop.
    let advised: Double
    let stops: Bool
    /// What the best of the steps brought, or 0.
    let best: Double
    /// What the steps brought on average.
    let mean: Double
    let steps: [Step]
  }

  struct Step: Codable, Sendable {
    let kind, network: String
    let trainings, seen: Int
    let gain, lower, upper, probability, realized: Double

    var isInside: Bool { (lower - 1e-12...upper + 1e-12).contains(realized) }
  }

  struct Record: Codable, Sendable {
    let name: String
    let isSimulated: Bool
    let holdOutImages, judgingImages: Int
    let members: [String: Int]
    let outcomes: [Outcome]
  }

  func run(_ report: (String) -> Void) throws -> [Record] {
    report(
      "| set | draws | steps | first step | best in hindsight | share | with stops | a step at random | held by 80 % intervals | stops |"
    )
    report("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
    var records: [Record] = []
    for set in try AdviceSet.all(root, simulated: simulatedSets) {
      let outcomes = try parallelMap(draws) { try Self.outcome(set, number: $0) }
        .compactMap { $0 }
      let record = Record(
        name: set.name, isSimulated: set.isSimulated, holdOutImages: set.holdOut[0].count,
        judgingImages: set.test[0].count, members: Self.counts(set.holdOut), outcomes: outcomes)
      records.append(record)
      report(Self.line(record.name, outcomes))
    }
    for (name, isSimulated) in [("all recorded", false), ("all simulated", true)] {
      report(
        Self.line(name, records.filter { $0.isSimulated == isSimulated }.flatMap(\.outcomes)))
    }
    return records
  }

  private static func counts(_ members: [Predictions]) -> [String: Int] {
    Dictionary(grouping: members, by: \.network).mapValues(\.count)
  }

  private static func line(_ name: String, _ outcomes: [Outcome]) -> String {
    func percent(_ value: Double) -> String { "\((1000 * value).rounded() / 10) %" }
    func points(_ values: [Double]) -> String {
      "\((10_000 * values.reduce(0, +) / Double(max(values.count, 1))).rounded() / 100)"
    }
    let steps = outcomes.flatMap(\.steps)
    let best = outcomes.reduce(0) { $0 + $1.best }
    let cells = [
      name, "\(outcomes.count)", "\(steps.count)", points(outcomes.map(\.first)),
      points(outcomes.map(\.best)),
      percent(outcomes.reduce(0) { $0 + $1.first } / max(best, 1e-12)),
      percent(outcomes.reduce(0) { $0 + $1.advised } / max(best, 1e-12)),
      percent(outcomes.reduce(0) { $0 + $1.mean } / max(best, 1e-12)),
      percent(Double(steps.count(where: \.isInside)) / Double(max(steps.count, 1))),
      "\(outcomes.count(where: \.stops))",
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  /// Advice from members that are drawn; nil where nothing could be trained.
  private static func outcome(_ set: AdviceSet, number: Int) throws -> Outcome? {
    var generator = RandomStream(seed: 0x6261_636B, UInt64(number), UInt64(set.holdOut.count))
    let groups = Dictionary(grouping: set.holdOut.indices) { set.holdOut[$0].network }
      .sorted { $0.key < $1.key }
    var (seen, hidden): ([Int], [String: [Int]]) = ([], [:])
    repeat {
      (seen, hidden) = ([], [:])
      for (network, places) in groups {
        let order = generator.permutation(of: places.count).map { places[$0] }
        let count = generator.integer(below: places.count + 1)
        seen += order[..<count].sorted()
        hidden[network] = Array(order[count...])
      }
    } while seen.isEmpty || seen.count == set.holdOut.count
    let holdOut = seen.map { set.holdOut[$0] }
    let times = Dictionary(
      uniqueKeysWithValues: holdOut.map { ($0.name, set.seconds[$0.name] ?? 0) })
    let budget = (times.values.max() ?? 1) * [1.2, 2.4, 4.8][generator.integer(below: 3)]
    let present = counts(holdOut)
    let networks = groups.compactMap { network, places in
      present[network] == nil
        ? TrainingAdvice.Network(
          name: network, multiplyAccumulates: set.holdOut[places[0]].multiplyAccumulates) : nil
    }
    let advice = try TrainingAdvice.advise(
      holdOut, seconds: times, networks: networks,
      options: .init(budgetSeconds: budget, judgingImages: set.test[0].count))
    return try judged(advice, set, seen, hidden, present)
  }

  private static func judged(
    _ advice: TrainingAdvice, _ set: AdviceSet, _ seen: [Int], _ hidden: [String: [Int]],
    _ present: [String: Int]
  ) throws -> Outcome? {
    let realized = try RealizedGain(
      holdOut: seen.map { set.holdOut[$0] }, test: seen.map { set.test[$0] },
      within: advice.maximumMultiplyAccumulates)
    // What was not trained cannot be judged.
    let possible = advice.steps.filter { step in
      step.trainings <= (step.network.flatMap { hidden[$0] } ?? []).count
    }
    guard !possible.isEmpty else { return nil }
    let steps = try possible.map { step in
      let network = step.network ?? ""
      let new = (hidden[network] ?? []).prefix(step.trainings)
      return Step(
        kind: step.kind.rawValue, network: network, trainings: step.trainings,
        seen: present[network] ?? 0, gain: step.gain, lower: step.interval.lowerBound,
        upper: step.interval.upperBound, probability: step.probabilityOfGain,
        realized: try realized.gain(
          of: network, holdOut: new.map { set.holdOut[$0] }, test: new.map { set.test[$0] }))
    }
    let advised = possible.firstIndex { $0.probabilityOfLeastGain >= 0.5 }
    return Outcome(
      seen: present, budgetSeconds: advice.budgetSeconds,
      first: steps[0].realized, advised: advised.map { steps[$0].realized } ?? 0,
      stops: advised == nil,
      best: max(0, steps.map(\.realized).max() ?? 0),
      mean: steps.reduce(0) { $0 + $1.realized } / Double(steps.count), steps: steps)
  }
}
