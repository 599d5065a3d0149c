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
      add(images.map { record.isRight[$0] ? 1 : 0 }, of: images, cost: cost)
    }

    /// - Parameter isRight: For each of the images.
    mutating func add(_ isRight: [Double], of images: [Int], cost: Double) {
      for (image, isRight) in zip(images, isRight) {
        sums[image] += isRight
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

  // MARK: Weights, greedy selection, cascades and the first answer

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
        try judgeWeights(members, others, images, &scores)
        try judgeCascades(members, training, images, &scores)
        // Designed anew it takes as long as all others together: once is enough.
        if number == 0 { try judgeFirstAnswer(others.sorted(), images.sorted(), &scores) }
      }
    }
  }

  private func judgeWeights(
    _ members: [Predictions], _ others: [Int], _ images: [Int], _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    guard pool.options.fitsWeights else { return }
    for fitted in try FittedWeights.both(members) {
      let used = fitted.used
      let cost = pool.wholeCost(of: used.map(\.member))
      let record = try HoldOutRecord(
        used.map { pool.sets.holdOut[$0.member] },
        used.count > 1 ? Combination(weights: used.map(\.weight)) : Combination())
      for budget in budgets {
        let key = Key(procedure: fitted.kind == .greedy ? .greedy : .weights, budget: budget)
        guard cost > (budget ?? .infinity) * (1 + 1e-9) else {
          scores[key, default: Scores(images: self.images)].add(record, on: images, cost: cost)
          continue
        }
        // They do not heed a budget: where what they chose is over it, the best single model within it answers.
        guard let single = single(within: budget, others) else { continue }
        scores[key, default: Scores(images: self.images)].add(
          try self.record(ofSubset: single), on: images, cost: pool.cost(ofSubset: single))
      }
    }
  }

  /// The position of the single member that is the most accurate on some folds; nil where none is within the budget.
  private func single(within budget: Double?, _ folds: [Int]) -> Int? {
    let accuracies = pool.sets.test.indices.map { hits.accuracy(of: $0, in: folds) }
    return EnsembleChoice.best(accuracies, budget) { pool.cost(ofSubset: $0) }
  }

  private func judgeCascades(
    _ members: [Predictions], _ training: [Int], _ images: [Int],
    _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    guard pool.options.maximumStages > 1 else { return }
    let found = try cascades(on: members)
    for (budget, cascade) in zip(budgets, found) {
      guard let cascade else { continue }
      let places = cascade.stages.compactMap { stage in
        pool.sets.test.firstIndex { $0.name == stage.member }
      }
      let record = try HoldOutRecord(
        places.map { pool.sets.holdOut[$0] },
        places.count > 1 ? cascade.combination : Combination(rule: pool.options.rule))
      let costs = places.map { pool.costs[$0] }
      // The search keeps to the budget on average: what is beyond it in another way is no answer.
      if let budget, budget == pool.options.maximumCost, places.count > 1,
        pool.options.cost != .parameters,
        pool.options.costQuantile.cost(costs, record.exitFractions(of: training, costs.count))
          > budget * (1 + 1e-9)
      {
        continue
      }
      let whole = pool.wholeCost(of: places)
      // All of a cascade's parameters are stored, wherever an image stops.
      let cost =
        pool.options.cost == .parameters
        ? whole : record.cost(of: images, members: costs, whole: whole)
      scores[Key(procedure: .cascade, budget: budget), default: Scores(images: self.images)]
        .add(record, on: images, cost: cost)
    }
  }

  /// The most accurate cascade or single model of some images within each budget; nil where none was found in time.
  private func cascades(on members: [Predictions]) throws(EnsembleError) -> [Cascade?] {
    guard pool.options.cost == .parameters else {
      let most = pool.costs.reduce(0, +)
      return try pool.cascades(budgets.map { .cost(atMost: $0 ?? most) }, on: members)
    }
    // A search bounds computation: of what it finds for several bounds the most accurate that is within the budget.
    let found = try pool.cascades(pool.cascadeBudgets(), on: members).compactMap { $0 }
    return budgets.map { budget in
      found.filter { cascade in
        let stored = cascade.stages.reduce(0.0) { sum, stage in
          sum
            + (pool.sets.test.firstIndex { $0.name == stage.member }.map { pool.costs[$0] } ?? 0)
        }
        return stored <= (budget ?? .infinity) * (1 + 1e-9)
      }.max { $0.holdOut.accuracy < $1.holdOut.accuracy }
    }
  }

  // MARK: The first answer

  /// The most scores that are copied to choose the first answer anew.
  private static let mostCopiedScores = 1 << 26

  /// Chooses the first answer on some folds as on the whole hold-out, and judges it on others.
  ///
  /// The pool that chooses has the images of its folds alone: no accuracy, cost or likelihood of the others reaches it.
  private func judgeFirstAnswer(
    _ folds: [Int], _ images: [Int], _ scores: inout [Key: Scores]
  ) throws(EnsembleError) {
    let copied = self.images * pool.sets.holdOut[0].classes * pool.sets.holdOut.count
    guard copied <= Self.mostCopiedScores else { return }
    let (own, training) = parts.selecting(folds)
    let sets = try pool.sets.choosing(on: training, judgedBy: images)
    let builder = CandidateBuilder(sets: sets, options: pool.options)
    var chooser = CandidatePool(pool, on: sets, builder)
    let ownHits = hits.selecting(folds)
    let designed = try chooser.design(own, ownHits, builder)
    let promise = chooser.prove(designed, own)
    let whole = EnsembleChoice(chooser, ownHits, folds: Array(own.folds.indices))
    let candidate = chooser.candidates[try chooser.cheapestAsGood(promise, whole, own, builder)]
    let isRight = try builder.correctness(of: candidate, in: sets.test)
    scores[Key(procedure: .cheapestAsGood, budget: nil), default: Scores(images: self.images)]
      .add(isRight, of: images, cost: candidate.test.cost[pool.options.cost] ?? 0)
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
  func single(within budget: Double?) -> Int? {
    Self.best(singles, budget) { pool.cost(ofSubset: $0) }
  }

  /// The position of the most accurate ensemble or single member, of equals the cheapest.
  func ensemble(within budget: Double?) -> Int? {
    Self.best(accuracies, budget) { pool.cost(ofSubset: $0) }
  }

  /// The position of what is likely to lose least where the accuracies of few images decide nothing: by `SoftAccuracies`; of
  /// those that these do not distinguish, the most likely, then the cheapest.
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
    return found.map { likely[$0] }
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
