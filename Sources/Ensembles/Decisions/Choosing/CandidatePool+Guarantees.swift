import Ensembles
import Predictions

extension CandidatePool {
  /// Thresholds that are tried for one sequence of members.
  private static let pathCount = 8

  /// The cheapest cascades whose thresholds keep a promise, beside the plans that keep it on the hold-out alone.
  mutating func guaranteeCascades(
    _ designed: DesignedCandidates, _ parts: HoldOutParts, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> [CascadeGuarantee] {
    let all = claims(designed)
    let cascades = designed.indices.indices.filter {
      candidates[designed.indices[$0]].kind == .cascade
    }
    guard !cascades.isEmpty else { return [] }
    let sequence = FixedSequence(
      cascades.map { all[$0] }, parts, tolerance: tolerance, level: level)
    let shown = sequence.shown.map { designed.indices[cascades[$0.claim]] }
    let plan = candidates.indices.filter {
      candidates[$0].kind == .cascade && candidates[$0].origin == .wholeHoldOut
        && accuracy($0) >= accuracy(reference) - tolerance - 1e-9
    }.min { cost($0) < cost($1) }
    var found = [guarantee(.bestSingle, shown, sequence, plan)]
    // One sequence of members, that of the cheapest which the images that design let hope for.
    let hopeful = cascades.filter { all[$0].sureness(parts, tolerance: tolerance) > 0 }
    let planned = (hopeful.isEmpty ? cascades : hopeful).min { all[$0].cost < all[$1].cost }
    if let planned {
      found.append(
        try guaranteeFullEnsemble(candidates[designed.indices[planned]], parts, builder))
    }
    return found
  }

  private func guarantee(
    _ target: CascadeGuarantee.Target, _ shown: Int?, _ sequence: FixedSequence, _ plan: Int?
  ) -> CascadeGuarantee {
    CascadeGuarantee(
      target: target, candidate: shown.map { candidates[$0].id }, cost: shown.map { cost($0) },
      pValue: sequence.shown?.pValue, plan: plan.map { candidates[$0].id },
      planCost: plan.map { cost($0) }, tested: sequence.steps.count)
  }

  // MARK: All members of one sequence

  private mutating func guaranteeFullEnsemble(
    _ cascade: Candidate, _ parts: HoldOutParts, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> CascadeGuarantee {
    let places = cascade.members.compactMap { name in
      sets.test.firstIndex { $0.name == name }
    }
    let whole = try HoldOutRecord(
      places.map { sets.holdOut[$0] }, Combination(rule: options.rule)
    ).isRight
    let path = try path(cascade, places, whole, parts)
    var claims: [Claim] = []
    for combination in path {
      let record = try HoldOutRecord(places.map { sets.holdOut[$0] }, combination)
      claims.append(
        Claim(
          isRight: record.isRight,
          cost: record.cost(
            of: parts.design, members: places.map { costs[$0] }, whole: wholeCost(of: places)),
          rivals: [Claim.Rival(index: 0, isRight: whole)]))
    }
    let sequence = FixedSequence(claims, parts, tolerance: tolerance, level: level)
    let shown = try sequence.shown.map { (step) throws(EnsembleError) in
      try cascadeIndex(places, path[step.claim], .designPart, builder)
    }
    let least = Double(whole.count) / Double(max(1, whole.images)) - tolerance
    let plan = try? Cascade(
      of: places.map { sets.holdOut[$0] }, rule: options.rule, confidence: confidence(of: cascade),
      goal: .accuracy(atLeast: max(0, least)))
    let planned = try plan.flatMap { $0.stages.count > 1 ? $0 : nil }.map {
      (plan) throws(EnsembleError) in
      try cascadeIndex(
        Array(places.prefix(plan.stages.count)), plan.combination, .wholeHoldOut, builder)
    }
    return guarantee(.fullEnsemble, shown, sequence, planned)
  }

  private func confidence(of cascade: Candidate) -> CascadeConfidence {
    cascade.combination.cascade?.confidence ?? .maximumProbability
  }

  /// Thresholds of one sequence of members by the images that design, from those of every cost between the first member's and
  /// all members'.
  private func path(
    _ cascade: Candidate, _ places: [Int], _ whole: ImageBits, _ parts: HoldOutParts
  ) throws(EnsembleError) -> [Combination] {
    let members = try holdOut(of: parts.design)
    let used = places.map { members[$0] }
    let (first, all) = (
      Double(used[0].multiplyAccumulates), used.reduce(0.0) { $0 + Double($1.multiplyAccumulates) }
    )
    var found: [Combination] = []
    for step in 1...Self.pathCount {
      let share = Double(step) / Double(Self.pathCount + 1)
      let plan = try Cascade(
        of: used, rule: options.rule, confidence: confidence(of: cascade),
        goal: .cost(atMost: first + share * (all - first)))
      guard plan.stages.count == places.count, !found.contains(plan.combination) else { continue }
      found.append(plan.combination)
    }
    return found
  }

  /// Where a cascade stands among the candidates; it is added where it does not.
  private mutating func cascadeIndex(
    _ places: [Int], _ combination: Combination, _ origin: Candidate.Origin,
    _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Int {
    let names = places.map { sets.test[$0].name }
    let known = candidates.firstIndex { $0.members == names && $0.combination == combination }
    if let known { return known }
    add([try builder.candidate(.cascade, members: places, combination)])
    candidates[candidates.count - 1].origin = origin
    return candidates.count - 1
  }
}
