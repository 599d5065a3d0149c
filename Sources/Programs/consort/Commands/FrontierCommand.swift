import CommandLine
import Decisions
import Files
import Formatting
import MemberSources
import Predictions
import ReportContents
import Reports
import Schemas

/// `consort frontier`: accuracy against cost of what can be made of members, and which of it to take.
let frontierCommand = Command(
  name: "frontier",
  summary: "Combine members, and report accuracy against cost.",
  operands: [Operand("SOURCE", help: sourceHelp, isRepeated: true)],
  options: AnalysisOptions.options + [
    CommandOption(
      "--split", "SPLIT",
      help: "The images of the curves: test or hold-out, where nothing is chosen (default: test)."),
    CommandOption(
      "--out", "DIR",
      help: "Where the files go (default: SOURCE/frontier, without a list's .json; "
        + "SOURCE/frontier-SPLIT-RULE for others than test and geometric-mean)."),
    CommandOption("--json", help: "Print JSON in place of the tables."),
  ],
  discussion: """
    Prints a row for each network and number of members n: the mean over subsets of n members (for
    n = 1 the median member), its spread over them, and what it costs for one image. MACs are
    multiply-accumulates; FLOPs are 2 x MACs. A star marks the Pareto frontier: no other point is
    better in accuracy or compute and as good in the other. Then it says where an ensemble of a
    smaller network beats one larger network at equal or less compute, with a 95 % interval and
    McNemar's test, and where it does not.

    Where the members have hold-out predictions, it then tries every ensemble of up to --max-members
    of them, whatever their networks, fits weights and searches cascades on the hold-out, and prints
    which are best for their cost there, with their test figures: no test image chooses anything.
    Without a budget it chooses the cheapest that is shown to be as good as the best single member: two
    fifths of the hold-out design ensembles and cascades, and the others, which had no say in it, test
    whether more than --tolerance points are lost against any single member, with --confidence. Where
    the hold-out is too small to show it of anything, it says so, and how many images would do, and
    takes what is likely to lose least. With --max-cost it chooses the most accurate within it, by the
    way to choose that does best on images that it did not choose on, the simplest of equals; --at
    says which of a cascade's costs is meant. Three answers are printed each time: the cheapest that
    is as good, the best for the best single member's cost, and the best of all.

    A list of predictions is such a file; paths are relative to it, and files of other programs are
    .npy, .npz, .csv or .tsv, one row an image:

        {"split": "test",
         "labels": "labels.npy",
         "members": [
          {"file": "a.npy", "name": "a",
           "network": "resnet",
           "macs": 4.1e9,
           "parameters": 25600000,
           "latencyMilliseconds": 12.5,
           "kind": "logits"},
          {"file": "b.safetensors"}]}

    A split called "hold-out" (or validation, val, dev) chooses, any other is reported on. What is not
    certain from the files is said in notes, or asked for: "kind" says what scores are, "classes" the
    classes' names (a list, or a file with one a line), "labelsAre" names, indices or indices-from-1,
    "labelColumn" the labels' column, "array" the scores of an .npz file, "fingerprint" which images
    they are. Each can stand in a member too, but for "fingerprint" and "labels". Without "macs" or
    "parameters" every member counts as one.

    Writes frontier.json, frontier.csv, frontier.svg, frontier.png, frontier.vl.json, diversity.json
    and, where something is chosen, decision.json, of which `consort build-ensemble` makes what was
    chosen. `consort report` makes the page.
    """,
  examples: [
    "consort frontier runs/cifar10-quick",
    "consort frontier runs/a runs/b --max-cost 60M",
    "consort frontier hold-out.json test.json --labels labels.npy --min-accuracy 93.5",
    "consort frontier runs/cifar10-quick --split hold-out --rule arithmetic-mean --out /tmp/report",
  ],
  run: { arguments in try FrontierJob(arguments).run() })

/// What the sources of `consort frontier` and `consort report` are.
let sourceHelp =
  "Run directories that `consort train` wrote; ensemble directories and ONNX files (with --data); "
  + "predictions files, or directories of them; .json files that list predictions of any program."

/// The arguments of `consort frontier`, understood.
private struct FrontierJob {
  let paths: [String]
  let options: AnalysisOptions
  let split: String
  let out: String
  let printsJSON: Bool
  /// What `consort report` has to be told to make the page of the same.
  let reportWords: [String]

  init(_ arguments: ParsedArguments) throws {
    paths = arguments.operands.map(Directory.withoutSlash)
    options = try AnalysisOptions(arguments)
    split = arguments.string("--split") ?? SplitName.test
    guard [SplitName.test, SplitName.holdOut].contains(split) else {
      throw UsageError("--split is test or hold-out, not '\(split)'")
    }
    if split == SplitName.holdOut, let option = options.analysis.choosingOption {
      throw UsageError("--split hold-out chooses nothing: leave \(option) out")
    }
    // Each choice of images and rule has its place, so that none silently replaces another's report.
    let rule = options.analysis.decision.rule
    let suffixes = [
      split == SplitName.test ? nil : split, rule == .geometricMean ? nil : rule.name,
    ]
    let name = (["frontier"] + suffixes.compactMap { $0 }).joined(separator: "-")
    out = try arguments.outputDirectory("--out", default: place(of: name, for: paths))
    try arguments.checkReport(out, of: paths)
    printsJSON = arguments.isSet("--json")
    reportWords = paths.map(Shell.operand) + arguments.words(of: AnalysisOptions.options)
  }

  private struct Answer: Encodable {
    let frontier: Frontier
    let decision: Decision?
  }

  func run() throws {
    let analysis = try MemberAnalysis(
      of: paths, options, split: split == SplitName.test ? .test : .holdOut)
    Terminal.writeNotes(Note.lines(analysis.notes))
    // The figures come first: they stand even where the chart cannot be drawn.
    if printsJSON {
      // What tables would say stands beside figures that a program reads.
      Terminal.writeNotes(analysis.decision.map { DecisionCautions($0).sentences } ?? [])
      print(
        try Answer(frontier: analysis.frontier, decision: analysis.decision).readableJSON(),
        terminator: "")
    } else {
      print(FrontierSummary.text(analysis.frontier), terminator: "")
      if let decision = analysis.decision {
        print(
          "\n" + DecisionText(decision).lines() + "\n" + DecisionSummary.text(decision),
          terminator: "")
      } else if split == SplitName.test {
        print("\n" + DecisionText.lines(ofNothingChosen: Terminal.textWidth), terminator: "")
      }
    }
    let context = ReportContext(
      of: analysis, paths, title: options.title, command: Shell.commandLine())
    try Directory.create(out)
    if let decision = analysis.decision {
      try DurableFile.write(try decision.readableJSON(), to: ReportFile.decision.path(in: out))
    } else {
      // One of earlier predictions would lie beside figures that it does not belong to.
      try Directory.removeFile(ReportFile.decision.path(in: out))
    }
    try FrontierReport.write(analysis.frontier, analysis.diversity, context, to: out)
    if !printsJSON {
      print("\nwritten: \(Terminal.printable(out))")
      print(
        NextSteps.text(
          analysis.decision, context, directory: out,
          report: split == SplitName.test ? reportWords : []), terminator: "")
    }
  }
}

/// Where files go whose place was not given: beside the only source, else in the current directory.
func place(of name: String, for paths: [String]) -> String {
  guard paths.count == 1 else { return name }
  let base = [".json", ".safetensors", ".onnx"].first { paths[0].hasSuffix($0) }
    .map { String(paths[0].dropLast($0.count)) }
  return "\(base ?? paths[0])/\(name)"
}
