import Randomness

/// All candidates of one decision.
struct CandidatePool {
  private let sets: PredictionSets
  private let options: Decision.Options
  /// Of each member, in the measure of the decision.
  private let costs: [Double]
  private(set) var candidates: [Candidate] = []
  private(set) var subsetCount = 0
  private(set) var isSampled = false
  /// The best single member on the hold-out.
  private(set) var reference = 0

  /// Ensembles that are kept beside those on a frontier, to show where the others lie.
  private static let mostOthers = 300
  /// Budgets for which cascades are searched.
  private static let cascadeBudgets = 14

  init(
    _ sets: PredictionSets, options: Decision.Options, costs: [Double], builder: CandidateBuilder
  ) throws(EnsembleError) {
    self.sets = sets
    self.options = options
    self.costs = costs
    let subsets = allSubsets()
    subsetCount = subsets.count
    let accuracies = SubsetEvaluator(
      members: sets.holdOut, rule: options.rule, subsets: subsets
    ).top1Accuracies()
    add(builder.ensembles(kept(subsets, accuracies).map { subsets[$0] }))
    let singles = candidates.indices.filter { candidates[$0].kind == .single }
    reference = singles.reduce(singles[0]) { best, index in
      isBetter(index, than: best) ? index : best
    }
  }

  private mutating func add(_ found: [Candidate]) {
    for var candidate in found {
      candidate.id = "\(candidate.kind.rawValue)-\(candidates.count + 1)"
      candidates.append(candidate)
    }
  }

  private func cost(_ index: Int) -> Double {
    candidates[index].holdOut.cost[options.cost] ?? .infinity
  }

  private func accuracy(_ index: Int) -> Double {
    candidates[index].holdOut.metrics.top1Accuracy
  }

  /// Whether it is more accurate on the hold-out, or as accurate and cheaper.
  private func isBetter(_ first: Int, than second: Int) -> Bool {
    (accuracy(first), -cost(first)) > (accuracy(second), -cost(second))
  }
}

// MARK: - Ensembles

extension CandidatePool {
  /// Every set of members that may be combined: ascending in size, then lexicographically.
  private mutating func allSubsets() -> [[Int]] {
    let all = Array(sets.test.indices)
    let groups = Dictionary(grouping: all) { sets.test[$0].network }.values.sorted {
      $0[0] < $1[0]
    }
    var found: Set<[Int]> = Set(all.map { [$0] })
    for group in groups + (options.isSameNetworkOnly ? [] : [all]) {
      for size in 1...min(options.maximumMembers, group.count) {
        let chosen = MemberSubsets(
          ofSize: size, of: group.count, limit: options.maximumSubsets, seed: options.seed)
        isSampled = isSampled || chosen.isSampled
        found.formUnion(chosen.subsets.map { $0.map { group[$0] } })
      }
    }
    return found.sorted {
      $0.count != $1.count ? $0.count < $1.count : $0.lexicographicallyPrecedes($1)
    }
  }

  /// All single members, those that are best for their cost, and some of the others.
  private func kept(_ subsets: [[Int]], _ accuracies: [Double]) -> [Int] {
    let costs = subsets.map(cost(of:))
    let sameNetwork = subsets.indices.filter {
      CandidateBuilder.kind(of: subsets[$0].map { sets.test[$0] }) != .mixed
    }
    var kept = Set(subsets.indices.filter { subsets[$0].count == 1 })
    kept.formUnion(Self.pareto(Array(subsets.indices), costs, accuracies))
    kept.formUnion(Self.pareto(sameNetwork, costs, accuracies))
    let others = subsets.indices.filter { !kept.contains($0) }
    let step = max(1, (others.count + Self.mostOthers - 1) / Self.mostOthers)
    for place in stride(from: 0, to: others.count, by: step) { kept.insert(others[place]) }
    return kept.sorted()
  }

  private func cost(of subset: [Int]) -> Double {
    let costs = subset.map { self.costs[$0] }
    return options.cost == .parallelLatency ? costs.max() ?? 0 : costs.reduce(0, +)
  }

  /// Of the given, those that none of the others is better than in one and as good as in the other; of equals all but the
  /// first are left out.
  static func pareto(
    _ indices: [Int], _ costs: [Double], _ accuracies: [Double]
  ) -> [Int] {
    let order = indices.sorted {
      (costs[$0], -accuracies[$0], $0) < (costs[$1], -accuracies[$1], $1)
    }
    var best = -1.0
    return order.filter { index in
      guard accuracies[index] > best else { return false }
      best = accuracies[index]
      return true
    }
  }
}

// MARK: - Weights and cascades

extension CandidatePool {
  /// What weights and greedy choice make of all members.
  mutating func addFitted(
    _ rules: RuleComparison, _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    let weights = rules.weights.weights
    try addWeighted(.weighted, weights, builder)
    let counts = Dictionary(
      uniqueKeysWithValues: rules.selection.members.map { ($0.name, $0.count) })
    let total = Double(counts.values.reduce(0, +))
    try addWeighted(.greedy, sets.test.map { Double(counts[$0.name] ?? 0) / total }, builder)
  }

  private mutating func addWeighted(
    _ kind: Candidate.Kind, _ weights: [Double], _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    let used = weights.indices.filter { weights[$0] > 0 }
    guard used.count > 1, !isPlain(used.map { weights[$0] }) else { return }
    add([
      try builder.candidate(kind, members: used, Combination(weights: used.map { weights[$0] }))
    ])
  }

  /// Whether members of such weights are among the ensembles already.
  private func isPlain(_ weights: [Double]) -> Bool {
    Set(weights).count == 1 && weights.count <= options.maximumMembers && !isSampled
      && [.geometricMean, .logitMean].contains(options.rule)
  }

  /// The best cascades for budgets from the cheapest member up, and that for what is wanted.
  mutating func addCascades(_ builder: CandidateBuilder) throws(EnsembleError) {
    try addCascades(cascadeGoals(cascadeCosts()), builder)
  }

  /// The cheapest cascade that lies above the best single member by the margin that is wanted.
  ///
  /// How much is known only of a cascade that is there: the one that just reaches it tells how much the two differ.
  mutating func addCascadesWithMargin(_ builder: CandidateBuilder) throws(EnsembleError) {
    guard needsMargin, let reaching = try cheapest(builder, margin: 0), reaching != reference else {
      return
    }
    // What is found may differ from the single member in more images than what told how much: a little more is tried too.
    for factor in [1, 1.25] {
      let error = try standardError(of: reaching, builder)
      let needed = accuracy(reference) + factor * options.margin * error
      guard needed <= 1 else { return }
      try addCascades([.accuracy(atLeast: needed)], builder)
    }
  }

  private func cascadeCosts() throws(EnsembleError) -> [Double] {
    // All of a cascade's parameters are always stored: what it saves is computation.
    try options.cost == .parameters ? sets.costs(.multiplyAccumulates) : costs
  }

  private mutating func addCascades(
    _ goals: [Cascade.Goal], _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    guard options.maximumStages > 1, sets.test.count > 1 else { return }
    let costs = try cascadeCosts()
    var found = Set(
      candidates.filter { $0.kind == .cascade }.map { Plan($0.members, $0.combination) })
    for pool in cascadePools {
      let cascades = try Cascade.search(
        pool.map { sets.holdOut[$0] }, maximumStages: options.maximumStages, rule: options.rule,
        confidences: options.confidences, goals: goals, costs: pool.map { costs[$0] })
      for cascade in cascades.compactMap({ $0 }) where cascade.stages.count > 1 {
        let plan = Plan(cascade.stages.map(\.member), cascade.combination)
        guard found.insert(plan).inserted else { continue }
        let members = cascade.stages.compactMap { stage in
          sets.test.firstIndex { $0.name == stage.member }
        }
        add([try builder.candidate(.cascade, members: members, cascade.combination)])
      }
    }
  }

  /// What makes two cascades the same.
  private struct Plan: Hashable {
    let members: [String]
    let combination: Combination

    init(_ members: [String], _ combination: Combination) {
      (self.members, self.combination) = (members, combination)
    }
  }

  /// The members that may make one cascade.
  private var cascadePools: [[Int]] {
    let all = Array(sets.test.indices)
    guard options.isSameNetworkOnly else { return [all] }
    return Dictionary(grouping: all) { sets.test[$0].network }.values
      .filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }

  private func cascadeGoals(_ costs: [Double]) -> [Cascade.Goal] {
    let low = costs.min() ?? 1
    let high = max((costs.max() ?? 1) * 1.5, low * 4)
    var goals = (1...Self.cascadeBudgets).map { step -> Cascade.Goal in
      let share = Double(step) / Double(Self.cascadeBudgets)
      return .cost(atMost: low * power(high / low, share))
    }
    goals.append(.accuracy(atLeast: accuracy(reference)))
    if let accuracy = options.minimumAccuracy { goals.append(.accuracy(atLeast: accuracy)) }
    if let cost = options.maximumCost, options.cost != .parameters {
      goals.append(.cost(atMost: cost))
    }
    return goals
  }
}

// MARK: - The choice

extension CandidatePool {
  /// Marks the candidates that are best for their cost on the hold-out.
  mutating func rank() {
    let all = Array(candidates.indices)
    let costs = all.map(cost)
    let accuracies = all.map(accuracy)
    for index in Self.pareto(all, costs, accuracies) { candidates[index].isOnFrontier = true }
    let sameNetwork = all.filter { [.single, .ensemble].contains(candidates[$0].kind) }
    for index in Self.pareto(sameNetwork, costs, accuracies) {
      candidates[index].isOnSameNetworkFrontier = true
    }
  }

  /// The candidate that the hold-out says to take.
  ///
  /// Within a budget the most accurate, of equals the cheapest; without one the cheapest that is accurate enough.
  func choose(_ builder: CandidateBuilder) throws(EnsembleError) -> Int {
    if needsMargin { return try cheapest(builder, margin: options.margin) ?? reference }
    let budget = options.maximumCost ?? .infinity
    let needed = options.minimumAccuracy ?? 0
    // A hair apart, lest decimals that were asked for, or summed, round the wrong way.
    let allowed = candidates.indices.filter {
      cost($0) <= budget * (1 + 1e-9) && accuracy($0) >= needed - 1e-9
    }
    let best = allowed.reduce(nil as Int?) { best, index in
      guard let best else { return index }
      let isBetter =
        options.maximumCost != nil
        ? isBetter(index, than: best)
        : (-cost(index), accuracy(index)) > (-cost(best), accuracy(best))
      return isBetter ? index : best
    }
    guard let best else {
      throw .unreachableGoal(unreachable(budget, needed), members: sets.test.map(\.name))
    }
    return best
  }

  /// Whether the best single member is what is to be reached.
  private var needsMargin: Bool { options.maximumCost == nil && options.minimumAccuracy == nil }

  /// The cheapest candidate that is more accurate on the hold-out than the best single member by so many standard errors
  /// of the difference, of equals the most accurate; that member itself differs by none.
  private func cheapest(
    _ builder: CandidateBuilder, margin: Double
  ) throws(EnsembleError) -> Int? {
    let ascending = candidates.indices.filter { accuracy($0) >= accuracy(reference) - 1e-9 }
      .sorted { (cost($0), -accuracy($0), $0) < (cost($1), -accuracy($1), $1) }
    for index in ascending {
      guard index != reference, margin > 0 else { return index }
      let error = try standardError(of: index, builder)
      if accuracy(index) - accuracy(reference) >= margin * error - 1e-9 { return index }
    }
    return nil
  }

  /// Of the difference between a candidate's accuracy on the hold-out and the best single member's, on the same images.
  private func standardError(
    of index: Int, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Double {
    let first = try builder.correctness(of: candidates[index], in: sets.holdOut)
    let second = try builder.correctness(of: candidates[reference], in: sets.holdOut)
    let differences = zip(first, second).map { $0 - $1 }
    let count = Double(differences.count)
    let mean = differences.reduce(0, +) / count
    let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / (count * max(1, count - 1))).squareRoot()
  }

  private func unreachable(_ budget: Double, _ needed: Double) -> String {
    let all = candidates.indices
    let cheapest = all.map(cost).min() ?? 0
    let best = all.filter { cost($0) <= budget * (1 + 1e-9) }.map(accuracy).max()
    let goal = "a cost of at most \(budget) \(options.cost.unit)"
    guard let best else { return "\(goal) (the cheapest costs \(cheapest))" }
    return "an accuracy of \(needed)" + (budget.isFinite ? " at \(goal)" : "")
      + " (the best has \(best))"
  }

  /// Compares those that matter with the best single member on the test images.
  mutating func compare(chosen: Int, _ builder: CandidateBuilder) throws(EnsembleError) {
    let compared = candidates.indices.filter { index in
      let candidate = candidates[index]
      return index != reference
        && (candidate.isOnFrontier || candidate.isOnSameNetworkFrontier || index == chosen
          || ![.ensemble, .mixed].contains(candidate.kind))
    }
    guard !compared.isEmpty else { return }
    var columns = [try builder.correctness(of: candidates[reference], in: sets.test)]
    for index in compared {
      columns.append(try builder.correctness(of: candidates[index], in: sets.test))
    }
    let bootstrap = PairedBootstrap(columns: columns, seed: options.seed)
    for (place, index) in zip(1..., compared) {
      let test = McNemarTest(first: columns[place], second: columns[0])
      let interval = bootstrap.interval(place, minus: 0)
      candidates[index].comparison = Candidate.Comparison(
        difference: test.difference, interval: ConfidenceInterval(interval),
        mcNemarPValue: test.pValue,
        verdict: Frontier.Verdict(
          interval, pairDifference: test.difference, pValue: test.pValue))
    }
  }
}
