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
    try addCascades(cascadeGoals(cascadeCosts()), builder)
  }

  /// The cheapest cascade that lies above the best single member by the margin that is wanted.
  ///
  /// How much is known only of a cascade that is there: the one that just reaches it shows how much the two differ.
  mutating func addCascadesWithMargin(_ builder: CandidateBuilder) throws(EnsembleError) {
    guard needsMargin, let reaching = try cheapest(builder, margin: 0), reaching != reference else {
      return
    }
    // What is found may differ from the single member in more images than what showed how much: a little more is tried too.
    for factor in [1, 1.25] {
      let error = try standardError(of: reaching, against: reference, builder)
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
    let fewest = Decision.fewestReaching(of: cascadeHoldOut[0].count)
    for pool in cascadePools {
      cascadeGoals.planned += goals.count
      let search = try CascadeSearch(
        pool.map { cascadeHoldOut[$0] }, maximumStages: options.maximumStages, rule: options.rule,
        confidences: options.confidences, costs: pool.map { costs[$0] }, fewestReaching: fewest)
      let result = search.run(goals, clock: cascadeClock)
      cascadeGoals.tried += result.tried
      for cascade in result.cascades.compactMap({ $0 }) where cascade.stages.count > 1 {
        let plan = Plan(cascade.stages.map(\.member), cascade.combination)
        guard found.insert(plan).inserted else { continue }
        let members = cascade.stages.compactMap { stage in
          sets.test.firstIndex { $0.name == stage.member }
        }
        let candidate = try builder.candidate(.cascade, members: members, cascade.combination)
        if isReachedEnough(candidate) { add([candidate]) }
      }
    }
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

  private func cascadeGoals(_ costs: [Double]) -> [Cascade.Goal] {
    let low = costs.min() ?? 1
    let high = max((costs.max() ?? 1) * 1.5, low * 4)
    let budgets = (1...Self.budgetCount).map { step -> Cascade.Goal in
      let share = Double(step) / Double(Self.budgetCount)
      return .cost(atMost: low * power(high / low, share))
    }
    var wanted = [Cascade.Goal.accuracy(atLeast: accuracy(reference))]
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
