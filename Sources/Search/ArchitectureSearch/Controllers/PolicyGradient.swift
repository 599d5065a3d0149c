import Randomness

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// REINFORCE over independent categorical choices: a logit an option, moved along the gradient of the expected reward.
///
/// As in TuNAS: logits start from 0, Adam has no first moment, the baseline is a moving average of rewards, and the policy
/// rests while the search warms up. The architectures that are proposed together give one step.
///
/// Source: arXiv:2008.06120, section 3 and its published code.
public struct PolicyGradient: Controller {
  /// The numbers of the method.
  public struct Settings: Codable, Hashable, Sendable {
    /// How far a step goes: about so much in each logit.
    public var learningRate: Double
    /// Of the baseline, what stays at each evaluation.
    public var baselineDecay: Double
    /// The share of the expected evaluations during which the policy rests.
    public var warmUp: Double

    /// Creates settings; the ranges are checked where a plan is read.
    public init(learningRate: Double = 0.1, baselineDecay: Double = 0.95, warmUp: Double = 0.25) {
      self.learningRate = learningRate
      self.baselineDecay = baselineDecay
      self.warmUp = warmUp
    }
  }

  private var draws: Draws
  private let settings: Settings
  private let warmUpEvaluations: Int
  private var logits, secondMoments: [[Double]]
  private var steps = 0
  private var baseline: Double?
  private var learnt = 0
  private static let secondMomentDecay = 0.999

  /// Creates a controller whose options are all as probable.
  ///
  /// - Parameter expectedEvaluations: Of which the warm-up is a share.
  public init(_ draws: Draws, _ settings: Settings, expectedEvaluations: Int) {
    self.draws = draws
    self.settings = settings
    warmUpEvaluations = Int(settings.warmUp * Double(expectedEvaluations))
    logits = draws.optionCounts.map { [Double](repeating: 0, count: $0) }
    secondMoments = logits
  }

  /// How probable each option of each decision is.
  public var probabilities: [[Double]] { logits.map(softmax) }

  /// Proposes architectures drawn from the policy. Those that are not wanted are drawn again, and the gradient does not
  /// see them.
  public mutating func propose(
    _ count: Int, where isWanted: (Architecture) -> Bool
  ) throws(SearchError) -> [Architecture] {
    let probabilities = probabilities
    var proposals: [Architecture] = []
    for _ in 0..<count {
      proposals.append(
        try draws.first(where: isWanted) { _, stream in
          Architecture(probabilities.map { draw(from: $0, &stream) })
        })
    }
    return proposals
  }

  /// Moves the baseline towards the rewards, and the logits towards what was better than it.
  public mutating func learn(_ results: [(architecture: Architecture, reward: Double)]) {
    let probabilities = probabilities
    var gradient = logits.map { $0.map { _ in 0.0 } }
    for (architecture, reward) in results {
      let expected = baseline ?? reward
      baseline = settings.baselineDecay * expected + (1 - settings.baselineDecay) * reward
      let advantage = (reward - expected) / Double(results.count)
      for (decision, choice) in architecture.choices.enumerated() {
        for option in gradient[decision].indices {
          let isChosen = option == choice ? 1.0 : 0
          gradient[decision][option] += advantage * (isChosen - probabilities[decision][option])
        }
      }
    }
    let isWarmingUp = learnt < warmUpEvaluations
    learnt += results.count
    if !isWarmingUp { step(along: gradient) }
  }

  /// Adam without a first moment.
  private mutating func step(along gradient: [[Double]]) {
    steps += 1
    let correction = 1 - pow(Self.secondMomentDecay, Double(steps))
    for decision in logits.indices {
      for option in logits[decision].indices {
        let slope = gradient[decision][option]
        let moment =
          Self.secondMomentDecay * secondMoments[decision][option]
          + (1 - Self.secondMomentDecay) * slope * slope
        secondMoments[decision][option] = moment
        logits[decision][option] +=
          settings.learningRate * slope / ((moment / correction).squareRoot() + 1e-8)
      }
    }
  }
}

private func softmax(_ logits: [Double]) -> [Double] {
  let greatest = logits.max() ?? 0
  let powers = logits.map { exp($0 - greatest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}

private func draw(from probabilities: [Double], _ stream: inout RandomStream) -> Int {
  var rest = stream.unitInterval()
  for (option, probability) in probabilities.enumerated() {
    rest -= probability
    if rest < 0 { return option }
  }
  return probabilities.count - 1
}
