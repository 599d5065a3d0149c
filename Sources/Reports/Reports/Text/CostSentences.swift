import Decisions
import Formatting
import Predictions

/// What the deployed candidate costs besides what it was chosen by.
struct CostSentences {
  let decision: Decision
  private let deployed, reference: Candidate

  init(_ decision: Decision) {
    self.decision = decision
    deployed = decision.deployed
    reference = decision.bestSingle
  }

  private var measure: CostMeasure { decision.options.cost }

  /// Expected times, or MACs where time is what counts; nil where they are not known.
  var otherCosts: String? {
    let others: [CostMeasure] =
      measure.isTime
      ? [.multiplyAccumulates] : [.latency, .parallelLatency]
    // What was measured as a whole says more.
    guard measure.isTime || decision.measured == nil else { return nil }
    let parts = others.compactMap { other -> String? in
      guard let own = deployed.test.cost[other], let single = reference.test.cost[other] else {
        return nil
      }
      return decision.isBestSingleChosen ? other.amount(own) : beside(own, single, other)
    }
    guard !parts.isEmpty else { return nil }
    let isTime = others.count > 1
    // Side by side is in turn for a single model.
    let said =
      decision.isBestSingleChosen || deployed.kind == .cascade ? Array(parts.prefix(1)) : parts
    return (isTime ? startOfTimes : startOfAmounts) + said.listed + "."
  }

  private var startOfAmounts: String {
    deployed.kind == .cascade ? "On average an image takes " : "An image takes "
  }

  /// Only members are timed, each alone: what they take together is a sum.
  private var startOfTimes: String {
    switch deployed.kind {
    case .single: "An image takes "
    case .cascade:
      "Expected of its members' times and of the images that come to each, an image takes on average "
    case .ensemble, .mixed, .weighted, .greedy: "By its members' times, an image takes "
    }
  }

  private func beside(_ own: Double, _ single: Double, _ measure: CostMeasure) -> String {
    let side = measure == .parallelLatency ? " with members side by side" : ""
    return
      "\(measure.amount(own))\(side) (\(NumberFormat.ratio(own, to: single)) of the best single model's "
      + "\(measure.amount(single)))"
  }

  /// How long a cascade takes as a whole; nil where that was not measured.
  var measured: String? {
    guard let measured = decision.measured else { return nil }
    func range(_ time: MeasuredTimes.Time) -> String {
      "\(CostMeasure.latency.amount(time.median)) (\(NumberFormat.milliseconds(time.least)) to "
        + "\(NumberFormat.milliseconds(time.greatest)))"
    }
    let path =
      deployed.kind == .cascade
      ? " on average, through all members \(range(measured.slowestPath))" : ""
    return
      "Measured as a whole, an image takes \(range(measured.deployed))\(path); the best single model's takes "
      + "\(range(measured.reference)): medians, least and "
      + "greatest of \(measured.rounds) rounds of \(measured.imagesPerRound.counted("image")), in turns, one image at a "
      + "time, stopping as often as the \(decision.testName) do.\(keptBudget(range))"
  }

  /// Whether what was measured is within the budget of time.
  private func keptBudget(_ range: (MeasuredTimes.Time) -> String) -> String {
    guard let found = decision.measuredBudget else { return "" }
    let what =
      switch decision.options.costQuantile {
      case .mean: "on average it takes"
      case .percentile(let percent): "\(percent) % of the images take at most"
      case .worst: "through all members it takes"
      }
    return
      " The budget of \(CostMeasure.latency.amount(found.budget)), measured: \(what) \(range(found.time)), "
      + (found.isKept ? "within it." : "which misses it.")
  }
}
