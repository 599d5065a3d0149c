import CommandLine
import Decisions
import Files
import Formatting
import MemberSources
import Reports
import Runs

/// `consort advise`: what to train next, or whether to stop.
let adviseCommand = Command(
  name: "advise",
  summary: "Say what to train next for a number of hours, and when to stop.",
  operands: [
    Operand(
      "SOURCE",
      help:
        "A run directory, a study's directory or its record; or held-out predictions: files, directories of them, and "
        + "lists, with --training-time.",
      isRepeated: true)
  ],
  options: [
    CommandOption(
      "--budget", "TIME", help: "What may be spent on training, such as 2h, 1h30m or 45m."),
    CommandOption(
      "--max-cost", "MACS",
      help:
        "The most that an ensemble may cost for one image, such as 400M (default: twice what all members that there are cost "
        + "together)."),
    CommandOption(
      "--min-gain", "POINTS",
      help: "The gain in points of accuracy that is worth a step (default: 0.1)."),
    CommandOption(
      "--training-time", "NETWORK=TIME",
      help:
        "How long a training of a network takes, such as wide-resnet-16-1=25m, in place of what runs say; may be repeated.",
      isRepeated: true),
    CommandOption("--out", "DIR", help: "Write advice.json there."),
    CommandOption("--json", help: "Print advice.json in place of the table."),
  ],
  discussion: """
    Ranks what can be trained within the budget by what it is expected to add to the best accuracy
    that an ensemble of members of one network, or of two, has on the hold-out, for
    --max-cost at most: another member of a network, as many as the budget holds, a first member of a network of
    the family that is not there, or the best ensemble for twice the epochs where losses still fell.
    Test images choose nothing.

    Each gain stands with the interval that holds with 80 % what as many test images would show, and
    with the probability that there is any. The advice is to stop where no step is more likely than
    not to gain more than --min-gain. Times are those that runs and records have of their trainings;
    networks that are not trained are reckoned by their MACs.
    """,
  examples: [
    "consort advise runs/cifar10-quick --budget 2h",
    "consort advise results/claim --budget 45m --max-cost 400M --out advice",
    "consort advise predictions/hold-out --training-time wide-resnet-16-1=14m --budget 1h",
  ],
  run: { try advise($0) })

private func advise(_ arguments: ParsedArguments) throws {
  let options = try TrainingAdvice.Options(arguments)
  let seconds = try trainingTimes(arguments)
  let out = try arguments.directory("--out").map { _ in
    try arguments.outputDirectory("--out", default: "")
  }
  let sources = try AdviceSource.all(
    at: arguments.operands.map(Directory.withoutSlash), seconds: seconds)
  Terminal.writeNotes(Note.lines(sources.flatMap(\.notes)))
  let entries = try sources.map { source in
    AdviceFile.Entry(
      source: source.path, trainingImages: source.trainingImages,
      advice: try source.advice(options))
  }
  let file = AdviceFile(runs: entries)
  let written = try out.map { try file.write(to: $0) }
  if arguments.isSet("--json") {
    print(try file.readableJSON(), terminator: "")
    return
  }
  for (place, entry) in entries.enumerated() {
    // Of a study, which of its runs it is about.
    if StudyDirectory(path: arguments.operands[0]).exists {
      print((place > 0 ? "\n" : "") + Terminal.printable(entry.source) + ":")
    }
    print(AdviceText(entry.advice).lines(), terminator: "")
  }
  if let written { print("advice: \(Terminal.printable(written))") }
}

extension TrainingAdvice.Options {
  fileprivate init(_ arguments: ParsedArguments) throws(UsageError) {
    guard let budget = arguments.string("--budget") else {
      throw UsageError(
        "--budget is missing: say what may be spent on training, such as --budget 2h")
    }
    self.init(budgetSeconds: try TrainingDuration(budget, option: "--budget").seconds)
    if let text = arguments.string("--max-cost") {
      maximumMultiplyAccumulates = try AnalysisOptions.cost(text, measure: .multiplyAccumulates)
    }
    if let points = try arguments.number("--min-gain") {
      guard (0..<100).contains(points) else {
        throw UsageError("--min-gain is in points of accuracy, 0 or more and less than 100")
      }
      leastGain = points / 100
    }
  }
}

/// What `--training-time` says, by network.
private func trainingTimes(_ arguments: ParsedArguments) throws(UsageError) -> [String: Double] {
  var seconds: [String: Double] = [:]
  for text in arguments.strings("--training-time") {
    guard let place = text.lastIndex(of: "="), place != text.startIndex else {
      throw UsageError(
        "--training-time is NETWORK=TIME, such as wide-resnet-16-1=25m, not '\(text)'")
    }
    let network = String(text[..<place])
    guard seconds[network] == nil else {
      throw UsageError("--training-time names '\(network)' twice: leave one out")
    }
    let time = String(text[text.index(after: place)...])
    seconds[network] = try TrainingDuration(time, option: "--training-time").seconds
  }
  return seconds
}
