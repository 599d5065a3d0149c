import Decisions
import Formatting
import Predictions
import Statistics

/// What makes a decision doubtful: few images, images that chose and judge, images that were trained on, one model under two
/// names, nothing that a temperature could be fitted to, time that was over.
package struct DecisionCautions: Hashable, Sendable {
  /// A sentence or two each; empty where nothing is doubtful.
  package let sentences: [String]

  /// With fewer images, luck decides which member seems better.
  static let fewImages = 200
  /// By how many points one split must be easier than the other, and by how many standard errors.
  static let (gap, gapErrors) = (0.03, 4.0)

  package init(_ decision: Decision) {
    sentences =
      [
        Self.few(decision), Self.repeated(decision), Self.chance(decision), Self.shared(decision),
        Self.gap(decision),
      ].compactMap { $0 }
      + Self.twins(decision)
      + [
        Self.calibration(decision), Self.budget(decision), Self.cut(decision),
        Self.sample(decision),
      ].compactMap { $0 }
  }

  private static func few(_ decision: Decision) -> String? {
    let splits = [
      (decision.holdOut, "choose"), (decision.test, "judge"),
    ].filter { $0.0.count < fewImages }
    guard let smallest = splits.map(\.0.count).min() else { return nil }
    let named = splits.map {
      "\($0.0.count.counted("image")) of '\($0.0.split)' \($0.1)"
    }
    // The widest interval of a share of so many images.
    let half = NormalDistribution.quantile975 * (0.25 / Double(smallest)).squareRoot()
    return "Careful: only \(named.listed). Accuracies of so few are uncertain by up to "
      + "\(NumberFormat.percent(half, 0)) points: take more images before relying on this."
  }

  /// Where images that choose were given more than once.
  private static func repeated(_ decision: Decision) -> String? {
    guard let repeated = decision.promise?.repeatedImages, repeated > 0 else { return nil }
    let images = decision.holdOut.count
    return
      "Careful: only \((images - repeated).grouped) of \(images.grouped) hold-out images that choose are different: the "
      + "others have label and scores of one of these to the last bit, as images have that are given again. Accuracies "
      + "count all; what is shown, promised or expected, and how many images a calibration needs, counts each once."
  }

  /// Where the best single model is not clearly better than guessing among classes of equal size.
  private static func chance(_ decision: Decision) -> String? {
    let guess = 1 / Double(decision.classes)
    guard let reference = decision.candidate(decision.reference),
      reference.testInterval.lowerBound <= guess
    else { return nil }
    return
      "Careful: the best single model is not clearly better than guessing (\(NumberFormat.percent(guess, 1)) %): train "
      + "longer, or on more images, before combining."
  }

  /// Where the images that chose may be among those that judge.
  private static func shared(_ decision: Decision) -> String? {
    decision.separation?.warning.map {
      "Careful: \($0). Figures are flattered where they share images."
    }
  }

  private static func calibration(_ decision: Decision) -> String? {
    if let gap = decision.calibration.gap { return "Careful: \(gap.reason)." }
    guard decision.deployed.holdOut.metrics.top1Accuracy == 1 else { return nil }
    return
      "Careful: every hold-out image is right, which does not show how often such predictions err."
  }

  /// Where what was measured is over a budget that members' times, summed, are within.
  private static func budget(_ decision: Decision) -> String? {
    guard let found = decision.measuredBudget, !found.isKept else { return nil }
    return
      "Careful: what is deployed misses the budget. By its members' times it is within "
      + "\(CostMeasure.latency.amount(found.budget)), measured as a whole it takes "
      + "\(CostMeasure.latency.amount(found.time.median)): ask for less, such as --max-cost "
      + "\(NumberFormat.short(found.budget * found.budget / found.time.median))ms."
  }

  /// Where all members are much better on one of the two sets, that one may be among their training images.
  private static func gap(_ decision: Decision) -> String? {
    let singles = decision.candidates.filter { $0.kind == .single }
    guard !singles.isEmpty else { return nil }
    func mean(_ split: KeyPath<Candidate, Candidate.Evaluation>) -> Double {
      singles.reduce(0) { $0 + $1[keyPath: split].metrics.top1Accuracy } / Double(singles.count)
    }
    let (holdOut, test) = (mean(\.holdOut), mean(\.test))
    let variance =
      holdOut * (1 - holdOut) / Double(decision.holdOut.count)
      + test * (1 - test) / Double(decision.test.count)
    let difference = holdOut - test
    guard abs(difference) >= gap, abs(difference) >= gapErrors * variance.squareRoot() else {
      return nil
    }
    let figures =
      "\(NumberFormat.percent(holdOut, 1)) % on '\(decision.holdOut.split)', "
      + "\(NumberFormat.percent(test, 1)) % on '\(decision.test.split)'"
    return difference > 0
      ? "Careful: members are far better on the hold-out than on the test images (on average \(figures)). Were they "
        + "trained on the hold-out? Then it cannot choose."
      : "Careful: members are far better on the test images than on the hold-out (on average \(figures)). Were they "
        + "trained on the test images? Then those cannot judge."
  }

  /// Members whose predictions are equal to the last bit.
  private static func twins(_ decision: Decision) -> [String] {
    var names: [String: [String]] = [:]
    for member in decision.members ?? [] {
      names[member.holdOutSHA256 + member.testSHA256, default: []].append(member.name)
    }
    let groups = names.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    return groups.map { group in
      "Careful: \(group.listed) predict the same to the last bit: one model under "
        + "\(group.count == 2 ? "two" : "\(group.count)") names adds nothing to an ensemble but its cost."
    }
  }

  private static func cut(_ decision: Decision) -> String? {
    guard let search = decision.search, search.isCut, let seconds = search.seconds else {
      return nil
    }
    var parts: [String] = []
    if search.ensembles.isCut {
      parts.append(
        "\(search.ensembles.tried.grouped) of \(search.ensembles.planned.grouped) ensembles were tried, "
          + "those of the fewest members first (up to \(search.largestEnsemble))")
    }
    if search.cascadeGoals.isCut {
      parts.append(
        "cascades were searched for \(search.cascadeGoals.tried) of "
          + "\(search.cascadeGoals.planned) budgets and accuracies")
    }
    return
      "The search was ended after \(NumberFormat.fixed(seconds, seconds < 10 ? 1 : 0)) s (--seconds): "
      + "\(parts.listed). The best of these was taken; there may be better."
  }

  private static func sample(_ decision: Decision) -> String? {
    guard let images = decision.search?.cascadeImages else { return nil }
    return
      "Cascades and their thresholds were searched on \(images.grouped) of the hold-out's images, drawn at random; "
      + "their figures are of all."
  }
}
