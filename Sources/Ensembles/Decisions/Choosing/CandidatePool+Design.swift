import Ensembles
import Predictions
import Statistics

/// What the part of the hold-out that designs makes of the members: what could be shown to be as good.
struct DesignedCandidates {
  /// Positions among the pool's candidates, each once: all single models first.
  let indices: [Int]
  /// For each of them, which images of the whole hold-out it is right about.
  let isRight: [ImageBits]
  /// For each of them, what an image costs on average on the images that design: the order of the tests is theirs alone, and
  /// where the other images stop in a cascade has no say in it.
  let costs: [Double]
  /// For each of them, by how much its accuracy on the images that design is flattered.
  let flattery: [Double]
}

extension CandidatePool {
  /// The most scores that are copied for a fit on some of the images.
  private static let mostCopiedScores = 1 << 26
  /// The most ensembles without weights and thresholds that are designed.
  private static let mostDesigned = 24
  /// The fewest images that weights and thresholds are fitted on.
  static let fewestFitted = 10

  /// Members' predictions of some of the images; of more than fit into memory beside the others, of the first.
  func holdOut(of images: [Int]) throws(EnsembleError) -> [Predictions] {
    let row = max(1, sets.holdOut.count * sets.holdOut[0].classes)
    let fitting = min(Self.mostCascadeImages, max(1, Self.mostCopiedScores / row))
    // Images of all classes, whatever their order: every so many of them.
    let step = max(1, (images.count + fitting - 1) / fitting)
    let used = stride(from: 0, to: images.count, by: step).map { images[$0] }
    var found: [Predictions] = []
    for member in sets.holdOut { found.append(try member.selecting(used)) }
    return found
  }

  /// Designs: ensembles that are best for their cost, weights, greedy selection and cascades, by the one part alone.
  mutating func design(
    _ parts: HoldOutParts, _ hits: FoldHits, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> DesignedCandidates {
    let folds = parts.folds.indices.filter { parts.isDesign(fold: $0) }
    guard !folds.isEmpty else {
      return DesignedCandidates(indices: [], isRight: [], costs: [], flattery: [])
    }
    let shrunken = self.shrunken(hits, folds)
    var found: [(index: Int, flattery: Double)] = []
    for subset in designedSubsets(shrunken) {
      let index = try self.index(ofSubset: subset, builder)
      found.append((index, hits.accuracy(of: subset, in: folds) - shrunken[subset]))
    }
    let fitted = try addDesigned(parts, hits, folds, builder)
    let indices = found.map(\.index) + fitted
    var (isRight, costs) = ([ImageBits](), [Double]())
    for index in indices {
      let record = try record(of: candidates[index])
      isRight.append(record.isRight)
      costs.append(designCost(of: index, record, parts))
    }
    var flattery = found.map(\.flattery)
    let designed = Double(parts.design.count)
    for place in found.count..<indices.count {
      // Half a standard error against the best single model: thresholds and weights took what chance offered.
      let differing = isRight[place].differing(from: isRight[0], in: parts.designBits)
      flattery.append(0.5 * Double(differing + 1).squareRoot() / designed)
    }
    return DesignedCandidates(
      indices: indices, isRight: isRight, costs: costs, flattery: flattery)
  }

  private func designCost(
    of index: Int, _ record: HoldOutRecord, _ parts: HoldOutParts
  ) -> Double {
    // All of a cascade's parameters are stored, wherever an image stops.
    guard record.exits != nil, options.cost != .parameters else { return cost(index) }
    let members = candidates[index].members.compactMap { name in
      sets.test.firstIndex { $0.name == name }.map { costs[$0] }
    }
    return record.cost(of: parts.design, members: members, whole: cost(index))
  }

  /// Accuracies of the ensembles that were tried, on some folds.
  func shrunken(_ hits: FoldHits, _ folds: [Int]) -> [Double] {
    ShrunkenAccuracies(hits: hits, folds: folds, kinds: kinds, sizes: kindSizes).values
  }

  /// The single members, and the ensembles that are best for their cost.
  private func designedSubsets(_ accuracies: [Double]) -> [Int] {
    let all = Array(0..<search.tried)
    let singles = all.filter { search.subsets.size($0) == 1 }
    let frontier = Self.frontier(all, all.map(cost(ofSubset:)), accuracies)
      .filter { search.subsets.size($0) > 1 }
    let step = max(1, (frontier.count + Self.mostDesigned - 1) / Self.mostDesigned)
    // The most accurate is the last, and is kept.
    return singles
      + stride(from: frontier.count - 1, through: 0, by: -step).map { frontier[$0] }.reversed()
  }

  /// Where an ensemble that was tried stands among the candidates; it is added where it does not.
  mutating func index(
    ofSubset subset: Int, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Int {
    let names = search.subsets[subset].map { sets.test[$0].name }
    let known = candidates.firstIndex {
      $0.members == names && [.single, .ensemble, .mixed].contains($0.kind)
    }
    if let known { return known }
    add(builder.ensembles([search.subsets[subset]]))
    return candidates.count - 1
  }

  /// What a candidate does to the images of the hold-out.
  func record(of candidate: Candidate) throws(EnsembleError) -> HoldOutRecord {
    try HoldOutRecord(
      Predictions.of(candidate.members, in: sets.holdOut), candidate.combination)
  }

  // MARK: Weights and thresholds

  private mutating func addDesigned(
    _ parts: HoldOutParts, _ hits: FoldHits, _ folds: [Int], _ builder: CandidateBuilder
  ) throws(EnsembleError) -> [Int] {
    guard sets.test.count > 1, parts.design.count >= Self.fewestFitted else { return [] }
    let start = candidates.count
    let members = try holdOut(of: parts.design)
    if options.fitsWeights {
      for fitted in try FittedWeights.both(members) { try addWeighted(fitted, builder) }
    }
    let singles = (0..<sets.test.count).map { hits.accuracy(of: $0, in: folds) }
    let goals = try designGoals(best: singles.max() ?? 0, images: parts)
    let fitted = Array(start..<candidates.count)
    // One that the whole hold-out found as well is designed all the same: else that would have a say in the list.
    let cascades = try addCascades(goals, on: members, builder, isWhole: false)
    for index in start..<candidates.count { candidates[index].origin = .designPart }
    return fitted + cascades
  }

  /// Budgets, and accuracies above the best single model's by as much as the images that prove may need.
  private func designGoals(
    best: Double, images parts: HoldOutParts
  ) throws(EnsembleError) -> [Cascade.Goal] {
    // Where one image in twenty differs.
    let error = (0.05 / Double(max(1, parts.proof.count))).squareRoot()
    let accuracies = [0, 1, 2, 3].map { best - options.tolerance / 100 + $0 * error }
    return try budgets(cascadeCosts())
      + accuracies.filter { (0...1).contains($0) }.map { .accuracy(atLeast: $0) }
  }
}

extension ImageBits {
  /// On how many images of a part just one of the two holds.
  func differing(from other: ImageBits, in part: ImageBits) -> Int {
    count(without: other, in: part) + other.count(without: self, in: part)
  }
}

/// Weights of all members, fitted in one of two ways.
struct FittedWeights {
  let kind: Candidate.Kind
  /// `[K]`.
  let weights: [Double]

  /// Of the least negative log-likelihood, and of greedy selection.
  static func both(_ holdOut: [Predictions]) throws(EnsembleError) -> [FittedWeights] {
    [
      FittedWeights(kind: .weighted, weights: try WeightedGeometricMean(fittedTo: holdOut).weights),
      FittedWeights(try GreedySelection(from: holdOut), holdOut),
    ]
  }

  init(kind: Candidate.Kind, weights: [Double]) {
    self.kind = kind
    self.weights = weights
  }

  init(_ selection: GreedySelection, _ members: [Predictions]) {
    kind = .greedy
    let counts = Dictionary(
      uniqueKeysWithValues: selection.members.map { ($0.name, $0.count) })
    let total = Double(counts.values.reduce(0, +))
    weights = members.map { Double(counts[$0.name] ?? 0) / total }
  }

  /// The members that have a weight, and it.
  var used: [(member: Int, weight: Double)] {
    weights.enumerated().filter { $0.element > 0 }.map { ($0.offset, $0.element) }
  }
}
