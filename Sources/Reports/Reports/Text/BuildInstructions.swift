import Decisions
import Files
import Formatting
import Predictions

/// How a candidate becomes a directory that can be deployed.
struct BuildInstructions {
  let origins: [MemberOrigin]
  /// What `consort build-ensemble` has to know of the origins' files, such as `["--mean", "imagenet"]`.
  let options: [String]
  /// The decision's file.
  let decision: String

  private var known: Set<String> {
    origins.filter(\.holdsModels).reduce(into: []) { $0.formUnion($1.members) }
  }

  /// The members that are known by their predictions alone.
  func missing(of candidate: Candidate) -> [String] {
    let known = known
    return candidate.members.filter { !known.contains($0) }
  }

  /// The command, which can be copied; with a word for the user to replace where models are missing.
  func command(for candidate: Candidate) -> String {
    let paths = origins.filter(\.holdsModels).map { Shell.operand($0.path) }
    let models = missing(of: candidate).isEmpty ? paths : paths + ["MODELS"]
    return Shell.line(
      ["consort", "build-ensemble"] + models + options
        + [
          "--decision", Shell.operand(decision), "--candidate", candidate.id, "--out",
          Self.directory,
        ])
  }

  private static let directory = "my-ensemble"

  /// The command that answers requests with what was built.
  static let serving = Shell.line(["consort", "serve", directory])

  /// What else has to be done; nil where the command is enough.
  func advice(for candidate: Candidate) -> String? {
    let missing = missing(of: candidate)
    guard !missing.isEmpty else { return nil }
    let shown = missing.prefix(4).map { "'\($0)'" }
    let more = missing.count - shown.count
    let names = (shown + (more > 0 ? ["\(more) more"] : [])).listed
    return "Predictions alone cannot be deployed: put the runs, ensembles or ONNX files that hold "
      + "\(names), under just these names, in the place of MODELS."
  }
}

extension ReportPage {
  var build: BuildInstructions {
    BuildInstructions(
      origins: context.origins, options: context.buildOptions,
      decision: ReportFile.decision.path(in: directory))
  }

  /// The command that builds the candidate, and what it needs besides.
  func buildLine(_ candidate: Candidate) -> HTML {
    let advice: HTML = build.advice(for: candidate).map { "\n<p class=\"small\">\($0)</p>" } ?? ""
    return """
      <p class="command"><span>Build it:</span> <code>\(build.command(for: candidate))</code></p>\(advice)
      """
  }
}

/// What to do after a decision or a report, as commands that can be copied.
package enum NextSteps {
  /// A line for each command, which begins with "next: ", and what it needs besides.
  ///
  /// - Parameters:
  ///   - decision: What was chosen; nil where nothing could be.
  ///   - context: Where the members came from.
  ///   - directory: Where decision.json is.
  ///   - report: The sources and options that a page can be made of; none where it is made already.
  package static func text(
    _ decision: Decision?, _ context: ReportContext, directory: String, report: [String] = []
  ) -> String {
    var lines: [String] = []
    if let decision {
      let build = BuildInstructions(
        origins: context.origins, options: context.buildOptions,
        decision: ReportFile.decision.path(in: directory))
      lines.append("next: " + build.command(for: decision.deployed))
      if let advice = build.advice(for: decision.deployed) { lines.append(advice) }
      lines.append("next: " + BuildInstructions.serving)
    }
    if !report.isEmpty {
      lines.append("next: " + Shell.line(["consort", "report"] + report))
    }
    return lines.map { Terminal.printable($0, keepsNewlines: true) + "\n" }.joined()
  }
}
