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
    return (
      plan,
      scores.mapValues {
        JudgedScores($0.sums, $0.counts, cost: $0.cost, different: parts.isFirst.count)
      }
    )
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
    let builder = CandidateBuilder(
      sets: sets, options: pool.options, measuresAccuracyAlone: true)
    var chooser = CandidatePool(pool, on: sets, own, builder)
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
