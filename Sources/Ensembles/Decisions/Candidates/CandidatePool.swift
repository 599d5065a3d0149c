import Ensembles
import Predictions
import Statistics

/// All candidates of one decision.
struct CandidatePool {
  let sets: PredictionSets
  let options: Decision.Options
  /// Of each member, in the measure of the decision.
  let costs: [Double]
  var candidates: [Candidate] = []
  /// The hold-out in folds, and in the parts that design and prove.
  let parts: HoldOutParts
  /// The ensembles that were tried.
  private(set) var search: EnsembleSearch
  /// How many goals cascades were to be searched for, and were.
  var cascadeGoals = (planned: 0, tried: 0)
  /// How many of the hold-out's images thresholds are searched on; nil for all.
  private(set) var cascadeImages: Int?
  /// By the members, of the images that thresholds are searched on.
  let cascadeHoldOut: [Predictions]
  /// Of the search for cascades.
  let cascadeClock: SearchClock
  /// The best single member on the hold-out.
  private(set) var reference = 0
  /// Of each ensemble that was tried, a number that is the same for those of the same networks, and its size.
  private(set) var kinds: [Int] = []
  private(set) var kindSizes: [Int] = []

  /// Ensembles that are kept beside those on a frontier, to show where the others lie.
  private static let mostOthers = 300

  /// Tries the ensembles.
  ///
  /// - Throws: `EnsembleError.tooManySubsets` where they do not fit into memory.
  init(
    _ sets: PredictionSets, options: Decision.Options, costs: [Double], builder: CandidateBuilder,
    pace: SearchPace = SearchPace()
  ) throws(EnsembleError) {
    self.sets = sets
    self.options = options
    self.costs = costs
    search = try EnsembleSearch(of: sets.test, options: options)
    // What the ensembles leave of the time is the cascades'.
    let clock = SearchClock(pace, .ensembles, limit: pace.secondsLeft.map { $0 / 3 })
    parts = HoldOutParts(sets.holdOut, seed: options.seed)
    search.run(sets.holdOut, rule: options.rule, folds: parts.folds, clock: clock)
    cascadeClock = SearchClock(
      pace, .cascades, limit: pace.secondsLeft.map { max(0, $0 - clock.elapsed) })
    (cascadeHoldOut, cascadeImages) = try Self.cascadeSample(sets.holdOut, seed: options.seed)
    add(builder.ensembles(kept().map { search.subsets[$0] }))
    (kinds, kindSizes) = networkKinds()
    reference = bestSingle
  }

  /// The ensembles that another pool tried, to be chosen among on some of its images alone; of the candidates the single
  /// members.
  init(
    _ pool: CandidatePool, on sets: PredictionSets, _ parts: HoldOutParts,
    _ builder: CandidateBuilder
  ) {
    (self.sets, self.parts) = (sets, parts)
    (options, costs, search) = (pool.options, pool.costs, pool.search)
    (cascadeClock, cascadeHoldOut, cascadeImages) = (pool.cascadeClock, sets.holdOut, nil)
    (kinds, kindSizes) = (pool.kinds, pool.kindSizes)
    add(builder.ensembles(sets.test.indices.map { [$0] }))
    reference = bestSingle
  }

  private var bestSingle: Int {
    let singles = candidates.indices.filter { candidates[$0].kind == .single }
    return singles.reduce(singles[0]) { best, index in
      isBetter(index, than: best) ? index : best
    }
  }

  /// What was tried.
  func record(seconds: Double?) -> SearchRecord {
    SearchRecord(
      seconds: seconds,
      ensembles: SearchRecord.Share(planned: search.planned, tried: search.tried),
      largestEnsemble: search.subsets.size(search.tried - 1),
      cascadeGoals: SearchRecord.Share(planned: cascadeGoals.planned, tried: cascadeGoals.tried),
      cascadeImages: cascadeImages)
  }

  mutating func add(_ found: [Candidate]) {
    for var candidate in found {
      candidate.id = "\(candidate.kind.rawValue)-\(candidates.count + 1)"
      candidates.append(candidate)
    }
  }

  func cost(_ index: Int) -> Double {
    candidates[index].holdOut.cost[options.cost] ?? .infinity
  }

  func accuracy(_ index: Int) -> Double {
    candidates[index].holdOut.metrics.top1Accuracy
  }

  /// Whether it is more accurate on the hold-out, or as accurate and cheaper.
  func isBetter(_ first: Int, than second: Int) -> Bool {
    (accuracy(first), -cost(first)) > (accuracy(second), -cost(second))
  }
}

// MARK: - Ensembles

extension CandidatePool {
  /// Of those that were tried, all single members, those that are best for their cost, and some of the others.
  private func kept() -> [Int] {
    let all = Array(0..<search.tried)
    let costs = all.map(cost(ofSubset:))
    let isMixed = all.map(isMixed(subset:))
    var kept = Set(all.filter { search.subsets.size($0) == 1 })
    kept.formUnion(Self.frontier(all, costs, search.accuracies))
    kept.formUnion(Self.frontier(all.filter { !isMixed[$0] }, costs, search.accuracies))
    let others = all.filter { !kept.contains($0) }
    let step = max(1, (others.count + Self.mostOthers - 1) / Self.mostOthers)
    for place in stride(from: 0, to: others.count, by: step) { kept.insert(others[place]) }
    return kept.sorted()
  }

  /// Of members that all run on every image, in the measure of the decision.
  func wholeCost(of members: [Int]) -> Double {
    let costs = members.map { self.costs[$0] }
    return options.cost == .parallelLatency ? costs.max() ?? 0 : costs.reduce(0, +)
  }

  func cost(ofSubset index: Int) -> Double {
    var (sum, greatest) = (0.0, 0.0)
    search.subsets.forEach(in: index) { member in
      sum += costs[member]
      greatest = max(greatest, costs[member])
    }
    return options.cost == .parallelLatency ? greatest : sum
  }

  private func networkKinds() -> (kinds: [Int], sizes: [Int]) {
    let networks = Dictionary(grouping: sets.test.indices) { sets.test[$0].network }.values
      .sorted { $0[0] < $1[0] }
    var place = [Int](repeating: 0, count: sets.test.count)
    for (number, members) in networks.enumerated() {
      for member in members { place[member] = number }
    }
    var known: [[Int]: Int] = [:]
    var kinds: [Int] = []
    for index in 0..<search.tried {
      var own: [Int] = []
      search.subsets.forEach(in: index) { own.append(place[$0]) }
      own.sort()
      let kind = known[own] ?? known.count
      known[own] = kind
      kinds.append(kind)
    }
    return (kinds, (0..<search.tried).map { search.subsets.size($0) })
  }

  private func isMixed(subset index: Int) -> Bool {
    var first: String?
    var isMixed = false
    search.subsets.forEach(in: index) { member in
      let network = sets.test[member].network
      isMixed = isMixed || network != first ?? network
      first = first ?? network
    }
    return isMixed
  }

  /// Those of the given that are on the frontier.
  static func frontier(_ indices: [Int], _ costs: [Double], _ accuracies: [Double]) -> [Int] {
    ParetoFrontier.indices(of: indices, cost: { costs[$0] }, accuracy: { accuracies[$0] })
  }
}

// MARK: - Weights

extension CandidatePool {
  /// What weights and greedy choice make of all members.
  mutating func addFitted(
    _ rules: RuleComparison, _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    let start = candidates.count
    try addWeighted(
      FittedWeights(kind: .weighted, weights: rules.weights.weights), builder)
    try addWeighted(FittedWeights(rules.selection, sets.test), builder)
    for index in start..<candidates.count { candidates[index].origin = .wholeHoldOut }
  }

  mutating func addWeighted(
    _ fitted: FittedWeights, _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    let used = fitted.used
    guard used.count > 1, !isPlain(used.map(\.weight)) else { return }
    add([
      try builder.candidate(
        fitted.kind, members: used.map(\.member), Combination(weights: used.map(\.weight)))
    ])
  }

  /// Whether members of such weights are among the ensembles already.
  private func isPlain(_ weights: [Double]) -> Bool {
    Set(weights).count == 1 && weights.count <= options.maximumMembers && !search.isSampled
      && search.tried == search.planned
      && [.geometricMean, .logitMean].contains(options.rule)
  }
}
