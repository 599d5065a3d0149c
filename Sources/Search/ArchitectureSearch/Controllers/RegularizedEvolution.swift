import Randomness

/// Regularised evolution: the best of a random sample of the population has a child with one decision changed, and the
/// oldest dies.
///
/// Several children at a time are of the same population, so that they can be evaluated side by side.
///
/// Source: arXiv:1802.01548, algorithm 1.
public struct RegularizedEvolution: Controller {
  private var draws: Draws
  private let populationSize, sampleSize: Int
  /// The oldest first.
  private var population: [(architecture: Architecture, reward: Double)] = []
  private var learnt = 0
  private let changeable: [Int]

  /// Creates a controller whose population is drawn evenly at first.
  ///
  /// - Parameters:
  ///   - population: How many live; at least 1.
  ///   - sample: How many of them compete to have a child, drawn with repetition; at least 1.
  public init(_ draws: Draws, population: Int, sample: Int) {
    precondition(population > 0 && sample > 0, "at least one is kept and one is drawn")
    self.draws = draws
    populationSize = population
    sampleSize = sample
    changeable = draws.optionCounts.indices.filter { draws.optionCounts[$0] > 1 }
  }

  /// Proposes architectures drawn evenly until the population is complete, then children.
  public mutating func propose(
    _ count: Int, where isWanted: (Architecture) -> Bool
  ) throws(SearchError) -> [Architecture] {
    var proposals: [Architecture] = []
    for place in 0..<count {
      let isFounder = population.isEmpty || learnt + place < populationSize
      proposals.append(
        isFounder ? try draws.uniform(where: isWanted) : try child(where: isWanted))
    }
    return proposals
  }

  /// Takes the architectures into the population; the oldest make room.
  public mutating func learn(_ results: [(architecture: Architecture, reward: Double)]) {
    learnt += results.count
    population = (population + results).suffix(populationSize)
  }

  /// Where one change is not wanted each time, for it costs too much or too little, more changes are made at once.
  private static let attemptsPerChange = 16

  private mutating func child(
    where isWanted: (Architecture) -> Bool
  ) throws(SearchError) -> Architecture {
    let competitors = draws.integers(sampleSize, below: population.count)
    // Of equal ones, the youngest.
    guard
      let parent = competitors.max(by: {
        (population[$0].reward, $0) < (population[$1].reward, $1)
      })
    else { return try draws.uniform(where: isWanted) }
    let (origin, changeable, counts) =
      (population[parent].architecture, changeable, draws.optionCounts)
    return try draws.first(where: isWanted) { attempt, stream in
      var child = origin
      for _ in 0...min(attempt / Self.attemptsPerChange, changeable.count) {
        let decision = changeable[stream.integer(below: changeable.count)]
        let step = 1 + stream.integer(below: counts[decision] - 1)
        child.choices[decision] = (child.choices[decision] + step) % counts[decision]
      }
      return child
    }
  }
}
