import Ensembles
import Predictions
import Statistics

/// One way to choose within one budget, with the scores of the images that it was judged on.
private struct Judgement {
  let scores: JudgedScores
  let row: CrossFitting.Row
}

/// How a decision came about, beside its candidates.
struct ChoiceRecord {
  let promise: Promise
  let crossFitting: CrossFitting?
  let answers: [Answer]
  let guarantees: [CascadeGuarantee]
  /// What is to be deployed.
  let chosen: Int
}

extension CandidatePool {
  /// Everything that is chosen: shown on one part of the hold-out, or best as cross-fitting judges.
  mutating func decide(_ builder: CandidateBuilder) throws(EnsembleError) -> ChoiceRecord {
    let parts = self.parts
    let hits = FoldHits(of: search, in: parts)
    let designed = try design(parts, hits, builder)
    let promise = prove(designed, parts)
    let guarantees = try guaranteeCascades(designed, parts, builder)
    let single = cost(reference)
    var budgets: [Double?] = [single, nil]
    if let own = options.maximumCost, own != single { budgets.append(own) }
    let fitter = CrossFitter(pool: self, parts: parts, hits: hits, budgets: budgets)
    let judged = try fitter.estimates()
    let whole = EnsembleChoice(self, hits, folds: Array(parts.folds.indices))
    var judgements: [Judgement] = []
    for budget in budgets {
      judgements += try self.judgements(within: budget, judged?.1 ?? [:], whole, builder)
    }
    let first = try cheapestAsGood(promise, whole, parts, builder)
    let firstRow = firstAnswer(first, judged?.1 ?? [:])
    var answers = [
      Answer(
        question: .cheapestAsGood, candidate: candidates[first].id,
        isShown: promise.shown != nil, procedure: nil, cost: cost(first),
        crossFitted: firstRow?.estimate)
    ]
    for (question, budget) in [(Answer.Question.bestForSameCost, single), (.bestOfAll, nil)] {
      answers.append(try answer(question, budget, judgements, whole, parts, builder))
    }
    let chosen = try choose(answers, judgements, whole, builder)
    let crossFitting = judged.map {
      CrossFitting(
        folds: $0.0.folds, repeats: $0.0.repeats, fittedFolds: $0.0.fittedFolds,
        fittedRepeats: $0.0.fittedRepeats,
        rows: judgements.map(\.row) + [firstRow].compactMap { $0 })
    }
    return ChoiceRecord(
      promise: promise, crossFitting: crossFitting, answers: answers, guarantees: guarantees,
      chosen: chosen)
  }

  private func choose(
    _ answers: [Answer], _ judgements: [Judgement], _ whole: EnsembleChoice,
    _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Int {
    guard options.maximumCost != nil || options.minimumAccuracy != nil else {
      return position(answers[0].candidate)
    }
    let reached = try withinGoals()
    guard let budget = options.maximumCost else {
      return reached.min {
        (cost($0), -accuracy($0), $0) < (cost($1), -accuracy($1), $1)
      } ?? reference
    }
    let best = simplest(judgements.filter { $0.row.budget == budget }) {
      reached.contains(position($0))
    }
    if let best { return position(best.candidate) }
    return reached.max { isBetter($1, than: $0) } ?? reference
  }

  /// Where a candidate stands.
  func position(_ id: String) -> Int { candidates.firstIndex { $0.id == id } ?? reference }

  // MARK: Ways to choose

  /// Of each way to choose within a budget what it chooses on the whole hold-out, and what it is worth.
  private mutating func judgements(
    within budget: Double?, _ judged: [CrossFitter.Key: JudgedScores], _ whole: EnsembleChoice,
    _ builder: CandidateBuilder
  ) throws(EnsembleError) -> [Judgement] {
    func key(_ procedure: CrossFitting.Procedure) -> CrossFitter.Key {
      CrossFitter.Key(procedure: procedure, budget: budget)
    }
    let single =
      judged[key(.bestSingle)] ?? judged[CrossFitter.Key(procedure: .bestSingle, budget: nil)]
    var found: [Judgement] = []
    for procedure in CrossFitting.Procedure.allCases {
      // Those are compared that were judged on the same images: a search that time cut off was on some alone.
      guard let scores = judged[key(procedure)], let single, scores.count == single.count,
        let index = try choice(procedure, within: budget, whole, builder)
      else { continue }
      found.append(
        Judgement(scores: scores, row: row(procedure, budget, index, scores, single)))
    }
    return found
  }

  private func row(
    _ procedure: CrossFitting.Procedure, _ budget: Double?, _ index: Int, _ scores: JudgedScores,
    _ single: JudgedScores
  ) -> CrossFitting.Row {
    let (difference, error) = scores.difference(from: single)
    return CrossFitting.Row(
      procedure: procedure, budget: budget, candidate: candidates[index].id,
      estimate: CrossFitting.Estimate(
        accuracy: scores.accuracy,
        interval: ConfidenceInterval(ofShare: scores.accuracy, count: scores.differentCount),
        flattery: accuracy(index) - scores.accuracy, difference: difference,
        differenceError: error, cost: scores.cost))
  }

  /// What the way to the first answer is worth; nil where it was not judged on all images.
  private func firstAnswer(
    _ index: Int, _ judged: [CrossFitter.Key: JudgedScores]
  ) -> CrossFitting.Row? {
    func scores(_ procedure: CrossFitting.Procedure) -> JudgedScores? {
      judged[CrossFitter.Key(procedure: procedure, budget: nil)]
    }
    guard let own = scores(.cheapestAsGood), let single = scores(.bestSingle),
      own.count == single.count
    else { return nil }
    return row(.cheapestAsGood, nil, index, own, single)
  }

  /// What a way to choose takes on the whole hold-out; nil where that has nothing within the budget.
  private mutating func choice(
    _ procedure: CrossFitting.Procedure, within budget: Double?, _ whole: EnsembleChoice,
    _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Int? {
    let kinds: [Candidate.Kind]
    switch procedure {
    case .bestSingle:
      return try whole.single(within: budget).map { (subset) throws(EnsembleError) in
        try index(ofSubset: subset, builder)
      }
    case .bestEnsemble:
      return try whole.ensemble(within: budget).map { (subset) throws(EnsembleError) in
        try index(ofSubset: subset, builder)
      }
    case .weights: kinds = [.weighted]
    case .greedy: kinds = [.greedy]
    // Where no cascade is better, a search for one ends with a single member.
    case .cascade: kinds = [.cascade, .single]
    // It is no way to the other answers.
    case .cheapestAsGood: return nil
    }
    return candidates.indices.filter {
      kinds.contains(candidates[$0].kind) && candidates[$0].origin != .designPart
        && isWithin($0, budget)
    }.max { isBetter($1, than: $0) }
  }

  /// Whether the cost that a budget bounds is within it.
  func isWithin(_ index: Int, _ budget: Double?) -> Bool {
    guard let budget else { return true }
    let cost = budget == options.maximumCost ? boundedCost(index) : cost(index)
    // A hair, so that decimals that were summed do not round the wrong way.
    return cost <= budget * (1 + 1e-9)
  }

  /// Of the ways to choose that are as good as the best but for one standard error the one that chooses what is simplest.
  private func simplest(
    _ judgements: [Judgement], where isAllowed: (String) -> Bool = { _ in true }
  ) -> CrossFitting.Row? {
    let allowed = judgements.filter { isAllowed($0.row.candidate) }
    guard let best = allowed.max(by: { $0.scores.accuracy < $1.scores.accuracy }) else {
      return nil
    }
    let near = allowed.filter {
      let (difference, error) = best.scores.difference(from: $0.scores)
      return difference <= error + 1e-12
    }
    return near.map(\.row).min {
      let (first, second) = (candidates[position($0.candidate)], candidates[position($1.candidate)])
      return (first.simplicity, -$0.estimate.accuracy, $0.estimate.cost)
        < (second.simplicity, -$1.estimate.accuracy, $1.estimate.cost)
    }
  }

  // MARK: Answers

  /// The place of the cheapest candidate that is shown to be as good, or of what loses least.
  mutating func cheapestAsGood(
    _ promise: Promise, _ whole: EnsembleChoice, _ parts: HoldOutParts,
    _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Int {
    if let shown = promise.shown { return position(shown) }
    return try leastLoss(whole, parts, builder)
  }

  private mutating func answer(
    _ question: Answer.Question, _ budget: Double?, _ judgements: [Judgement],
    _ whole: EnsembleChoice, _ parts: HoldOutParts, _ builder: CandidateBuilder
  ) throws(EnsembleError) -> Answer {
    if let row = simplest(judgements.filter({ $0.row.budget == budget })) {
      let index = position(row.candidate)
      return Answer(
        question: question, candidate: row.candidate, isShown: false, procedure: row.procedure,
        cost: cost(index), crossFitted: row.estimate)
    }
    let index = try leastLoss(whole, parts, builder, within: budget)
    return Answer(
      question: question, candidate: candidates[index].id, isShown: false, procedure: nil,
      cost: cost(index), crossFitted: nil)
  }

  /// What is likely to lose least where nothing can be shown.
  private mutating func leastLoss(
    _ whole: EnsembleChoice, _ parts: HoldOutParts, _ builder: CandidateBuilder,
    within budget: Double? = nil
  ) throws(EnsembleError) -> Int {
    guard let subset = try whole.leastLoss(within: budget, parts) else { return reference }
    return try index(ofSubset: subset, builder)
  }
}
