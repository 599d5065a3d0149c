import Decisions
import Ensembles
import Formatting

/// A frontier as plain text for a terminal.
package enum FrontierSummary {
  /// The table of ensembles, then what it says in words.
  package static func text(_ frontier: Frontier) -> String {
    let findings = Findings(frontier)
    var text = table(frontier) + "\n"
    text += lines(findings.headline, indent: 0)
    for finding in findings.findings {
      let claim = lines(finding.claim + ":", indent: 4).dropFirst(4)
      text += "  \(mark(finding.verdict)) \(claim)"
      text += lines(finding.figures + ".", indent: 6)
      if let beyond = finding.beyond { text += lines(beyond, indent: 6) }
    }
    if !findings.findings.isEmpty { text += lines(Findings.caveat, indent: 2) }
    return text
  }

  /// A row for each network and number of members.
  package static func table(_ frontier: Frontier) -> String {
    var table = TextTable(columns: [
      .init("network", isKept: true), .init("n", .right, isKept: true),
      .init("MACs", .right, isKept: true), .init("FLOPs", .right),
      .init("top-1 %", .right, isKept: true), .init("± sd", .right), .init("subsets", .right),
      .init("NLL", .right), .init("ECE", .right), .init("Pareto", isKept: true),
    ])
    for curve in frontier.curves {
      for point in curve.points {
        table.append([
          curve.network, "\(point.memberCount)", NumberFormat.scaled(point.multiplyAccumulates),
          NumberFormat.scaled(point.floatingPointOperations), NumberFormat.percent(point.accuracy),
          point.subsetCount > 1 ? NumberFormat.percent(point.top1StandardDeviation) : "",
          "\(point.subsetCount)", likelihood(point, frontier.rule),
          NumberFormat.fixed(point.mean.expectedCalibrationError, 4),
          point.isOnParetoFrontier ? "*" : "",
        ])
      }
    }
    return table.text()
  }

  /// Votes give classes without a vote no probability: the likelihood would only count such images.
  static func likelihood(_ point: Frontier.Point, _ rule: CombinationRule) -> String {
    rule == .majorityVote ? "–" : NumberFormat.fixed(point.mean.negativeLogLikelihood, 4)
  }

  private static func lines(_ text: String, indent: Int) -> String {
    Terminal.wrapped(Terminal.printable(text), width: Terminal.textWidth - indent)
      .map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
  }

  private static func mark(_ verdict: Frontier.Verdict) -> String {
    switch verdict {
    case .better: "+"
    case .worse: "-"
    case .undecided: "?"
    }
  }
}
