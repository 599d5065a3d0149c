import CLI
import Ensembles
import Experiments
import Files
import Reports

/// `consort frontier`: accuracy against compute of a run's ensembles.
let frontierCommand = Command(
  name: "frontier",
  summary: "Combine a run's members, and report accuracy against compute.",
  operands: [
    Operand("RUN", help: "A run directory that `consort train` wrote, such as runs/NAME.")
  ],
  options: [
    CombinationRule.option,
    CommandOption("--split", "SPLIT", help: "The images: test (unless given) or hold-out."),
    CommandOption(
      "--max-subsets", "N",
      help: "Sample N subsets of a size where there are more; 1000 unless given."),
    CommandOption(
      "--out", "DIR",
      help: "Where the report goes; RUN/frontier unless given, and "
        + "RUN/frontier-SPLIT-RULE for others than test and geometric-mean."),
    CommandOption("--json", help: "Print the frontier as JSON in place of the table."),
  ],
  discussion: """
    Needs the predictions that training leaves for each member. Prints a row for each network and
    number of members n: the mean over subsets of n members (for n = 1 the median member), its
    spread over them, and what it costs for one image. MACs are multiply-accumulates; FLOPs are
    2 x MACs. A star marks the Pareto frontier: no other point is better in accuracy or compute and
    as good in the other. Then it says where an ensemble of a smaller network beats one larger
    network at equal or less compute, with a 95 % interval and McNemar's test, and where it does not.

    Writes report.html, frontier.svg, frontier.png, frontier.json, frontier.csv, frontier.vl.json
    and diversity.json.
    """,
  examples: [
    "consort frontier runs/cifar10-quick",
    "consort frontier runs/cifar10-quick --split hold-out --rule arithmetic-mean --out /tmp/report",
  ],
  run: { arguments in try FrontierJob(arguments).run() })

/// The arguments of `consort frontier`, understood.
private struct FrontierJob {
  let directory: String
  let rule: CombinationRule
  let split: String
  let maximumSubsets: Int
  let out: String
  let printsJSON: Bool

  init(_ arguments: ParsedArguments) throws {
    var path = arguments.operand(0) ?? ""
    while path.count > 1, path.last == "/" { path.removeLast() }
    directory = path
    split = arguments.string("--split") ?? "test"
    guard ["test", "hold-out"].contains(split) else {
      throw UsageError("--split is test or hold-out, not '\(split)'")
    }
    rule = try CombinationRule(arguments) ?? .geometricMean
    maximumSubsets = try arguments.integer("--max-subsets") ?? 1000
    guard maximumSubsets >= 1 else { throw UsageError("--max-subsets is at least 1") }
    // Each choice of images and rule has its place, so that none silently replaces another's report.
    let suffixes = [split == "test" ? nil : split, rule == .geometricMean ? nil : rule.name]
    let place = (["/frontier"] + suffixes.compactMap { $0 }).joined(separator: "-")
    out = arguments.string("--out") ?? directory + place
    printsJSON = arguments.isSet("--json")
  }

  func run() throws {
    let predictions = try RunMembers(run: RunDirectory(path: directory), split: split).predictions()
    let frontier = try Frontier.analyze(predictions, rule: rule, maximumSubsets: maximumSubsets)
    let diversity = try Diversity(predictions)
    // The figures come first: they stand even where the chart cannot be drawn.
    print(
      printsJSON ? try frontier.readableJSON() : FrontierSummary.text(frontier) + "\n",
      terminator: "")
    let context = ReportContext(runDirectory: directory, command: Shell.commandLine())
    let page = try FrontierReport.write(frontier, diversity, context, to: out)
    if !printsJSON { print("report: \(Terminal.printable(page))") }
  }
}
