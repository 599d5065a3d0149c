import Randomness

/// A benchmark for controllers, without any training: the reward of every architecture is in a table, so the best one is
/// known.
///
/// Seven decisions of five options. A reward is the sum of a number for each option, one for each pair of options of
/// neighbouring decisions, and one of the architecture's own, all drawn from a seed.
public struct TabulatedRewards: Sendable {
  /// The number of options of each decision.
  public static let optionCounts = [Int](repeating: options, count: 7)
  /// The highest reward.
  public let optimum: Double
  private let rewards: [Double]
  private static let options = 5

  /// Draws a table.
  public init(seed: UInt64) {
    var stream = RandomStream(seed: seed, 77)
    func draw(_ count: Int, _ scale: Double) -> [Double] {
      (0..<count).map { _ in scale * (stream.unitInterval() - 0.5) }
    }
    let counts = Self.optionCounts
    let own = draw(counts.count * Self.options, 1)
    let pairs = draw(counts.count * Self.options * Self.options, 0.7)
    // From the first decision to the last: each architecture goes on from the sum of its beginning.
    var sums = [0.0]
    for decision in counts.indices {
      sums = sums.indices.flatMap { beginning in
        (0..<Self.options).map { option in
          let before = decision > 0 ? beginning % Self.options * Self.options : 0
          let pair = decision * Self.options * Self.options + before + option
          return sums[beginning] + own[decision * Self.options + option]
            + (decision > 0 ? pairs[pair] : 0)
        }
      }
    }
    rewards = zip(sums, draw(sums.count, 0.2)).map { $0 + $1 }
    optimum = rewards.max() ?? 0
  }

  /// The reward of an architecture over `optionCounts`.
  public subscript(architecture: Architecture) -> Double {
    rewards[architecture.choices.reduce(0) { $0 * Self.options + $1 }]
  }

  /// How far the best of so many evaluations stays below the optimum.
  ///
  /// - Parameters:
  ///   - cohort: How many are proposed at a time.
  ///   - seed: Of the controller.
  public func regret(
    of choice: ControllerChoice, evaluations: Int, cohort: Int = 8, seed: UInt64
  ) throws(SearchError) -> Double {
    var controller = choice.controller(
      optionCounts: Self.optionCounts, evaluations: evaluations,
      stream: RandomStream(seed: seed, 78), target: "any cost")
    var best = -Double.infinity
    var left = evaluations
    while left > 0 {
      let proposed = try controller.propose(min(cohort, left), where: { _ in true })
      left -= proposed.count
      let results = proposed.map { (architecture: $0, reward: self[$0]) }
      best = max(best, results.map(\.reward).max() ?? best)
      controller.learn(results)
    }
    return optimum - best
  }
}
