import Decisions
import Ensembles
import Formatting
import Statistics

/// About which classes and groups the deployed candidate errs, and whether a gain on average hides a loss on some.
struct ErrorSentences {
  private let decision: Decision
  private let errors: ErrorAnalysis

  init?(_ decision: Decision) {
    guard let errors = decision.errors else { return nil }
    (self.decision, self.errors) = (decision, errors)
  }

  /// What one kind of groups is called.
  struct Noun {
    let one, many: String

    static let byClass = Noun(one: "class", many: "classes")
    static let byGroup = Noun(one: "group", many: "groups")
  }

  /// All of it, a sentence or two each.
  var sentences: [String] {
    [byClass, byGroup, costs].compactMap { $0 }
  }

  /// The worst class, and the classes that lose.
  var byClass: String? { text(errors.test.byClass, .byClass) }

  /// The same by the groups that the user named; nil where he named none.
  var byGroup: String? { errors.test.byGroup.flatMap { text($0, .byGroup) } }

  private func text(_ comparison: GroupComparison, _ noun: Noun) -> String? {
    guard let worst = comparison.worst else { return nil }
    return [
      self.worst(worst, comparison, noun), losses(comparison, noun), tooFew(comparison, noun),
      absent(comparison, noun),
    ].compactMap { $0 }.joined(separator: " ")
  }

  private func worst(
    _ worst: GroupAccuracy, _ comparison: GroupComparison, _ noun: Noun
  ) -> String {
    let count = comparison.deployed.count
    guard comparison.deployed.contains(where: { $0.accuracy > worst.accuracy }) || count == 1
    else {
      return "All \(count) \(noun.many) are predicted equally well on the \(decision.testName): "
        + "\(NumberFormat.percent(worst.accuracy)) %."
    }
    let together = count > 1 ? ", with all \(count) \(noun.many)' intervals together" : ""
    return
      "It is right least often about '\(worst.name)', a \(noun.one) with \(worst.images.grouped) of the "
      + "\(decision.testName): \(NumberFormat.percent(worst.accuracy)) % (95 % interval "
      + "\(worst.interval.percentText)\(together))."
  }

  /// Whether some lose against the best single model; nil where that is the one deployed.
  private func losses(_ comparison: GroupComparison, _ noun: Noun) -> String? {
    guard !decision.isBestSingleChosen else { return nil }
    let lost = comparison.shownLosses
    let gained = comparison.shownGains.count
    let gains =
      gained > 0
      ? "\(gained.counted(noun.one, noun.many)) \(gained == 1 ? "is" : "are") shown to gain" : nil
    guard lost.isEmpty else {
      let named = lost.sorted { $0.difference < $1.difference }.prefix(3).map(figures)
      let rest = lost.count > 3 ? " and \(lost.count - 3) more" : ""
      return "Against the best single model \(lost.count.counted(noun.one, noun.many)) "
        + "\(lost.count == 1 ? "is" : "are") shown to lose: \(named.joined(separator: "; "))\(rest)."
        + (gains.map { " \($0)." } ?? "")
    }
    let start = "Against the best single model no \(noun.one) is shown to lose"
    guard let largest = comparison.largestLoss else {
      return "\(start), and none does on the \(decision.testName)."
        + (gains.map { " \($0)." } ?? "")
    }
    return "\(start); the largest loss is \(figures(largest))." + (gains.map { " \($0)." } ?? "")
  }

  /// Such as "'cat', −1.20 points (−4.00 to +1.60; p = 0.800)".
  private func figures(_ difference: GroupDifference) -> String {
    "'\(difference.name)', \(NumberFormat.points(difference.difference)) points "
      + "(\(difference.interval.pointsText); \(NumberFormat.probability(difference.correctedPValue)))"
  }

  /// Where a loss, however great, could not be shown; nil where that is so of none.
  private func tooFew(_ comparison: GroupComparison, _ noun: Noun) -> String? {
    guard !decision.isBestSingleChosen else { return nil }
    let (needed, count) = (comparison.fewestImages, comparison.tooSmall.count)
    guard count > 0 else { return nil }
    let all = comparison.differences.count
    return
      "\(count.grouped) of \(all.counted(noun.one, noun.many)) \(count == 1 ? "has" : "have") fewer than "
      + "\(needed) images, too few to show any loss."
  }

  private func absent(_ comparison: GroupComparison, _ noun: Noun) -> String? {
    let count = comparison.absent.count
    guard count > 0 else { return nil }
    let shown = comparison.absent.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return "Nothing is known of \(count.counted(noun.one, noun.many)) without an image among them: "
      + shown + (count > 3 ? " and \(count - 3) more." : ".")
  }

  /// What errors cost; nil where all count alike.
  var costs: String? {
    guard let costs = errors.costs else { return nil }
    let own = costs.deployed.test
    let rule =
      costs.rule == .leastExpectedCost
      ? "predicting the class with the least expected cost (\(number(own.mostProbable)) with the most probable one)"
      : "predicting the most probable class (\(number(own.leastExpectedCost)) with the one of the least expected cost, which "
        + "was no better on the hold-out)"
    let start =
      "Errors cost \(number(own[costs.rule])) an image on the \(decision.testName), \(rule)"
    guard !decision.isBestSingleChosen else { return start + "." }
    return start
      + "; the best single model's cost \(number(costs.reference.test[costs.rule])): "
      + "a difference of \(signed(costs.difference)) (95 % interval \(signed(costs.interval.lowerBound)) to "
      + "\(signed(costs.interval.upperBound)))."
  }

  private func number(_ value: Double) -> String { NumberFormat.significant(value) }

  private func signed(_ value: Double) -> String {
    let text = number(value)
    return value > 0 ? "+" + text : text
  }
}

extension NumberFormat {
  /// A number of any size with about four digits.
  static func significant(_ value: Double) -> String {
    let size = value.magnitude
    return fixed(value, size >= 1000 ? 0 : size >= 10 ? 2 : size >= 0.001 || size == 0 ? 4 : 6)
  }
}
