import CommandLine
import Decisions
import Files
import Formatting
import MemberSources
import ReportContents
import Reports
import Runs
import SearchRuns

/// `consort report`: what to deploy, or what a search found, on a page that opens without a network.
let reportCommand = Command(
  name: "report",
  summary: "Make a page that says what to deploy: one larger model, several smaller, or a cascade.",
  operands: [
    Operand(
      "SOURCE",
      help: sourceHelp + " Or one search that `consort search` wrote, or one study or its record.",
      isRepeated: true)
  ],
  options: AnalysisOptions.options + [
    CommandOption("--no-latency", help: "Do not time the members on this machine."),
    CommandOption(
      "--latency",
      help:
        "Time the finalists of a search again, which are timed once, and then on record; or the networks of a study."
    ),
    CommandOption(
      "--out", "DIR",
      help: "Where the page goes (default: SOURCE/report, without a list's .json; for several "
        + "sources: report)."),
  ],
  discussion: """
    Chooses as `consort frontier` does, and writes report.html, one file with everything in it: the
    decision in words, an interactive chart of accuracy against cost, tables, calibration, cascades,
    diversity, forecasts, and with --data images that the chosen ensemble gets right and the best
    single member wrong. Beside it each chart as SVG, PNG and Vega-Lite, each table as CSV and JSON,
    and decision.json, of which `consort build-ensemble` makes what was chosen, or any candidate.

    Of a search, the page says whether different architectures for the members beat one, repeated:
    the finalists' accuracy over seeds with intervals, against latency and compute; the networks that
    were found; and every candidate. Of a study, it says for which number of training images and which
    compute several small networks are better than a large one. Neither takes the options that choose.
    """,
  examples: [
    "consort report runs/cifar10-mixed --data ~/cifar10",
    "consort report runs/a runs/b --cost latency --max-cost 2.5ms --out report",
    "consort report hold-out.json test.json --shifted shifted.json --out report",
    "consort report runs/search-cifar10",
    "consort report results/claim",
  ],
  run: { try writeReport($0, command: Shell.commandLine()) })

/// Carries out `consort report`; the page says that `command` made it.
func writeReport(_ arguments: ParsedArguments, command: String) throws {
  let paths = arguments.operands.map(Directory.withoutSlash)
  if paths.contains(where: { SearchDirectory(path: $0).exists }) {
    try reportOnSearch(paths, arguments, command: command)
    return
  }
  if paths.contains(where: { StudyDirectory(path: $0).exists }) {
    try reportOnStudy(paths, arguments, command: command)
    return
  }
  guard !arguments.isSet("--latency") else {
    throw UsageError("--latency is for searches and studies: members of runs are timed each time")
  }
  let out = try arguments.outputDirectory("--out", default: place(of: "report", for: paths))
  try arguments.checkReport(out, of: paths)
  var options = try AnalysisOptions(arguments)
  options.analysis.measuresLatency = !arguments.isSet("--no-latency")
  let analysis = try MemberAnalysis(of: paths, options)
  Terminal.writeNotes(Note.lines(analysis.notes))
  let context = ReportContext(
    of: analysis, paths, title: options.title, command: command)
  let page = try DecisionReport.write(analysis.content(in: context), to: out)
  print(
    analysis.decision.map { DecisionText($0).lines() }
      ?? DecisionText.lines(ofNothingChosen: Terminal.textWidth), terminator: "")
  print("report: \(Terminal.printable(page))")
  print(
    NextSteps.text(analysis.decision, context, directory: out), terminator: "")
}

/// `consort report` of a search's directory.
private func reportOnSearch(
  _ paths: [String], _ arguments: ParsedArguments, command: String
) throws {
  try arguments.checkOwnReport(of: "a search", paths)
  let directory = SearchDirectory(path: paths[0])
  let out = try arguments.outputDirectory("--out", default: directory.reportPath)
  let results = try SearchResults(
    directory,
    timing: arguments.isSet("--latency")
      ? .anew : arguments.isSet("--no-latency") ? .onRecord : .once,
    progress: Terminal.writeError)
  let content = results.content(command: command)
  let page = try SearchReport.write(
    content, to: out)
  print(SearchText(content).lines(), terminator: "")
  print("report: \(Terminal.printable(page))")
}

/// `consort report` of a study's directory, or of its record.
func reportOnStudy(
  _ paths: [String], _ arguments: ParsedArguments, command: String
) throws {
  try arguments.checkOwnReport(of: "a study", paths)
  let directory = StudyDirectory(path: paths[0])
  let out = try arguments.outputDirectory("--out", default: directory.reportPath)
  let results = try StudyResults(
    directory, timing: arguments.isSet("--latency") ? .anew : .onRecord,
    progress: Terminal.writeError)
  let content = results.content(command: command)
  let page = try StudyReport.write(content, to: out)
  print(StudyText(content).lines(), terminator: "")
  print("report: \(Terminal.printable(page))")
}

extension ParsedArguments {
  /// Makes sure that nothing is asked for that only reports on runs have.
  ///
  /// - Parameter kind: What the report is about, such as "a search".
  fileprivate func checkOwnReport(of kind: String, _ paths: [String]) throws {
    guard paths.count == 1 else {
      throw UsageError("\(kind) has a report of its own: name its directory alone")
    }
    if let option = AnalysisOptions.options.map(\.name).first(where: {
      string($0) != nil || isSet($0)
    }) {
      throw UsageError("\(option) is for runs: \(kind)'s report takes --out and --latency only")
    }
    guard !(isSet("--latency") && isSet("--no-latency")) else {
      throw UsageError("--latency and --no-latency contradict each other: leave one out")
    }
  }
}
