import Decisions
import Ensembles
import Predictions
import Statistics

/// The rule of Consort 1.x, kept to compare with: the cheapest candidate that is more accurate on the hold-out than the best
/// single member by one standard error of the paired difference, or that member itself.
///
/// The candidates are those that it had: single members, ensembles of up to four (those on a frontier, and a sample of the
/// others), weights, greedy choice, and cascades of up to three for fourteen budgets and for what is wanted.
struct OneStandardErrorRule: Rule {
  let name = "one standard error"

  func choose(_ draw: Draw) throws -> Choice {
    var pool = OneStandardErrorPool(draw.holdOut)
    try pool.addFitted()
    try pool.addCascades()
    try pool.addCascadesWithMargin()
    return pool.candidates[try pool.cheapest(margin: 1) ?? pool.reference].choice
  }
}

private struct OneStandardErrorPool {
  struct Candidate {
    let choice: Choice
    let accuracy, cost: Double
  }

  private static let maximumMembers = 4
  private static let maximumStages = 3
  private static let mostOthers = 300
  private static let budgetCount = 14

  let members: [Predictions]
  private(set) var candidates: [Candidate] = []
  private(set) var reference = 0
  private var costs: [Double] { members.map { Double($0.multiplyAccumulates) } }

  init(_ members: [Predictions]) {
    self.members = members
    let subsets = (1...min(Self.maximumMembers, members.count)).flatMap { size in
      MemberSubsets(ofSize: size, of: members.count, limit: 20_000, seed: 0).subsets
    }
    let accuracies = SubsetEvaluator(members: members, rule: .geometricMean, subsets: subsets)
      .top1Accuracies()
    for index in kept(subsets, accuracies) {
      let choice = Choice(members: subsets[index], .combination(Combination()))
      candidates.append(
        Candidate(choice: choice, accuracy: accuracies[index], cost: cost(of: subsets[index])))
    }
    let singles = candidates.indices.filter { candidates[$0].choice.members.count == 1 }
    reference = singles.reduce(singles[0]) { best, index in
      let (one, other) = (candidates[index], candidates[best])
      return (one.accuracy, -one.cost) > (other.accuracy, -other.cost) ? index : best
    }
  }

  private func cost(of places: [Int]) -> Double { places.reduce(0) { $0 + costs[$1] } }

  private func kept(_ subsets: [[Int]], _ accuracies: [Double]) -> [Int] {
    let all = Array(subsets.indices)
    func frontier(_ indices: [Int]) -> [Int] {
      ParetoFrontier.indices(
        of: indices, cost: { cost(of: subsets[$0]) }, accuracy: { accuracies[$0] })
    }
    let ofOneNetwork = all.filter { Set(subsets[$0].map { members[$0].network }).count == 1 }
    var kept = Set(all.filter { subsets[$0].count == 1 })
    kept.formUnion(frontier(all))
    kept.formUnion(frontier(ofOneNetwork))
    let others = all.filter { !kept.contains($0) }
    let step = max(1, (others.count + Self.mostOthers - 1) / Self.mostOthers)
    for place in stride(from: 0, to: others.count, by: step) { kept.insert(others[place]) }
    return kept.sorted()
  }

  // MARK: - Weights

  mutating func addFitted() throws {
    guard members.count > 1 else { return }
    try addWeighted(try WeightedGeometricMean(fittedTo: members).weights)
    let selection = try GreedySelection(from: members, roundCount: 25)
    let counts = Dictionary(
      uniqueKeysWithValues: selection.members.map { ($0.name, Double($0.count)) })
    let total = counts.values.reduce(0, +)
    try addWeighted(members.map { (counts[$0.name] ?? 0) / total })
  }

  private mutating func addWeighted(_ weights: [Double]) throws {
    let used = weights.indices.filter { weights[$0] > 0 }
    let usedWeights = used.map { weights[$0] }
    let isPlain = Set(usedWeights).count == 1 && used.count <= Self.maximumMembers
    guard used.count > 1, !isPlain else { return }
    let combination = Combination(weights: usedWeights)
    candidates.append(
      Candidate(
        choice: Choice(members: used, .combination(combination)),
        accuracy: try combination.metrics(of: used.map { members[$0] }).top1Accuracy,
        cost: cost(of: used)))
  }

  // MARK: - Cascades

  mutating func addCascades() throws {
    let low = costs.min() ?? 1
    let high = max((costs.max() ?? 1) * 1.5, low * 4)
    let budgets = (1...Self.budgetCount).map { step -> Cascade.Goal in
      .cost(atMost: low * power(high / low, Double(step) / Double(Self.budgetCount)))
    }
    try addCascades(budgets + [.accuracy(atLeast: candidates[reference].accuracy)])
  }

  /// The cheapest cascade that lies above the best single member by the margin.
  mutating func addCascadesWithMargin() throws {
    guard let reaching = try cheapest(margin: 0), reaching != reference else { return }
    for factor in [1, 1.25] {
      let error = try standardError(of: reaching)
      let needed = candidates[reference].accuracy + factor * error
      guard needed <= 1 else { return }
      try addCascades([.accuracy(atLeast: needed)])
    }
  }

  private mutating func addCascades(_ goals: [Cascade.Goal]) throws {
    guard members.count > 1 else { return }
    let fewest = Decision.fewestReaching(of: members[0].count)
    let search = try CascadeSearch(
      members, maximumStages: Self.maximumStages, rule: .geometricMean,
      confidences: [.maximumProbability], costs: costs, fewestReaching: fewest)
    let clock = SearchClock(SearchPace(), .cascades, limit: nil)
    for cascade in search.run(goals, clock: clock).cascades.compactMap({ $0 })
    where cascade.stages.count > 1 {
      let places = cascade.stages.compactMap { stage in
        members.firstIndex { $0.name == stage.member }
      }
      let choice = Choice(members: places, .combination(cascade.combination))
      guard !candidates.contains(where: { $0.choice == choice }) else { continue }
      let judgement = try Judgement(choice, members)
      guard try isReachedEnough(places, cascade.combination, fewest) else { continue }
      candidates.append(
        Candidate(
          choice: choice, accuracy: judgement.accuracy(nil), cost: judgement.cost(nil)))
    }
  }

  private func isReachedEnough(
    _ places: [Int], _ combination: Combination, _ fewest: Int
  ) throws -> Bool {
    let exits = try combination.exits(places.map { members[$0] })
    return places.indices.dropFirst().allSatisfy { stage in
      exits.count { $0 >= stage } >= fewest
    }
  }

  // MARK: - Choice

  func cheapest(margin: Double) throws -> Int? {
    let least = candidates[reference].accuracy - 1e-9
    let ascending = candidates.indices.filter { candidates[$0].accuracy >= least }.sorted {
      let (one, other) = (candidates[$0], candidates[$1])
      return (one.cost, -one.accuracy, $0) < (other.cost, -other.accuracy, $1)
    }
    for index in ascending {
      guard index != reference, margin > 0 else { return index }
      let difference = candidates[index].accuracy - candidates[reference].accuracy
      if difference >= margin * (try standardError(of: index)) - 1e-9 { return index }
    }
    return nil
  }

  /// Of the difference to the best single member, on the same images.
  private func standardError(of index: Int) throws -> Double {
    let first = try Judgement(candidates[index].choice, members).isRight
    let second = try Judgement(candidates[reference].choice, members).isRight
    let differences = zip(first, second).map { ($0 ? 1.0 : 0) - ($1 ? 1.0 : 0) }
    let count = Double(differences.count)
    let mean = differences.mean
    let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / (count * max(1, count - 1))).squareRoot()
  }
}
