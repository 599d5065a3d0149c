import Decisions
import Ensembles
import Predictions
import Randomness

/// How often a promise of `Decision` is broken: hold-outs are drawn from images whose truth is known, and the tolerance is
/// just what the cheaper single model loses, so that it is the hardest case: of that model nothing must be shown.
struct PromiseSimulation {
  /// What came of the draws of one setting.
  struct Result: Codable {
    let setting: String
    let images, draws: Int
    let tolerance, confidence: Double
    /// In how many draws something was shown, and in how many of all draws something of it loses the tolerance or more.
    var shown = 0
    var broken = 0
    /// The same of cascades, against the best single model and against all their members.
    var cascadesShown = [0, 0]
    var cascadesBroken = [0, 0]
  }

  let name: String
  let population: [Predictions]
  let images, draws: Int
  let confidence: Double

  /// - Parameter population: By two single models or more, the cheapest first and the best last.
  init(
    _ name: String, _ population: [Predictions], images: Int, draws: Int, confidence: Double = 95
  ) {
    (self.name, self.population) = (name, population)
    (self.images, self.draws, self.confidence) = (images, draws, confidence)
  }

  func run() throws -> Result {
    let singles = try population.map { try accuracy([$0], Combination()) }
    let best = singles.max() ?? 0
    let tolerance = 100 * (best - singles[0])
    var options = Decision.Options()
    options.tolerance = tolerance
    options.confidence = confidence
    var result = Result(
      setting: name, images: images, draws: draws, tolerance: tolerance, confidence: confidence)
    for draw in 0..<draws {
      options.seed = UInt64(draw)
      let decision = try Decision(sets(draw), options: options)
      try add(decision, best - tolerance / 100, to: &result)
    }
    return result
  }

  private func sets(_ draw: Int) throws -> PredictionSets {
    var generator = RandomStream(seed: 11, UInt64(images), UInt64(draw))
    var drawn: Set<Int> = []
    while drawn.count < images + 20 { drawn.insert(generator.integer(below: population[0].count)) }
    let order = drawn.sorted()
    // Which of the drawn images choose is drawn, too: the order of the population says nothing.
    let places = generator.permutation(of: order.count).map { order[$0] }
    return try PredictionSets(
      holdOut: select(Array(places.prefix(images)), "hold-out"),
      test: select(Array(places.suffix(20)), "test"))
  }

  private func select(_ places: [Int], _ split: String) throws -> [Predictions] {
    try population.map { member in
      try Predictions(
        name: member.name, network: member.network,
        multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
        split: split, fingerprint: split,
        logProbabilities: member.withLogProbabilities { values in
          places.flatMap { values[$0 * member.classes..<($0 + 1) * member.classes] }
        }, labels: places.map { member.labels[$0] }, classes: member.classes)
    }
  }

  private func accuracy(_ members: [Predictions], _ combination: Combination) throws -> Double {
    let combined = try combination.combine(members, name: "combined")
    let right = zip(combined.predictedClasses(), combined.labels).count { $0 == Int($1) }
    return Double(right) / Double(combined.count)
  }

  private func truth(_ id: String, _ decision: Decision) throws -> (whole: Double, full: Double)? {
    guard let candidate = decision.candidate(id) else { return nil }
    let members = candidate.members.compactMap { name in population.first { $0.name == name } }
    return (
      try accuracy(members, candidate.combination),
      try accuracy(members, Combination(rule: candidate.combination.rule))
    )
  }

  /// A hair, since the tolerance is a difference of shares.
  private static let hair = 1e-9

  private func add(_ decision: Decision, _ least: Double, to result: inout Result) throws {
    let shown = decision.promise?.tests.filter(\.isShown) ?? []
    result.shown += shown.isEmpty ? 0 : 1
    var isBroken = false
    for test in shown {
      guard let truth = try truth(test.candidate, decision) else { continue }
      isBroken = isBroken || truth.whole <= least + Self.hair
    }
    result.broken += isBroken ? 1 : 0
    for (place, guarantee) in (decision.guarantees ?? []).enumerated() {
      guard let id = guarantee.candidate, let truth = try truth(id, decision) else { continue }
      result.cascadesShown[place] += 1
      let bound = guarantee.target == .bestSingle ? least : truth.full - result.tolerance / 100
      if truth.whole <= bound + Self.hair { result.cascadesBroken[place] += 1 }
    }
  }
}
