import Decisions
import Ensembles
import GuaranteeSimulations
import Predictions
import Randomness
import Synchronization

/// How often a promise of `Decision` is broken: hold-outs are drawn from images whose truth is known, and the tolerance is
/// just what the cheaper single model loses, so that it is the hardest case: of that model nothing must be shown.
///
/// What is shown is asked of `CheapestAsGood`: a whole decision says the same, and takes many times as long.
final class PromiseSimulation: Sendable {
  private let name: String
  private let population: [Predictions]
  private let images: Int
  /// What must not be lost of the best single model's accuracy, and what is left of it.
  private let tolerance, least: Double
  private let truths = Truths()

  /// - Parameter population: By two single models or more, the cheapest first and the best last.
  init(_ name: String, _ population: [Predictions], images: Int) throws {
    (self.name, self.population, self.images) = (name, population, images)
    let singles = try population.map { try Self.accuracy([$0], Combination()) }
    tolerance = (singles.max() ?? 0) - singles[0]
    least = singles[0]
  }

  /// Of whatever is shown, and of the thresholds of cascades.
  var setting: GuaranteeSetting {
    let whole = "\(name), \(images) images"
    let promises = [
      "shown to be as good", "a cascade, against the best single model",
      "a cascade, against all its members",
    ].map { GuaranteeSetting.Promise("\($0), \(whole)", level: 0.05) }
    return GuaranteeSetting("as good, \(whole)", promises) { try self.outcomes($0) }
  }

  private func outcomes(_ draw: Int) throws -> [GuaranteeSetting.Outcome] {
    var options = Decision.Options()
    options.tolerance = 100 * tolerance
    options.seed = UInt64(draw)
    let found = try CheapestAsGood(sets(draw), options: options, guaranteesCascades: true)
    let shown = found.promise.tests.filter(\.isShown).compactMap { found.candidate($0.candidate) }
    let isBroken = try shown.contains { try accuracy(of: $0) <= least + Self.hair }
    let cascades = try CascadeGuarantee.Target.allCases.map { target -> GuaranteeSetting.Outcome in
      let id = found.guarantees.first { $0.target == target }?.candidate
      return .init(try id.flatMap(found.candidate).map { try misses(target, $0) })
    }
    return [.init(shown.isEmpty ? nil : isBroken)] + cascades
  }

  private func misses(_ target: CascadeGuarantee.Target, _ cascade: Candidate) throws -> Bool {
    switch target {
    case .bestSingle: return try accuracy(of: cascade) <= least + Self.hair
    case .fullEnsemble:
      let all = try accuracy(cascade.members, Combination(rule: cascade.combination.rule))
      return try accuracy(of: cascade) <= all - tolerance + Self.hair
    }
  }

  /// A hair, since the tolerance is a difference of shares.
  private static let hair = 1e-9

  // MARK: Hold-outs

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

  // MARK: Truths

  /// Accuracies of what is shown again and again; thresholds and weights are seldom the same.
  private final class Truths: Sendable {
    private let known = Mutex<[[String]: Double]>([:])

    func accuracy(of members: [String], _ compute: () throws -> Double) rethrows -> Double {
      if let known = known.withLock({ $0[members] }) { return known }
      let found = try compute()
      known.withLock { $0[members] = found }
      return found
    }
  }

  private func accuracy(of candidate: Candidate) throws -> Double {
    try accuracy(candidate.members, candidate.combination)
  }

  private func accuracy(_ names: [String], _ combination: Combination) throws -> Double {
    let members = names.compactMap { name in population.first { $0.name == name } }
    guard combination == Combination(rule: combination.rule) else {
      return try Self.accuracy(members, combination)
    }
    return try truths.accuracy(of: names) { try Self.accuracy(members, combination) }
  }

  private static func accuracy(
    _ members: [Predictions], _ combination: Combination
  ) throws -> Double {
    let isRight = try combination.rightImages(members)
    return Double(isRight.count { $0 }) / Double(isRight.count)
  }
}
