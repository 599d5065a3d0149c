import CommandLine
import Decisions
import Ensembles
import Files
import Formatting
import Reports
import SearchRuns

/// `consort report`: what to deploy, or what a search found, on a page that opens without a network.
let reportCommand = Command(
  name: "report",
  summary: "Make a page that says what to deploy: one larger model, several smaller, or a cascade.",
  operands: [
    Operand(
      "SOURCE", help: sourceHelp + " Or one search that `consort search` wrote.", isRepeated: true)
  ],
  options: StudyOptions.options + [
    CommandOption("--no-latency", help: "Do not time the members on this machine."),
    CommandOption(
      "--latency",
      help: "Time the finalists of a search anew; they are timed once, and then on record."),
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
    were found; and every candidate. It takes none of the options that choose.
    """,
  examples: [
    "consort report runs/cifar10-mixed --data ~/cifar10",
    "consort report runs/a runs/b --cost latency --max-cost 2.5ms --out report",
    "consort report hold-out.json test.json --shifted shifted.json --out report",
    "consort report runs/search-cifar10",
  ],
  run: { try writeReport($0, command: Shell.commandLine()) })

/// Carries out `consort report`; the page says that `command` made it.
func writeReport(_ arguments: ParsedArguments, command: String) throws {
  let paths = arguments.operands.map(Directory.withoutSlash)
  if paths.contains(where: { SearchDirectory(path: $0).exists }) {
    try reportOnSearch(paths, arguments, command: command)
    return
  }
  guard !arguments.isSet("--latency") else {
    throw UsageError("--latency is for searches: members of runs are timed each time")
  }
  let out = try arguments.outputDirectory("--out", default: place(of: "report", for: paths))
  try arguments.checkReport(out, of: paths)
  let study = try Study(
    paths, StudyOptions(arguments), measuresLatency: !arguments.isSet("--no-latency"))
  Terminal.writeNotes(Note.lines(study.notes))
  let page = try DecisionReport.write(study.content(paths, command: command), to: out)
  print(
    study.decision.map { DecisionText($0).lines() }
      ?? DecisionText.lines(ofNothingChosen: Terminal.textWidth), terminator: "")
  print("report: \(Terminal.printable(page))")
  print(
    NextSteps.text(study.decision, study.context(paths, command: command), directory: out),
    terminator: "")
}

extension Study {
  /// All that the page tells.
  func content(_ paths: [String], command: String) throws -> ReportContent {
    let reference = decision.flatMap { $0.candidate($0.reference) }
    let single = reference.flatMap { reference in
      sources.test.first { $0.name == reference.members[0] }
    }
    return ReportContent(
      decision: decision, frontier: frontier, diversity: diversity,
      contributions: sources.holdOut.isEmpty
        ? nil : try MemberContributions(of: sources.holdOut, rule: frontier.rule),
      forecasts: try forecasts(),
      referenceReliability: try single.map { try ReliabilitySummary(of: $0) },
      examples: try ReportExamples.find(self), context: context(paths, command: command))
  }

  /// Of each network with enough members, from the images that choose where there are such.
  private func forecasts() throws -> [NetworkForecast] {
    let known = sources.holdOut.isEmpty ? sources.test : sources.holdOut
    let groups = Dictionary(grouping: known, by: \.network)
    return try groups.keys.sorted().compactMap { network in
      guard let members = groups[network], members.count >= Forecast.fewestMembers else {
        return nil
      }
      // Fewer ensembles of a size where there are many sizes: their means differ little.
      let subsets = min(1000, max(50, 20_000 / members.count))
      let forecast = try Forecast(from: members, rule: frontier.rule, maximumSubsets: subsets)
      let fewer = max(Forecast.fewestMembers, (members.count + 1) / 2)
      return NetworkForecast(
        network: network, split: known[0].split,
        forecast: forecast,
        checks: fewer < members.count
          ? try Forecast.check(
            members, known: fewer, rule: frontier.rule, maximumSubsets: subsets, whole: forecast)
          : [])
    }
  }
}
