import Formatting
import Predictions
import Statistics

extension CandidatePool {
  /// Marks the candidates that are best for their cost on the hold-out.
  mutating func rank() {
    let all = Array(candidates.indices)
    let costs = all.map { cost($0) }
    let accuracies = all.map(accuracy)
    for index in Self.frontier(all, costs, accuracies) { candidates[index].isOnFrontier = true }
    let sameNetwork = all.filter { [.single, .ensemble].contains(candidates[$0].kind) }
    for index in Self.frontier(sameNetwork, costs, accuracies) {
      candidates[index].isOnSameNetworkFrontier = true
    }
  }

  /// What a budget bounds of a candidate's cost: of a cascade that of some of its images.
  func boundedCost(_ index: Int) -> Double {
    let candidate = candidates[index]
    guard options.costQuantile != .mean, options.cost != .parameters,
      let fractions = candidate.exitFractions
    else { return cost(index) }
    let own = candidate.members.compactMap { name in
      sets.test.firstIndex { $0.name == name }.map { costs[$0] }
    }
    return options.costQuantile.cost(own, fractions)
  }

  /// The candidates within the budget that are accurate enough on the hold-out, where either was asked for.
  func withinGoals() throws(EnsembleError) -> [Int] {
    let budget = options.maximumCost ?? .infinity
    let needed = options.minimumAccuracy ?? 0
    // A hair apart, so that decimals that were asked for, or summed, do not round the wrong way.
    let allowed = candidates.indices.filter {
      boundedCost($0) <= budget * (1 + 1e-9) && accuracy($0) >= needed - 1e-9
    }
    guard !allowed.isEmpty else {
      throw .unreachableGoal(unreachable(budget, needed), members: sets.test.map(\.name))
    }
    return allowed
  }

  private func unreachable(_ budget: Double, _ needed: Double) -> String {
    let all = candidates.indices
    let cheapest = all.map(boundedCost).min() ?? 0
    let best = all.filter { boundedCost($0) <= budget * (1 + 1e-9) }.map(accuracy).max()
    let goal = "a cost of at most \(NumberFormat.short(budget)) \(options.cost.unit)"
    guard let best else { return "\(goal) (the cheapest costs \(NumberFormat.short(cheapest)))" }
    return "an accuracy of \(NumberFormat.shortPercent(needed))"
      + (budget.isFinite ? " at \(goal)" : "")
      + " (the best has \(NumberFormat.shortPercent(best)))"
  }

  /// Compares those that matter with the best single member on the test images.
  ///
  /// - Returns: The ids of those that may be the most accurate on images like these.
  mutating func compare(
    _ choice: ChoiceRecord, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> [String] {
    let named = Set(
      choice.promise.tests.map(\.candidate) + choice.answers.map(\.candidate)
        + choice.guarantees.flatMap { [$0.candidate, $0.plan].compactMap { $0 } })
    let compared = candidates.indices.filter { index in
      let candidate = candidates[index]
      return index != reference
        && (candidate.isOnFrontier || candidate.isOnSameNetworkFrontier || index == choice.chosen
          || ![.ensemble, .mixed].contains(candidate.kind) || named.contains(candidate.id))
    }
    guard !compared.isEmpty else { return [candidates[reference].id] }
    let hits = try builder.correctness(of: candidates[reference], in: sets.test)
    // Many images are not resampled, and need not be held for all candidates at once.
    let size = hits.count > PairedBootstrap.mostResampledImages ? 1 : compared.count
    var differences: [[Int8]] = []
    for start in stride(from: 0, to: compared.count, by: size) {
      let part = Array(compared[start..<min(start + size, compared.count)])
      differences += try compare(part, with: hits, builder)
    }
    let simultaneous = SimultaneousIntervals(
      differences: differences, confidence: 0.95, seed: options.seed)
    for (place, index) in compared.enumerated() {
      let (centre, half) = (simultaneous.differences[place], simultaneous.halfWidths[place])
      candidates[index].comparison?.simultaneousInterval = ConfidenceInterval(
        max(-1, centre - half)...min(1, centre + half))
      candidates[index].comparison?.adjustedPValue = simultaneous.adjustedPValues[place]
    }
    return zip(compared + [reference], simultaneous.isAmongBest).filter(\.1).map {
      candidates[$0.0].id
    }
  }

  /// - Returns: For each, its correctness less the reference's, on each image.
  private mutating func compare(
    _ compared: [Int], with reference: [Double], _ builder: CandidateBuilder
  ) throws(EnsembleError) -> [[Int8]] {
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
          interval, pairDifference: test.difference, pValue: test.pValue),
        simultaneousInterval: nil, adjustedPValue: nil)
    }
    return columns.dropFirst().map { column in zip(column, reference).map { Int8($0 - $1) } }
  }
}
