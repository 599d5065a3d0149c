import Formatting
import Predictions
import Statistics

extension CandidatePool {
  /// Marks the candidates that are best for their cost on the hold-out.
  mutating func rank() {
    let all = Array(candidates.indices)
    let costs = all.map(cost)
    let accuracies = all.map(accuracy)
    for index in Self.frontier(all, costs, accuracies) { candidates[index].isOnFrontier = true }
    let sameNetwork = all.filter { [.single, .ensemble].contains(candidates[$0].kind) }
    for index in Self.frontier(sameNetwork, costs, accuracies) {
      candidates[index].isOnSameNetworkFrontier = true
    }
  }

  /// The candidate that the hold-out says to take.
  ///
  /// Within a budget the simplest that is as accurate as the most accurate, but for the margin; without one the cheapest
  /// that is accurate enough.
  func choose(_ builder: CandidateBuilder) throws(EnsembleError) -> Int {
    if needsMargin { return try cheapest(builder, margin: options.margin) ?? reference }
    let budget = options.maximumCost ?? .infinity
    let needed = options.minimumAccuracy ?? 0
    // A hair apart, so that decimals that were asked for, or summed, do not round the wrong way.
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
    return options.maximumCost == nil ? best : try simplest(allowed, best: best, builder)
  }

  /// The simplest of the candidates that lie no more than the margin below the best of them: the one with the fewest
  /// members, of as many one without weights or thresholds, of these the most accurate.
  private func simplest(
    _ allowed: [Int], best: Int, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Int {
    guard options.margin > 0 else { return best }
    var classes: [Candidate.Simplicity: Int] = [:]
    for index in allowed {
      let simplicity = candidates[index].simplicity
      if let other = classes[simplicity], !isBetter(index, than: other) { continue }
      classes[simplicity] = index
    }
    let own = candidates[best].simplicity
    for (_, index) in classes.sorted(by: { $0.key < $1.key }).filter({ $0.key < own }) {
      let error = try standardError(of: best, against: index, builder)
      if accuracy(best) - accuracy(index) <= options.margin * error + 1e-9 { return index }
    }
    return best
  }

  /// Whether the best single member is what is to be reached.
  var needsMargin: Bool { options.maximumCost == nil && options.minimumAccuracy == nil }

  /// The cheapest candidate that is more accurate on the hold-out than the best single member by so many standard errors
  /// of the difference, of equals the most accurate; that member itself differs by none.
  func cheapest(
    _ builder: CandidateBuilder, margin: Double
  ) throws(EnsembleError) -> Int? {
    let ascending = candidates.indices.filter { accuracy($0) >= accuracy(reference) - 1e-9 }
      .sorted { (cost($0), -accuracy($0), $0) < (cost($1), -accuracy($1), $1) }
    for index in ascending {
      guard index != reference, margin > 0 else { return index }
      let error = try standardError(of: index, against: reference, builder)
      if accuracy(index) - accuracy(reference) >= margin * error - 1e-9 { return index }
    }
    return nil
  }

  /// Of the difference between two candidates' accuracies on the hold-out, on the same images.
  func standardError(
    of index: Int, against other: Int, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Double {
    let first = try builder.correctness(of: candidates[index], in: sets.holdOut)
    let second = try builder.correctness(of: candidates[other], in: sets.holdOut)
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
    let goal = "a cost of at most \(NumberFormat.short(budget)) \(options.cost.unit)"
    guard let best else { return "\(goal) (the cheapest costs \(NumberFormat.short(cheapest)))" }
    return "an accuracy of \(NumberFormat.shortPercent(needed))"
      + (budget.isFinite ? " at \(goal)" : "")
      + " (the best has \(NumberFormat.shortPercent(best)))"
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
    let hits = try builder.correctness(of: candidates[reference], in: sets.test)
    // Many images are not resampled, and need not be held for all candidates at once.
    let size = hits.count > PairedBootstrap.mostResampledImages ? 1 : compared.count
    for start in stride(from: 0, to: compared.count, by: size) {
      let part = Array(compared[start..<min(start + size, compared.count)])
      try compare(part, with: hits, builder)
    }
  }

  private mutating func compare(
    _ compared: [Int], with reference: [Double], _ builder: CandidateBuilder
  ) throws(EnsembleError) {
    var columns = [reference]
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
