import Decisions
import Formatting

/// What a frontier says in words: where an ensemble of a smaller network beats one larger network, and where not.
package struct Findings: Hashable, Sendable {
  /// One pair of a smaller and a larger network.
  package struct Finding: Hashable, Sendable {
    /// How the ensemble at equal or less compute fares against the larger network.
    package let verdict: Frontier.Verdict
    /// Who beats whom, such as "3 × wide-resnet-16-1 beats one wide-resnet-16-2".
    package let claim: String
    /// The numbers behind the claim.
    package let figures: String
    /// Whether all trained members together leave room for more within the larger network's compute.
    package let hasUnusedCompute: Bool
    /// A sentence about the next number of members, which costs more than the larger network; nil where there is none.
    package let beyond: String?

    /// All of it as sentences.
    package var text: String {
      "\(claim): \(figures)." + (beyond.map { " " + $0 } ?? "")
    }
  }

  /// All pairs in one sentence.
  package let headline: String
  /// A finding a pair: first where the ensemble is better, then the undecided, then where it is worse.
  package let findings: [Finding]

  /// What none of the figures covers.
  package static let caveat = "For these trained members; training again may change it."

  /// Reads the frontier's comparisons.
  ///
  /// Of each pair it takes the most members that cost no more than the larger network: a rule fixed beforehand, so
  /// that nothing is chosen by the accuracy it reports.
  package init(_ frontier: Frontier) {
    let networks = frontier.curves.map(\.network)
    let trained = Dictionary(
      frontier.curves.map { ($0.network, $0.members.count) }, uniquingKeysWith: max)
    var findings: [Finding] = []
    for large in networks {
      for small in networks {
        let pair = frontier.comparisons.filter {
          $0.smallNetwork == small && $0.largeNetwork == large
        }
        if let finding = Self.finding(pair, trained: trained) { findings.append(finding) }
      }
    }
    let order: [Frontier.Verdict] = [.better, .undecided, .worse]
    self.findings = order.flatMap { verdict in findings.filter { $0.verdict == verdict } }
    headline = findings.isEmpty ? Self.nothingToCompare(frontier.curves) : Self.headline(findings)
  }

  private static func finding(
    _ pair: [Frontier.Comparison], trained: [String: Int]
  ) -> Finding? {
    let within = pair.filter { $0.smallMultiplyAccumulates <= $0.largeMultiplyAccumulates }
    guard let chosen = within.max(by: { $0.smallCount < $1.smallCount }) else { return nil }
    let above = pair.filter { $0.smallMultiplyAccumulates > $0.largeMultiplyAccumulates }
      .min { $0.smallCount < $1.smallCount }
    let fitting = Self.fitting(chosen)
    let isShort = chosen.smallCount == trained[chosen.smallNetwork] && chosen.smallCount < fitting
    let shortage = isShort ? "; only \(chosen.smallCount) trained, \(fitting) would fit" : ""
    return Finding(
      verdict: chosen.verdict, claim: claim(chosen),
      figures: figures(chosen, largeTrained: trained[chosen.largeNetwork] ?? 1) + shortage,
      hasUnusedCompute: isShort, beyond: above.map { Self.beyond($0) })
  }

  /// How many small members the larger network's compute pays for.
  private static func fitting(_ comparison: Frontier.Comparison) -> Int {
    let one = comparison.smallMultiplyAccumulates / max(1, comparison.smallCount)
    return comparison.largeMultiplyAccumulates / max(1, one)
  }

  private static func nothingToCompare(_ curves: [Frontier.Curve]) -> String {
    guard curves.count > 1 else {
      return "One network alone: train a smaller or a larger one too, to compare them."
    }
    let largest = curves.map(\.multiplyAccumulates).max() ?? 0
    let smaller = curves.filter { $0.multiplyAccumulates < largest }
    if smaller.isEmpty {
      return "The networks cost the same: train a smaller or a larger one too, to compare them."
    }
    if smaller.allSatisfy({ $0.members.count < 2 }) {
      return "No smaller network has two trained members: train more of one, to compare ensembles."
    }
    return "Two members of a smaller network already cost more than one larger network: "
      + "nothing to compare at equal or less compute."
  }

  private static func headline(_ findings: [Finding]) -> String {
    // Pairs that leave compute unused answer no question of equal compute, whichever way they turn out.
    let apart = findings.filter(\.hasUnusedCompute).map(\.verdict)
    let verdicts = findings.filter { !$0.hasUnusedCompute }.map(\.verdict)
    let outcomes = [
      ("better", Frontier.Verdict.better), ("undecided", .undecided), ("worse", .worse),
    ]
    .map { word, verdict in (word, apart.count { $0 == verdict }) }
    .filter { $0.1 > 0 }.map { "\($0.0) in \($0.1)" }.joined(separator: ", ")
    if verdicts.isEmpty {
      return "Too few members are trained to use the larger network's compute: \(outcomes)."
    }
    let more = apart.count == 1 ? "1 more pair" : "\(apart.count) more pairs"
    let tail =
      apart.isEmpty
      ? "" : " In \(more), too few members are trained to use that compute: \(outcomes)."
    return headline(verdicts) + tail
  }

  private static func headline(_ verdicts: [Frontier.Verdict]) -> String {
    let start = "At equal or less compute, the smaller network's ensemble"
    if verdicts.count == 1 {
      switch verdicts[0] {
      case .better: return "\(start) beats the larger network."
      case .worse: return "\(start) does not reach the larger network."
      case .undecided: return "\(start) is not clearly better or worse than the larger network."
      }
    }
    let better = verdicts.count { $0 == .better }
    let worse = verdicts.count { $0 == .worse }
    let undecided = verdicts.count - better - worse
    var rest: [String] = []
    if undecided > 0 { rest.append("is undecided in \(undecided)") }
    if worse > 0 { rest.append("falls short in \(worse)") }
    let tail = rest.isEmpty ? "" : "; it " + rest.joined(separator: " and ")
    return "\(start) beats the larger network in \(better) of \(verdicts.count) pairs\(tail)."
  }

  private static func claim(_ comparison: Frontier.Comparison) -> String {
    let small = members(comparison)
    let large = "one \(comparison.largeNetwork)"
    let doubt = "on average, but not clearly for every choice of members"
    return switch comparison.verdict {
    case .better: "\(small) beats \(large)"
    case .worse: "\(small) falls short of \(large)"
    // The interval leaves out 0; it is the one pair that does not show the same.
    case .undecided where comparison.lowerBound > 0: "\(small) leads \(large) \(doubt)"
    case .undecided where comparison.upperBound < 0: "\(small) trails \(large) \(doubt)"
    case .undecided: "\(small) and \(large) cannot be told apart"
    }
  }

  private static func figures(
    _ comparison: Frontier.Comparison, largeTrained: Int
  ) -> String {
    let trained = largeTrained == 1 ? "1 trained" : "a mean one of \(largeTrained)"
    return "\(NumberFormat.percent(comparison.smallAccuracy)) % against "
      + "\(NumberFormat.percent(comparison.largeAccuracy)) % (\(trained)), \(numbers(comparison)), "
      + "for \(compute(comparison))"
  }

  private static func beyond(_ comparison: Frontier.Comparison) -> String {
    let outcome =
      switch comparison.verdict {
      case .better: "better"
      case .worse: "still worse"
      case .undecided: "undecided"
      }
    return "With \(comparison.smallCount) members, for \(compute(comparison)): \(outcome), "
      + "\(NumberFormat.percent(comparison.smallAccuracy)) %, \(numbers(comparison))."
  }

  private static func members(_ comparison: Frontier.Comparison) -> String {
    let count = comparison.smallCount
    return (count == 1 ? "one " : "\(count) × ") + comparison.smallNetwork
  }

  private static func numbers(_ comparison: Frontier.Comparison) -> String {
    "\(NumberFormat.points(comparison.difference)) points "
      + "(95 % interval \(NumberFormat.points(comparison.lowerBound, to: comparison.upperBound)); one pair "
      + "\(NumberFormat.points(comparison.pairDifference)), McNemar "
      + "\(NumberFormat.probability(comparison.mcNemarPValue)))"
  }

  private static func compute(_ comparison: Frontier.Comparison) -> String {
    let share =
      Double(comparison.smallMultiplyAccumulates)
      / Double(max(1, comparison.largeMultiplyAccumulates))
    return "\(NumberFormat.percent(share, 0)) % of the larger network's MACs "
      + "(\(NumberFormat.scaled(comparison.smallMultiplyAccumulates)) against "
      + "\(NumberFormat.scaled(comparison.largeMultiplyAccumulates)))"
  }
}
