import Decisions
import Files
import Formatting

/// What to do after a decision or a report, as commands that can be copied.
public enum NextSteps {
  /// A line for each command, which begins with "next: ", and what it needs besides.
  ///
  /// - Parameters:
  ///   - decision: What was chosen; nil where nothing could be.
  ///   - context: Where the members came from.
  ///   - directory: Where decision.json is.
  ///   - report: The sources and options that a page can be made of; none where it is made already.
  public static func text(
    _ decision: Decision?, _ context: ReportContext, directory: String, report: [String] = []
  ) -> String {
    var lines: [String] = []
    if let decision {
      let build = BuildInstructions(
        origins: context.origins, options: context.buildOptions,
        decision: directory + "/decision.json")
      lines.append("next: " + build.command(for: decision.deployed))
      if let advice = build.advice(for: decision.deployed) { lines.append(advice) }
    }
    if !report.isEmpty {
      lines.append("next: " + Shell.line(["consort", "report"] + report))
    }
    return lines.map { Terminal.printable($0, keepsNewlines: true) + "\n" }.joined()
  }
}
