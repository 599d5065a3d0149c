import Randomness

/// Proposes architectures, and learns from how good they were.
///
/// The same seed and the same rewards give the same proposals, so that a search can be played back from its record.
///
/// To add one: conform, and give it a name in `ControllerChoice`.
public protocol Controller: Sendable {
  /// Proposes architectures; the next ones only after `learn` had these.
  ///
  /// - Parameters:
  ///   - count: How many; at least 1.
  ///   - isWanted: Whether an architecture costs what it should. What does not is drawn again.
  /// - Throws: `SearchError.noArchitecture` where draw after draw is not wanted.
  mutating func propose(
    _ count: Int, where isWanted: (Architecture) -> Bool
  ) throws(SearchError) -> [Architecture]

  /// Learns from the architectures last proposed, in their order.
  mutating func learn(_ results: [(architecture: Architecture, reward: Double)])
}

/// Which controller, and its numbers.
public enum ControllerChoice: Hashable, Sendable {
  /// Each option with the same probability.
  case random
  /// Regularised evolution with so many living, of which the best of a sample has children.
  case evolution(population: Int, sample: Int)
  /// REINFORCE.
  case reinforce(PolicyGradient.Settings)

  /// The controller over decisions with so many options each.
  ///
  /// - Parameters:
  ///   - evaluations: How many are expected, which warm-ups refer to.
  ///   - stream: Its random numbers.
  ///   - target: What errors call the cost target.
  public func controller(
    optionCounts: [Int], evaluations: Int, stream: RandomStream, target: String
  ) -> any Controller {
    let draws = Draws(optionCounts: optionCounts, stream: stream, target: target)
    switch self {
    case .random: return RandomSearch(draws)
    case .evolution(let population, let sample):
      return RegularizedEvolution(draws, population: population, sample: sample)
    case .reinforce(let settings):
      return PolicyGradient(draws, settings, expectedEvaluations: evaluations)
    }
  }

  /// "random", "evolution" or "reinforce".
  public var name: String {
    switch self {
    case .random: "random"
    case .evolution: "evolution"
    case .reinforce: "reinforce"
    }
  }
}

/// Draws architectures, again and again until one is wanted.
public struct Draws: Sendable {
  /// The number of options of each decision.
  public let optionCounts: [Int]
  private var stream: RandomStream
  private let target: String
  /// So many unwanted ones in a row mean that there is none.
  private static let limit = 20_000

  /// - Parameters:
  ///   - stream: The random numbers.
  ///   - target: What errors call the cost target.
  public init(optionCounts: [Int], stream: RandomStream, target: String) {
    self.optionCounts = optionCounts
    self.stream = stream
    self.target = target
  }

  /// The first wanted one of those that `make` gives; it receives how many were unwanted before.
  public mutating func first(
    where isWanted: (Architecture) -> Bool,
    of make: (_ attempt: Int, inout RandomStream) -> Architecture
  ) throws(SearchError) -> Architecture {
    for attempt in 0..<Self.limit {
      let architecture = make(attempt, &stream)
      if isWanted(architecture) { return architecture }
    }
    throw .noArchitecture(draws: Self.limit, target: target)
  }

  /// Options drawn evenly.
  public mutating func uniform(
    where isWanted: (Architecture) -> Bool
  ) throws(SearchError) -> Architecture {
    let counts = optionCounts
    return try first(where: isWanted) { _, stream in
      Architecture(counts.map { stream.integer(below: $0) })
    }
  }

  /// Numbers drawn evenly from `0..<bound`, with repetition.
  mutating func integers(_ count: Int, below bound: Int) -> [Int] {
    (0..<count).map { _ in stream.integer(below: bound) }
  }
}
