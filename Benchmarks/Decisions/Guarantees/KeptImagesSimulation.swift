import Concurrency
import Decisions
import Ensembles
import GuaranteeSimulations
import Predictions

/// How often the sets and the answers of what `Decision` deploys break what is promised of them: each draw has a fresh
/// hold-out, a whole decision, and other images on which it shows.
struct KeptImagesSimulation {
  let name: String
  let simulation: Simulation
  /// Images of the hold-out, and how many of them are kept apart; 0 for none, where nothing is promised.
  let images, kept: Int
  /// The most members of a cascade; 1 for none, which takes far less time.
  let stages: Int
  let draws: Int

  /// Images of each draw on which sets are judged, and those on which all draws' answers are.
  private static let (judging, truth) = (200, 10_000)
  /// What is promised: a set lacks the class of an image in ten; in nineteen draws of twenty no more answers are wrong than one in ten.
  private static let (missRate, error, confidence) = (0.1, 0.1, 0.95)

  private struct Outcome: Sendable {
    let isPromised: Bool
    let missed: Double
    /// nil without a rule.
    let isWrong: Bool?
  }

  /// Of sets and of answers.
  func run() throws -> [GuaranteeCheck] {
    let truth = try simulation.predictions(images: Self.truth, split: "truth", path: [7])
    let outcomes = try parallelMap(draws) { try outcome($0, truth) }
    guard outcomes.allSatisfy({ $0.isPromised == (kept > 0) }) else { throw RuleError.noChoice }
    let setting =
      "\(kept > 0 ? "promised" : "not promised"), \(name): \(images) images, \(kept) kept, "
      + (stages > 1 ? "cascades" : "no cascades")
    return [
      GuaranteeCheck(
        "sets \(setting)", level: Self.missRate, shares: outcomes.map(\.missed)),
      GuaranteeCheck(
        "answers \(setting) (given in \(outcomes.count { $0.isWrong != nil }) draws)",
        level: 1 - Self.confidence, shares: outcomes.map { $0.isWrong == true ? 1 : 0 }),
    ]
  }

  private func outcome(_ draw: Int, _ truth: [Predictions]) throws -> Outcome {
    let path = [8, UInt64(images), UInt64(draw)]
    let sets = try PredictionSets(
      holdOut: simulation.predictions(images: images, split: "hold-out", path: path + [0]),
      test: simulation.predictions(images: Self.judging, split: "test", path: path + [1]))
    var options = Decision.Options()
    options.seed = UInt64(draw)
    options.tolerance = 1
    options.maximumStages = stages
    var limits = AnswerLimits.Options()
    limits.missRate = Self.missRate
    (limits.error, limits.confidence) = (Self.error, Self.confidence)
    limits.keptImages = kept
    options.limits = limits
    let decision = try Decision(sets, options: options)
    guard let found = decision.limits else { throw RuleError.noChoice }
    return Outcome(
      isPromised: found.isPromised, missed: 1 - found.deployed.sets[0].test.coverage.value,
      isWrong: try isWrong(decision, truth))
  }

  /// Whether more of the answers that are given are wrong than is promised.
  private func isWrong(_ decision: Decision, _ truth: [Predictions]) throws -> Bool? {
    guard let rule = decision.deployed.answerLimits?.abstention else { return nil }
    let members = decision.deployed.members.compactMap { name in
      truth.first { $0.name == name }
    }
    let combined = try decision.deployed.combination.combine(members, name: "deployed")
    return (AbstentionReport(of: rule, on: combined).error?.value ?? 0) > Self.error
  }
}
