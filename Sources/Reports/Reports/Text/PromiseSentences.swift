import Decisions
import Formatting
import Predictions

/// What is promised of accuracy, and the three answers, in words.
struct PromiseSentences {
  let decision: Decision

  init(_ decision: Decision) { self.decision = decision }

  private var measure: CostMeasure { decision.options.cost }
  private var reference: Candidate { decision.bestSingle }

  /// "0.5 points".
  var tolerance: String {
    let points = decision.options.tolerance
    return points == 0
      ? "nothing" : "no more than \(NumberFormat.short(points)) point\(points == 1 ? "" : "s")"
  }

  private var confidence: String { "\(NumberFormat.short(decision.options.confidence)) %" }

  /// What is shown of the hold-out's images, or how many would show it; nil in decisions of earlier versions, and of a member
  /// alone.
  var promise: String? {
    guard let promise = decision.promise, decision.candidates.count > 1 else { return nil }
    guard let shown = promise.shown, let test = promise.tests.last(where: { $0.isShown }) else {
      return notShown(promise)
    }
    let isDeployed = shown == decision.chosen
    let subject = isDeployed ? "it loses" : "\(shown) (\(name(shown))) loses"
    return
      "Promised: with \(confidence) confidence \(subject) \(tolerance) of accuracy against the best single model, "
      + "whichever that is. \(promise.designImages.counted("image")) of the hold-out designed, "
      + "\(promise.proofImages.grouped) others tested \(promise.tests.count.counted("candidate")), the surest "
      + "first (\(NumberFormat.probability(test.pValue)) for this one). It holds for images that come as these did."
      + (isDeployed ? "" : " Of what was chosen nothing is promised.")
  }

  private func notShown(_ promise: Promise) -> String {
    let start =
      "Nothing is promised: \(promise.proofImages.counted("image")) of the hold-out, the part that tests, do not show "
      + "with \(confidence) confidence of any candidate that it loses \(tolerance) against the best single model"
    guard let needed = promise.neededImages else {
      return start + ", and what they show speaks for none."
    }
    return start
      + "; a hold-out of about \(Self.rounded(needed).grouped) images would, if accuracies are as seen."
  }

  /// Two digits say enough.
  private static func rounded(_ count: Int) -> Int {
    var unit = 1
    while count / unit >= 100 { unit *= 10 }
    return (count + unit - 1) / unit * unit
  }

  private func name(_ id: String) -> String {
    decision.candidate(id).map { "\($0.kind.noun) of \($0.networkNames)" } ?? id
  }

  // MARK: Three answers

  /// One answer.
  struct Row: Hashable {
    /// Such as "As good, for the least".
    let question: String
    /// The candidate's id.
    let id: String
    /// What it is, and what it costs beside the best single model.
    let candidate: String
    /// What it is worth on the test images, and what the hold-out says without flattery.
    let worth: String
  }

  /// The three answers; none in decisions of earlier versions.
  var rows: [Row] {
    (decision.answers ?? []).compactMap { answer in
      decision.candidate(answer.candidate).map { row(answer, $0) }
    }
  }

  private func row(_ answer: Answer, _ candidate: Candidate) -> Row {
    let question =
      switch answer.question {
      case .cheapestAsGood:
        answer.isShown ? "The cheapest that is as good" : "Likely to lose least"
      case .bestForSameCost: "The best for the single model's cost"
      case .bestOfAll: "The best of all"
      }
    let what =
      candidate.kind == .single
      ? candidate.members.joined() : "\(candidate.kind.noun) of \(candidate.networkNames)"
    return Row(
      question: question, id: candidate.id, candidate: "\(what)\(share(candidate))",
      worth: worth(answer, candidate))
  }

  private func share(_ candidate: Candidate) -> String {
    guard candidate.id != reference.id else { return ", the best single model" }
    guard let own = candidate.test.cost[measure], let single = reference.test.cost[measure],
      single > 0
    else { return "" }
    return ", at \(NumberFormat.share(own, of: single)) its \(measure.name)"
  }

  private func worth(_ answer: Answer, _ candidate: Candidate) -> String {
    let difference =
      candidate.id == reference.id
      ? ""
      : " (\(NumberFormat.points(candidate.test.metrics.top1Accuracy - reference.test.metrics.top1Accuracy)) points)"
    let start =
      "\(NumberFormat.percent(candidate.test.metrics.top1Accuracy)) % on the \(decision.testName)\(difference)"
    if answer.isShown,
      let test = decision.promise?.tests.first(where: { $0.candidate == candidate.id })
    {
      return start
        + "; on the hold-out's images that tested it \(NumberFormat.percent(test.accuracy)) %"
    }
    guard let estimate = answer.crossFitted else { return start }
    return start
      + "; cross-fitted on the hold-out \(NumberFormat.percent(estimate.accuracy)) %"
  }

  /// A sentence an answer.
  var sentences: [String] {
    rows.map { "\($0.question): \($0.id), \($0.candidate): \($0.worth)." }
  }

  // MARK: Cascades

  /// What a cascade's promise costs; nil where none was looked for.
  var guarantees: String? {
    let all: [CascadeGuarantee] = decision.guarantees ?? []
    let parts = all.map { guarantee -> String in
      let target =
        switch guarantee.target {
        case .bestSingle: "against the best single model"
        case .fullEnsemble: "against all its members on every image"
        }
      let plan = guarantee.planCost.map {
        "without a promise, by the hold-out itself, \(measure.amount($0))"
      }
      guard let cost = guarantee.cost, let id = guarantee.candidate else {
        return "\(target) no cascade is shown to lose \(tolerance)"
          + (plan.map { " (\($0) would do)" } ?? "")
      }
      return "\(target) \(id) loses \(tolerance), for \(measure.amount(cost))"
        + (plan.map { " (\($0))" } ?? "")
    }
    guard !parts.isEmpty else { return nil }
    return
      "Cascades with a promise of \(confidence), each for itself: \(parts.joined(separator: "; "))."
  }
}
