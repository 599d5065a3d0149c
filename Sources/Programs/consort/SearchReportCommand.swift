import CommandLine
import Files
import Formatting
import Reports
import SearchRuns

/// `consort report` of a search's directory.
func reportOnSearch(
  _ paths: [String], _ arguments: ParsedArguments, command: String
) throws {
  guard paths.count == 1 else {
    throw UsageError("a search has a report of its own: name its directory alone")
  }
  if let option = StudyOptions.options.map(\.name).first(where: {
    arguments.string($0) != nil || arguments.isSet($0)
  }) {
    throw UsageError("\(option) is for runs: a search's report takes --out and --latency only")
  }
  guard !(arguments.isSet("--latency") && arguments.isSet("--no-latency")) else {
    throw UsageError("--latency and --no-latency contradict each other: leave one out")
  }
  let directory = SearchDirectory(path: paths[0])
  let out = try arguments.outputDirectory("--out", default: directory.reportPath)
  let study = try SearchStudy(
    directory,
    timing: arguments.isSet("--latency")
      ? .anew : arguments.isSet("--no-latency") ? .onRecord : .once)
  let content = study.content(command: command)
  let page = try SearchReport.write(
    content, to: out)
  print(SearchText(content).lines(), terminator: "")
  print("report: \(Terminal.printable(page))")
}
