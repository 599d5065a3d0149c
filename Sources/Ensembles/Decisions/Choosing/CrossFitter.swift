import Ensembles
import Predictions
import Randomness

/// Judges ways to choose on images that they did not choose on.
struct CrossFitter {
  let pool: CandidatePool
  let parts: HoldOutParts
  let hits: FoldHits
  /// In the decision's measure; nil for none.
  let budgets: [Double?]

  /// What one way to choose within one budget did.
  private struct Scores {
    var sums: [Double]
    var counts: [Int]
    var cost = 0.0

    init(images: Int) {
      sums = Array(repeating: 0, count: images)
      counts = Array(repeating: 0, count: images)
    }

    mutating func add(_ record: HoldOutRecord, on images: [Int], cost: Double) {
      for image in images {
        sums[image] += record.isRight[image] ? 1 : 0
        counts[image] += 1
      }
      self.cost += cost * Double(images.count)
    }
  }

  struct Key: Hashable {
    let procedure: CrossFitting.Procedure
    let budget: Double?
  }

  /// How often folds are drawn, and how many, by the work that a choice takes.
  struct Plan {
    var folds, repeats, fittedFolds, fittedRepeats: Int

    init(ensembles: Int, scores: Int, folds: Int) {
      self.folds = min(5, folds)
      repeats = ensembles <= 5_000 ? 5 : ensembles <= 50_000 ? 2 : 1
      switch scores {
      case ...200_000: (fittedFolds, fittedRepeats) = (5, 2)
      case ...20_000_000: (fittedFolds, fittedRepeats) = (5, 1)
      default: (fittedFolds, fittedRepeats) = (2, 1)
      }
      fittedFolds = min(fittedFolds, folds)
    }
  }

  private var images: Int { parts.isFirst.images }

  /// - Returns: nil where there is but one fold, or one member.
  func estimates() throws(EnsembleError) -> (Plan, [Key: JudgedScores])? {
    guard parts.folds.count > 1, pool.sets.test.count > 1 else { return nil }
    let plan = Plan(
      ensembles: pool.search.tried,
      scores: images * pool.sets.holdOut[0].classes * pool.sets.holdOut.count,
      folds: parts.folds.count)
    var scores: [Key: Scores] = [:]
    try judgeEnsembles(plan, &scores)
    try judgeFitted(plan, &scores)
    return (plan, scores.mapValues { JudgedScores($0.sums, $0.counts, cost: $0.cost) })
  }

  /// The folds in groups, drawn anew for each repeat.
  private func groups(_ count: Int, repeat number: Int) -> [[Int]] {
    var generator = RandomStream(seed: pool.options.seed, 0x666F_6C64, UInt64(number))
    var groups = [[Int]](repeating: [], count: count)
    for (place, fold) in generator.permutation(of: parts.folds.count).enumerated() {
      groups[place % count].append(fold)
    }
    return groups
  }

  // MARK: Single models and ensembles

  private func judgeEnsembles(
    _ plan: Plan, _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    var known: [Int: HoldOutRecord] = [:]
    for number in 0..<plan.repeats {
      let groups = groups(plan.folds, repeat: number)
      for (place, group) in groups.enumerated() {
        let others = groups.enumerated().filter { $0.offset != place }.flatMap(\.element)
        let images = group.flatMap { parts.folds[$0] }
        let choice = EnsembleChoice(pool, hits, folds: others)
        for budget in budgets {
          for (procedure, subset) in [
            (CrossFitting.Procedure.bestSingle, choice.single(within: budget)),
            (.bestEnsemble, choice.ensemble(within: budget)),
          ] {
            guard let subset else { continue }
            let record: HoldOutRecord
            if let found = known[subset] {
              record = found
            } else {
              record = try self.record(ofSubset: subset)
              known[subset] = record
            }
            scores[Key(procedure: procedure, budget: budget), default: Scores(images: self.images)]
              .add(record, on: images, cost: pool.cost(ofSubset: subset))
          }
        }
      }
    }
  }

  private func record(ofSubset subset: Int) throws(EnsembleError) -> HoldOutRecord {
    try HoldOutRecord(
      pool.search.subsets[subset].map { pool.sets.holdOut[$0] },
      Combination(rule: pool.options.rule))
  }

  // MARK: Weights, greedy selection and cascades

  private func judgeFitted(
    _ plan: Plan, _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    guard plan.fittedFolds > 1 else { return }
    for number in 0..<plan.fittedRepeats {
      let groups = groups(plan.fittedFolds, repeat: plan.repeats + number)
      for (place, group) in groups.enumerated() {
        let others = groups.enumerated().filter { $0.offset != place }.flatMap(\.element)
        let training = others.flatMap { parts.folds[$0] }.sorted()
        guard training.count >= CandidatePool.fewestFitted else { continue }
        let members = try pool.holdOut(of: training)
        let images = group.flatMap { parts.folds[$0] }
        try judgeWeights(members, images, &scores)
        try judgeCascades(members, training, images, &scores)
      }
    }
  }

  private func judgeWeights(
    _ members: [Predictions], _ images: [Int], _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    guard pool.options.fitsWeights else { return }
    for fitted in try FittedWeights.both(members) {
      let used = fitted.used
      let cost = pool.wholeCost(of: used.map(\.member))
      let record = try HoldOutRecord(
        used.map { pool.sets.holdOut[$0.member] },
        used.count > 1 ? Combination(weights: used.map(\.weight)) : Combination())
      let procedure: CrossFitting.Procedure = fitted.kind == .greedy ? .greedy : .weights
      // They do not heed a budget: where what they chose is over it, they have no answer.
      for budget in budgets where cost <= (budget ?? .infinity) * (1 + 1e-9) {
        scores[Key(procedure: procedure, budget: budget), default: Scores(images: self.images)]
          .add(record, on: images, cost: cost)
      }
    }
  }

  private func judgeCascades(
    _ members: [Predictions], _ training: [Int], _ images: [Int],
    _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    let limited = budgets.compactMap { $0 }
    guard !limited.isEmpty, pool.options.maximumStages > 1, pool.options.cost != .parameters
    else { return }
    let found = try pool.cascades(limited.map { .cost(atMost: $0) }, on: members)
    for (budget, cascade) in zip(limited, found) {
      guard let cascade else { continue }
      let places = cascade.stages.compactMap { stage in
        pool.sets.test.firstIndex { $0.name == stage.member }
      }
      let record = try HoldOutRecord(
        places.map { pool.sets.holdOut[$0] },
        places.count > 1 ? cascade.combination : Combination(rule: pool.options.rule))
      let costs = places.map { pool.costs[$0] }
      // The search keeps to the budget on average: what is beyond it in another way is no answer.
      if budget == pool.options.maximumCost, places.count > 1,
        pool.options.costQuantile.cost(costs, record.exitFractions(of: training, costs.count))
          > budget * (1 + 1e-9)
      {
        continue
      }
      let cost = record.cost(of: images, members: costs, whole: pool.wholeCost(of: places))
      scores[Key(procedure: .cascade, budget: budget), default: Scores(images: self.images)]
        .add(record, on: images, cost: cost)
    }
  }
}

/// What some folds choose among single models and ensembles.
struct EnsembleChoice {
  private let pool: CandidatePool
  private let accuracies: [Double]
  private let singles: [Double]

  init(_ pool: CandidatePool, _ hits: FoldHits, folds: [Int]) {
    self.pool = pool
    accuracies = pool.shrunken(hits, folds)
    singles = (0..<pool.sets.test.count).map { hits.accuracy(of: $0, in: folds) }
  }

  /// The position of the most accurate single member, of equals the cheapest.
  func single(within budget: Double?) -> Int? { best(singles, budget) }

  /// The position of the most accurate ensemble or single member, of equals the cheapest.
  func ensemble(within budget: Double?) -> Int? { best(accuracies, budget) }

  /// The positions of the most accurate ensembles and single members, of each kind the first of those that are alike.
  func mostAccurate(within budget: Double?) -> [Int] {
    guard let best = ensemble(within: budget) else { return [] }
    let limit = (budget ?? .infinity) * (1 + 1e-9)
    var kinds: Set<Int> = []
    let equal = accuracies.indices.filter {
      accuracies[$0] >= accuracies[best] - 1e-12 && pool.cost(ofSubset: $0) <= limit
    }.sorted { (pool.cost(ofSubset: $0), $0) < (pool.cost(ofSubset: $1), $1) }
    return Array(equal.filter { kinds.insert(pool.kinds[$0]).inserted }.prefix(Self.mostEqual))
  }

  /// Of ensembles that nothing distinguishes, how many are looked at.
  private static let mostEqual = 40

  private func best(_ accuracies: [Double], _ budget: Double?) -> Int? {
    let limit = (budget ?? .infinity) * (1 + 1e-9)
    var best: (index: Int, accuracy: Double, cost: Double)?
    for (index, accuracy) in accuracies.enumerated() {
      // A hair, so that what was computed in another order is not better.
      if let best, accuracy < best.accuracy - 1e-12 { continue }
      let cost = pool.cost(ofSubset: index)
      guard cost <= limit else { continue }
      if let best, accuracy < best.accuracy + 1e-12, cost >= best.cost { continue }
      best = (index, accuracy, cost)
    }
    return best?.index
  }
}

/// The scores of images on which something was not chosen.
struct JudgedScores {
  /// Of each image that was judged, the mean over repeats; nil for the others.
  let scores: [Double?]
  let accuracy, cost: Double

  init(_ sums: [Double], _ counts: [Int], cost: Double) {
    scores = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : nil }
    let known = scores.compactMap { $0 }
    accuracy = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    let count = counts.reduce(0, +)
    self.cost = count > 0 ? cost / Double(count) : 0
  }

  /// The images that were judged.
  var count: Int { scores.count { $0 != nil } }

  /// The mean of what it has more than `other`, on images that both were judged on, and its standard error, as if one image
  /// more differed.
  func difference(from other: JudgedScores) -> (mean: Double, error: Double) {
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    for case (let own?, let other?) in zip(scores, other.scores) {
      count += 1
      sum += own - other
      squares += (own - other) * (own - other)
    }
    guard count > 0 else { return (0, 1) }
    let mean = sum / count
    let variance = max(0, squares / count - mean * mean) + 1 / count
    return (mean, (variance / count).squareRoot())
  }
}
