import Decisions
import Formatting
import Statistics

/// A study's answer in words.
package struct StudyText: Sendable {
  let content: StudyContent

  /// Finds the words for a study.
  package init(_ content: StudyContent) { self.content = content }

  private var sizes: [StudyAnalysis.Size] { content.analysis.sizes }

  /// The answer in a sentence or two.
  var lede: String {
    let equal = sizes.flatMap { $0.comparisons.filter(\.isAtEqualCost) }
    guard !equal.isEmpty else {
      return
        "No answer: of no two networks that are trained have several of the smaller one about the compute of the larger one."
    }
    let counts = [Frontier.Verdict.better, .worse, .undecided].map { verdict in
      equal.count { $0.verdict == verdict }
    }
    let start =
      switch (counts[0], counts[1]) {
      case (equal.count, _): "Yes, throughout: several small networks beat one large network"
      case (0, 0):
        "Not told apart: several small networks neither beat one large network nor lose to it"
      case (0, _): "No: several small networks are nowhere shown to beat one large network"
      case (_, 0): "Yes, where it can be told: several small networks beat one large network"
      default:
        "It depends: several small networks beat one large network in places, and lose to it in others"
      }
    let tally =
      "of \(equal.count) comparisons \(counts[0]) are better, \(counts[1]) worse, \(counts[2]) undecided"
    return "\(start) at about equal compute: \(tally)."
  }

  /// Of each number of training images what holds at about equal compute, and how few members are shown to be enough.
  var borders: [(heading: String, lines: [String])] {
    sizes.map { size in
      let epochs = size.epochs.map { ", \($0) epochs" } ?? ""
      let equal = size.comparisons.filter(\.isAtEqualCost)
      return (
        "\(size.trainingImages.grouped) training images\(epochs)",
        equal.isEmpty
          ? ["nothing to compare at about equal compute"] : equal.map { line($0, in: size) }
      )
    }
  }

  private func line(
    _ comparison: StudyAnalysis.Comparison, in size: StudyAnalysis.Size
  ) -> String {
    let verdict =
      switch comparison.verdict {
      case .better: "better than"
      case .worse: "worse than"
      case .undecided: "not told apart from"
      }
    return "\(comparison.smallCount) × \(comparison.smallNetwork): \(verdict) one "
      + "\(comparison.largeNetwork), "
      + "\(Self.figures(comparison.difference, comparison.interval)), for "
      + "\(NumberFormat.percent(comparison.costShare, 0)) % of its MACs\(fewest(comparison, in: size))"
  }

  /// The fewest members that are shown to be better, where that is another number.
  private func fewest(
    _ comparison: StudyAnalysis.Comparison, in size: StudyAnalysis.Size
  ) -> String {
    let better = size.comparisons.first {
      $0.smallNetwork == comparison.smallNetwork && $0.largeNetwork == comparison.largeNetwork
        && $0.verdict == .better
    }
    guard let better, better.smallCount != comparison.smallCount else { return "" }
    return "; better from \(better.smallCount.counted("member")) on, "
      + "\(NumberFormat.percent(better.costShare, 0)) % of its MACs"
  }

  /// "+1.20 points (95 % interval +0.50 to +1.90)".
  static func figures(_ difference: Double, _ interval: ConfidenceInterval?) -> String {
    "\(NumberFormat.points(difference)) points ("
      + (interval.map { "95 % interval \($0.pointsText)" }
        ?? "one training of a network: no interval over trainings") + ")"
  }

  /// Whether the lead grows with the networks, and with the images.
  var trends: [String] {
    let widths = sizes.compactMap { size -> String? in
      guard let trend = size.widthTrend else { return nil }
      return "with \(size.trainingImages.grouped) training images " + Self.sentence(trend)
    }
    return widths + content.analysis.dataTrends.map(Self.sentence)
  }

  private static func sentence(_ trend: StudyAnalysis.Trend) -> String {
    "the lead of \(trend.first.withTimesSigns) is \(word(trend.verdict)) that of "
      + "\(trend.second.withTimesSigns): \(figures(trend.change, trend.interval))"
  }

  private static func word(_ verdict: Frontier.Verdict) -> String {
    switch verdict {
    case .better: "larger than"
    case .worse: "smaller than"
    case .undecided: "not told apart from"
    }
  }

  /// What is planned and not trained; nil where all is.
  var missing: String? {
    let trained = content.trainings.reduce(0) { $0 + $1.members }
    guard trained < content.plannedMembers else { return nil }
    return "\(trained) of \(content.plannedMembers) members are trained; what is said is of those."
  }

  /// What all intervals are.
  static let caveat =
    "Every interval is of 95 % over test images and trainings together, for itself: nothing is corrected for how many there are."

  /// All of it, for a terminal.
  package func lines() -> String {
    func wrapped(_ text: String, _ indent: Int) -> String {
      Terminal.wrapped(Terminal.printable(text), width: Terminal.textWidth - indent)
        .map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
    }
    var text = wrapped(lede, 0)
    if let missing { text += wrapped(missing, 0) }
    for border in borders {
      text += wrapped(border.heading + ":", 2)
      for line in border.lines { text += wrapped(line, 4) }
    }
    for trend in trends { text += wrapped(trend, 2) }
    return text + wrapped(Self.caveat, 2)
  }
}
