import CLI
import Ensembles
import Experiments
import Files
import Inference
import Reports

/// What to do after a report, as a command that can be copied.
struct NextCommand {
  /// The sources of the report.
  let paths: [String]
  /// Where decision.json is.
  let directory: String

  /// Lines that begin with "next: ".
  func lines(_ decision: Decision?, isPage: Bool) -> String {
    var lines: [String] = []
    if let decision {
      let build = ["consort", "build-ensemble"]
      let rest = ["--decision", "\(directory)/decision.json", "--out", "my-ensemble"]
      if paths.allSatisfy(Self.holdsModels) {
        lines.append(Shell.line(build + paths + rest))
      } else {
        let names = CommandError.listing(decision.deployed.members)
        lines.append(
          "\(Shell.line(build)) MODELS \(Shell.line(rest)), with the models of "
            + "\(names): runs, ensembles or ONNX files")
      }
    }
    if !isPage { lines.append(Shell.line(["consort", "report"] + paths)) }
    return lines.map { "next: \(Terminal.printable($0))\n" }.joined()
  }

  /// Whether the models lie where the predictions came from.
  private static func holdsModels(_ path: String) -> Bool {
    if Directory.exists("\(path)/\(EnsembleDirectory.manifestName)") { return true }
    guard Directory.isDirectory(path) else { return path.lowercased().hasSuffix(".onnx") }
    return Directory.exists(RunDirectory(path: path).experimentPath)
  }
}
