import Decisions
import Files
import Formatting
import Predictions

/// One of the places that a report's members came from.
public struct MemberOrigin: Hashable, Sendable {
  /// As the user named it.
  public let path: String
  /// Its members' names, as the decision has them.
  public let members: Set<String>
  /// Whether the models are there: a run, an ensemble or an ONNX file, rather than predictions alone.
  public let holdsModels: Bool

  /// Names a place.
  public init(path: String, members: Set<String>, holdsModels: Bool) {
    self.path = path
    self.members = members
    self.holdsModels = holdsModels
  }
}

/// How a candidate becomes a directory that can be deployed.
struct BuildInstructions {
  let origins: [MemberOrigin]
  /// What `consort build-ensemble` has to be told of the origins' files, such as `["--mean", "imagenet"]`.
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
          "my-ensemble",
        ])
  }

  /// What else has to be done; nil where the command is enough.
  func advice(for candidate: Candidate) -> String? {
    let missing = missing(of: candidate)
    guard !missing.isEmpty else { return nil }
    let shown = missing.prefix(4).map { "'\($0)'" }
    let more = missing.count - shown.count
    let names = Words.list(shown + (more > 0 ? ["\(more) more"] : []))
    return "Predictions alone cannot be deployed: put the runs, ensembles or ONNX files that hold "
      + "\(names), under just these names, in the place of MODELS."
  }
}

extension ReportPage {
  var build: BuildInstructions {
    BuildInstructions(
      origins: context.origins, options: context.buildOptions,
      decision: directory + "/decision.json")
  }

  /// The command that builds the candidate, and what it needs besides.
  func buildLine(_ candidate: Candidate) -> HTML {
    let advice: HTML = build.advice(for: candidate).map { "\n<p class=\"small\">\($0)</p>" } ?? ""
    return """
      <p class="command"><span>Build it:</span> <code>\(build.command(for: candidate))</code></p>\(advice)
      """
  }
}
