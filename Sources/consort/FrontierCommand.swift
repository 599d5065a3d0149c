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
    Operand(
      "RUN",
      help: "A run directory that `consort train` wrote, such as runs/NAME, or a .json file that "
        + "lists predictions of any program.")
  ],
  options: [
    CombinationRule.option,
    CommandOption("--split", "SPLIT", help: "The images: test (unless given) or hold-out."),
    CommandOption(
      "--labels", "FILE",
      help: "The images' classes, .npy or .csv, for listed files that have none."),
    CommandOption(
      "--max-subsets", "N",
      help: "Sample N subsets of a size where there are more; 1000 unless given."),
    CommandOption(
      "--out", "DIR",
      help: "Where the report goes; RUN/frontier unless given (without a list's .json), and "
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

    A list of predictions is such a file; paths are relative to it, and files of other programs are
    .npy, .npz or .csv with logits or probabilities, one row an image:

        {"split": "test", "labels": "labels.npy", "members": [
          {"file": "a.npy", "name": "a", "network": "resnet", "macs": 4100000000, "parameters": 25600000},
          {"file": "b.safetensors"}]}

    Writes frontier.svg, frontier.png, frontier.json, frontier.csv, frontier.vl.json
    and diversity.json.
    """,
  examples: [
    "consort frontier runs/cifar10-quick",
    "consort frontier predictions.json --labels labels.npy",
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
  /// Where the classes of listed predictions are.
  let labels: String?

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
    let base = Self.isList(directory) ? String(directory.dropLast(".json".count)) : directory
    out = arguments.string("--out") ?? base + place
    printsJSON = arguments.isSet("--json")
    labels = arguments.string("--labels")
    guard labels == nil || isList else {
      throw UsageError("--labels is for a list of predictions, a .json file; a run has its own")
    }
    guard arguments.string("--split") == nil || !isList else {
      throw UsageError("--split is for a run; a list of predictions names its own")
    }
  }

  private var isList: Bool { Self.isList(directory) }

  private static func isList(_ path: String) -> Bool { path.hasSuffix(".json") }

  private func predictions() throws -> [Predictions] {
    guard isList else {
      return try RunMembers(run: RunDirectory(path: directory), split: split).predictions()
    }
    return try PredictionList(path: directory).predictions(labels: labels)
  }

  func run() throws {
    let predictions = try predictions()
    let frontier = try Frontier.analyze(predictions, rule: rule, maximumSubsets: maximumSubsets)
    let diversity = try Diversity(predictions)
    // The figures come first: they stand even where the chart cannot be drawn.
    print(
      printsJSON ? try frontier.readableJSON() : FrontierSummary.text(frontier) + "\n",
      terminator: "")
    let context = ReportContext(runDirectory: directory, command: Shell.commandLine())
    let chart = try FrontierReport.write(frontier, diversity, context, to: out)
    if !printsJSON { print("chart: \(Terminal.printable(chart))") }
  }
}
