import CLI
import Ensembles

/// What a frontier says in words: where an ensemble of a smaller network beats one larger network, and where not.
public struct Findings: Hashable, Sendable {
  /// One pair of a smaller and a larger network.
  public struct Finding: Hashable, Sendable {
    /// How the ensemble at equal or less compute fares against the larger network.
    public let verdict: Frontier.Verdict
    /// Who beats whom, such as "3 × wide-resnet-16-1 beats one wide-resnet-16-2".
    public let claim: String
    /// The numbers behind the claim.
    public let figures: String
    /// A sentence about the next number of members, which costs more than the larger network; nil where there is none.
    public let beyond: String?

    /// All of it as sentences.
    public var text: String {
      "\(claim): \(figures)." + (beyond.map { " " + $0 } ?? "")
    }
  }

  /// All pairs in one sentence.
  public let headline: String
  /// A finding a pair: first where the ensemble is better, then the undecided, then where it is worse.
  public let findings: [Finding]

  /// Reads the frontier's comparisons.
  ///
  /// Of each pair it takes the most members that cost no more than the larger network: a rule fixed beforehand, so
  /// that nothing is chosen by the accuracy it reports.
  public init(_ frontier: Frontier) {
    let networks = frontier.curves.map(\.network)
    var findings: [Finding] = []
    for large in networks {
      for small in networks {
        let pair = frontier.comparisons.filter {
          $0.smallNetwork == small && $0.largeNetwork == large
        }
        if let finding = Self.finding(pair) { findings.append(finding) }
      }
    }
    let order: [Frontier.Verdict] = [.better, .undecided, .worse]
    self.findings = order.flatMap { verdict in findings.filter { $0.verdict == verdict } }
    headline = Self.headline(findings.map(\.verdict), networkCount: networks.count)
  }

  private static func finding(_ pair: [Frontier.Comparison]) -> Finding? {
    let within = pair.filter { $0.smallMultiplyAccumulates <= $0.largeMultiplyAccumulates }
    guard let chosen = within.max(by: { $0.smallCount < $1.smallCount }) else { return nil }
    let above = pair.filter { $0.smallMultiplyAccumulates > $0.largeMultiplyAccumulates }
      .min { $0.smallCount < $1.smallCount }
    return Finding(
      verdict: chosen.verdict, claim: claim(chosen), figures: figures(chosen),
      beyond: above.map { Self.beyond($0) })
  }

  private static func headline(_ verdicts: [Frontier.Verdict], networkCount: Int) -> String {
    guard !verdicts.isEmpty else {
      return networkCount < 2
        ? "One network alone: train a smaller or a larger one too, to compare them."
        : "No ensemble of a smaller network costs as little as one larger network: nothing to compare."
    }
    let start = "At equal or less compute, the smaller network's ensemble"
    if verdicts.count == 1 {
      let outcome =
        switch verdicts[0] {
        case .better: "beats"
        case .worse: "does not reach"
        case .undecided: "cannot be told apart from"
        }
      return "\(start) \(outcome) the larger network."
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
    return switch comparison.verdict {
    case .better: "\(small) beats \(large)"
    case .worse: "\(small) falls short of \(large)"
    case .undecided: "\(small) and \(large) cannot be told apart"
    }
  }

  private static func figures(_ comparison: Frontier.Comparison) -> String {
    "\(Figures.percent(comparison.smallAccuracy)) % against "
      + "\(Figures.percent(comparison.largeAccuracy)) %, \(numbers(comparison)), "
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
      + "\(Figures.percent(comparison.smallAccuracy)) %, \(numbers(comparison))."
  }

  private static func members(_ comparison: Frontier.Comparison) -> String {
    let count = comparison.smallCount
    return (count == 1 ? "one " : "\(count) × ") + comparison.smallNetwork
  }

  private static func numbers(_ comparison: Frontier.Comparison) -> String {
    "\(Figures.points(comparison.difference)) points "
      + "(95 % interval \(Figures.points(comparison.lowerBound)) to "
      + "\(Figures.points(comparison.upperBound)); one pair "
      + "\(Figures.points(comparison.pairDifference)), McNemar "
      + "\(Figures.probability(comparison.mcNemarPValue)))"
  }

  private static func compute(_ comparison: Frontier.Comparison) -> String {
    let share =
      Double(comparison.smallMultiplyAccumulates)
      / Double(max(1, comparison.largeMultiplyAccumulates))
    return "\(Figures.percent(share, 0)) % of the larger network's MACs "
      + "(\(Figures.scaled(comparison.smallMultiplyAccumulates)) against "
      + "\(Figures.scaled(comparison.largeMultiplyAccumulates)))"
  }
}
