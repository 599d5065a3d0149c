import Ensembles
import Predictions

/// What some folds choose among single models and ensembles.
struct EnsembleChoice {
  private let pool: CandidatePool
  private let accuracies: [Double]
  private let singles: [Double]
  private let hits: FoldHits
  private let folds: [Int]

  init(_ pool: CandidatePool, _ hits: FoldHits, folds: [Int]) {
    (self.pool, self.hits, self.folds) = (pool, hits, folds)
    accuracies = pool.shrunken(hits, folds)
    singles = (0..<pool.sets.test.count).map { hits.accuracy(of: $0, in: folds) }
  }

  /// The position of the most accurate single member, of equals the cheapest.
  func single(within budget: Double?) -> Int? {
    Self.best(singles, budget) { pool.cost(ofSubset: $0) }
  }

  /// The position of the most accurate ensemble or single member, of equals the cheapest.
  func ensemble(within budget: Double?) -> Int? {
    Self.best(accuracies, budget) { pool.cost(ofSubset: $0) }
  }

  /// The position of what is likely to lose least where the accuracies of few images decide nothing: by `SoftAccuracies`; of
  /// those that these do not distinguish, the most likely, then the cheapest. A single member that costs more than the most accurate
  /// one and is right about no more images is not taken in its place.
  ///
  /// - Parameter parts: Of the hold-out, all folds of which choose.
  func leastLoss(
    within budget: Double?, _ parts: HoldOutParts
  ) throws(EnsembleError) -> Int? {
    let limit = (budget ?? .infinity) * (1 + 1e-9)
    let allowed = accuracies.indices.filter { pool.cost(ofSubset: $0) <= limit }
    let row = max(1, pool.sets.holdOut[0].count * pool.sets.holdOut[0].classes)
    let most = max(Self.fewestCompared, Self.mostComparedScores / row)
    let likely =
      allowed.count <= most
      ? allowed
      : Array(allowed.sorted { (accuracies[$0], -$0) > (accuracies[$1], -$1) }.prefix(most))
    let soft = try SoftAccuracies(of: likely, in: pool, parts)
    guard let best = soft.values.max() else { return nil }
    let order = likely.indices.filter { soft.values[$0] >= best - 1e-12 }.sorted {
      (pool.cost(ofSubset: likely[$0]), $0) < (pool.cost(ofSubset: likely[$1]), $1)
    }
    // Of each kind the first: members of one network that nothing distinguishes are alike.
    var kinds: Set<Int> = []
    let first = order.filter { kinds.insert(pool.kinds[likely[$0]]).inserted }
    let found = first.reduce(nil) { (known: Int?, place) in
      guard let known else { return place }
      return soft.losses[place] < soft.losses[known] - 1e-9 ? place : known
    }
    return found.map { worthIts(cost: likely[$0], within: budget) }
  }

  /// What was found or, where it is a single member that costs more than the most accurate one and is no more accurate, that member.
  ///
  /// Ensembles are not asked for that: on few images most are right about as many as their best member, and still likely to be better.
  private func worthIts(cost subset: Int, within budget: Double?) -> Int {
    guard pool.search.subsets[subset].count == 1, let single = single(within: budget),
      pool.cost(ofSubset: subset) > pool.cost(ofSubset: single),
      hits.accuracy(of: subset, in: folds) <= singles[single] + 1e-12
    else { return subset }
    return single
  }

  /// Of more ensembles than so many scores, or of more than so few, the most accurate are compared.
  private static let mostComparedScores = 1 << 24
  private static let fewestCompared = 40

  /// The position of the greatest accuracy within the budget, of equals the cheapest.
  static func best(
    _ accuracies: [Double], _ budget: Double?, cost costOf: (Int) -> Double
  ) -> Int? {
    let limit = (budget ?? .infinity) * (1 + 1e-9)
    var best: (index: Int, accuracy: Double, cost: Double)?
    for (index, accuracy) in accuracies.enumerated() {
      // A hair, so that what was computed in another order is not better.
      if let best, accuracy < best.accuracy - 1e-12 { continue }
      let cost = costOf(index)
      guard cost <= limit else { continue }
      if let best, accuracy < best.accuracy + 1e-12, cost >= best.cost { continue }
      best = (index, accuracy, cost)
    }
    return best?.index
  }
}
