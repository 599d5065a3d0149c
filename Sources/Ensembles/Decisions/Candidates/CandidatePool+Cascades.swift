import Ensembles
import Predictions
import Randomness
import Statistics

extension CandidatePool {
  /// Budgets for which cascades are searched.
  private static let budgetCount = 14
  /// The most images that thresholds are searched on: more add nothing, and take longer.
  static let mostCascadeImages = 100_000

  /// Of more images than thresholds are searched on, a sample.
  static func cascadeSample(
    _ holdOut: [Predictions], seed: UInt64
  ) throws(EnsembleError) -> ([Predictions], count: Int?) {
    guard holdOut[0].count > mostCascadeImages else { return (holdOut, nil) }
    var generator = RandomStream(seed: seed, 0x6361_7363)
    let drawn = generator.permutation(of: holdOut[0].count).prefix(mostCascadeImages).sorted()
    var sample: [Predictions] = []
    for member in holdOut { sample.append(try member.selecting(drawn)) }
    return (sample, mostCascadeImages)
  }

  /// The best cascades for budgets from the cheapest member up, and that for what is wanted.
  mutating func addCascades(_ builder: CandidateBuilder) throws(EnsembleError) {
    let start = candidates.count
    try addCascades(goalsOfCascades(), on: cascadeHoldOut, builder, isWhole: true)
    for index in start..<candidates.count { candidates[index].origin = .wholeHoldOut }
  }

  func cascadeCosts() throws(EnsembleError) -> [Double] {
    // All of a cascade's parameters are always stored: what it saves is computation.
    try options.cost == .parameters ? sets.costs(.multiplyAccumulates) : costs
  }

  /// Searches cascades on some images by all members.
  ///
  /// - Parameter isWhole: Whether they are all that choose: the record of the search counts these, and all of them must come to
  ///   each stage often enough. Else the other images have no say in what is found.
  /// - Returns: Where they stand among the candidates; those that were known are not added again.
  @discardableResult mutating func addCascades(
    _ goals: [Cascade.Goal], on holdOut: [Predictions], _ builder: CandidateBuilder, isWhole: Bool
  ) throws(EnsembleError) -> [Int] {
    guard options.maximumStages > 1, sets.test.count > 1 else { return [] }
    var places: [Plan: Int] = [:]
    var refused: Set<Plan> = []
    for (place, candidate) in candidates.enumerated() where candidate.kind == .cascade {
      places[Plan(candidate.members, candidate.combination)] = place
    }
    var found: [Int] = []
    for pool in cascadePools {
      let result = try search(goals, on: holdOut, among: pool)
      if isWhole {
        cascadeGoals.planned += goals.count
        cascadeGoals.tried += result.tried
      }
      for cascade in result.cascades.compactMap({ $0 }) where cascade.stages.count > 1 {
        let plan = Plan(cascade.stages.map(\.member), cascade.combination)
        guard !refused.contains(plan) else { continue }
        if places[plan] == nil {
          let candidate = try builder.candidate(
            .cascade, members: cascade.stages.compactMap { place(of: $0.member) },
            cascade.combination)
          guard !isWhole || isReachedEnough(candidate) else {
            refused.insert(plan)
            continue
          }
          places[plan] = candidates.count
          add([candidate])
        }
        if let place = places[plan], !found.contains(place) { found.append(place) }
      }
    }
    return found
  }

  private func place(of member: String) -> Int? { sets.test.firstIndex { $0.name == member } }

  private func search(
    _ goals: [Cascade.Goal], on holdOut: [Predictions], among pool: [Int]
  ) throws(EnsembleError) -> (cascades: [Cascade?], tried: Int) {
    let costs = try cascadeCosts()
    let search = try CascadeSearch(
      pool.map { holdOut[$0] }, maximumStages: options.maximumStages, rule: options.rule,
      confidences: options.confidences, costs: pool.map { costs[$0] },
      fewestReaching: Decision.fewestReaching(of: holdOut[0].count))
    return search.run(goals, clock: cascadeClock)
  }

  /// For each goal the best cascade or single member on some images; of several groups of members the most accurate.
  func cascades(
    _ goals: [Cascade.Goal], on holdOut: [Predictions]
  ) throws(EnsembleError) -> [Cascade?] {
    var best = [Cascade?](repeating: nil, count: goals.count)
    for pool in cascadePools {
      for (place, cascade) in try search(goals, on: holdOut, among: pool).cascades.enumerated() {
        guard let cascade else { continue }
        if let known = best[place], known.holdOut.accuracy >= cascade.holdOut.accuracy { continue }
        best[place] = cascade
      }
    }
    return best
  }

  /// Whether enough images of the whole hold-out come to each stage.
  private func isReachedEnough(_ candidate: Candidate) -> Bool {
    let images = Double(sets.holdOut[0].count)
    let fewest = Double(Decision.fewestReaching(of: sets.holdOut[0].count))
    var reaching = 1.0
    return (candidate.exitFractions ?? []).dropLast().allSatisfy { fraction in
      reaching -= fraction
      return (reaching * images).rounded() >= fewest
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

  /// Budgets from the cheapest member up.
  func budgets(_ costs: [Double]) -> [Cascade.Goal] {
    let low = costs.min() ?? 1
    let high = max((costs.max() ?? 1) * 1.5, low * 4)
    return (1...Self.budgetCount).map { step in
      let share = Double(step) / Double(Self.budgetCount)
      return .cost(atMost: low * power(high / low, share))
    }
  }

  /// The same of the members' computation, and what all of them cost together: that bounds nothing.
  func cascadeBudgets() throws(EnsembleError) -> [Cascade.Goal] {
    let costs = try cascadeCosts()
    return budgets(costs) + [.cost(atMost: costs.reduce(0, +))]
  }

  private func goalsOfCascades() throws(EnsembleError) -> [Cascade.Goal] {
    let budgets = try cascadeBudgets()
    // What is as accurate as the best single model, and what may lose the tolerance: the plans without a promise.
    var wanted = [0, options.tolerance / 100].map {
      Cascade.Goal.accuracy(atLeast: max(0, accuracy(reference) - $0))
    }
    if options.cost != .parameters {
      wanted.append(.cost(atMost: cost(reference)))
    }
    // A sample may be a little easier than the whole: then what is wanted is missed by a hair.
    let isSampled = cascadeImages != nil
    if let accuracy = options.minimumAccuracy {
      wanted += (isSampled ? [0, 0.001, 0.003] : [0]).map { .accuracy(atLeast: accuracy + $0) }
        .filter { if case .accuracy(let least) = $0 { least <= 1 } else { true } }
    }
    if let cost = options.maximumCost, options.cost != .parameters {
      wanted += (isSampled ? [1, 0.995, 0.985] : [1]).map { .cost(atMost: cost * $0) }
    }
    // Where time may be over before all are tried, what is wanted comes first.
    return cascadeClock.isLimited ? wanted + budgets : budgets + wanted
  }
}

extension Decision {
  /// How many of so many images come to each stage of a cascade at least: 1 %, and 20.
  ///
  /// A stage for fewer was chosen by luck, and costs its parameters whatever it gains.
  public static func fewestReaching(of images: Int) -> Int { max(20, (images + 99) / 100) }
}
