import CommandLine
import Datasets
import Deployment
import Ensembles
import Files
import Formatting
import Inference

/// `consort build-ensemble`: puts members into a directory that can be deployed.
let buildEnsembleCommand = Command(
  name: "build-ensemble",
  summary: "Put members into one directory: ensemble.json and their ONNX files.",
  operands: [
    Operand(
      "MODEL", help: "Runs, ensembles and ONNX files that hold the members.", isRepeated: true)
  ],
  options: [
    CommandOption("--out", "DIR", help: "The directory to write, where nothing is yet."),
    CombinationRule.option,
    CommandOption(
      "--decision", "FILE",
      help: "Build what this decision says: its members, in its order, combined as it says."),
    CommandOption(
      "--candidate", "ID", help: "This candidate of the decision (default: the one to deploy)."),
    CommandOption(
      "--labels", "FILE",
      help:
        "The classes' names in the order of the outputs, one a line, where the members do not say them."
    ),
  ] + ModelSubject.options + PreprocessingOptions.options,
  discussion: """
    Every member is checked: it must be a classifier of images, say how images become its input
    (or the options say it for all), and have the same classes as the others. Members of one name
    in several runs or ensembles are called RUN/MEMBER.
    """,
  examples: [
    "consort build-ensemble runs/cifar10-quick --out my-ensemble",
    "consort build-ensemble *.onnx --resize 256 --mean imagenet --std imagenet --out my-ensemble",
    "consort build-ensemble runs/small runs/large --decision decision.json --out my-ensemble",
  ],
  run: { arguments in
    guard let out = arguments.directory("--out") else { throw UsageError("--out DIR is missing") }
    guard !Directory.isTaken(out) else { throw InferenceError.placeTaken(path: out) }
    try Directory.checkWritable(out)
    let decided = try DecidedCandidate(arguments)
    let subject = try ModelSubject(
      arguments, preprocessing: PreprocessingOptions(arguments), decided: decided)
    let combination = try decided?.combination ?? subject.combination(arguments)
    let labels = try labels(of: subject, arguments)
    let ensemble = try write(subject, combination, decided, labels, to: out, arguments)
    Terminal.writeNotes(Note.lines(subject.notes))
    print("\(Terminal.printable(out)): \(ensemble.manifest.summary)")
  })

/// The classes' names that the user gives; nil where the members' own are taken.
private func labels(of subject: ModelSubject, _ arguments: ParsedArguments) throws -> [String]? {
  guard let path = arguments.string("--labels") else { return nil }
  let list = try ClassList(path: path)
  let count = subject.members[0].model.classes
  guard list.names.count == count else {
    throw CommandError.wrongLabelCount(path: path, found: list.names.count, wanted: count)
  }
  guard subject.labels == nil || subject.labels == list.names else {
    throw UsageError(
      "--labels '\(path)' names the classes otherwise than the members do themselves: leave it out")
  }
  Terminal.writeNotes(Note.lines(list.notes))
  return list.names
}

private func write(
  _ subject: ModelSubject, _ combination: Combination, _ decided: DecidedCandidate?,
  _ labels: [String]?, to out: String, _ arguments: ParsedArguments
) throws -> EnsembleDirectory {
  // What was seen of a cascade goes with it, and with nothing else.
  let manifest = combination == subject.manifest?.combination ? subject.manifest : nil
  do {
    return try EnsembleDirectory.write(
      to: out, members: zip(subject.members, subject.files).map { ($0, $1) },
      labels: labels, combination: combination,
      expectedMultiplyAccumulates: decided?.expectedMultiplyAccumulates
        ?? manifest?.expectedMultiplyAccumulates,
      exitFractions: decided?.exitFractions ?? manifest?.exitFractions)
  } catch InferenceError.notAnEnsemble(_, let reason) where decided != nil {
    throw CommandError.unfitCandidate(
      path: arguments.string("--decision") ?? "", id: decided?.id ?? "", reason: reason)
  }
}

extension DecidedCandidate {
  /// The candidate that the options name; nil where they name no decision.
  ///
  /// - Throws: `UsageError` where options exclude one another; as `read(from:id:)` does otherwise.
  fileprivate init?(_ arguments: ParsedArguments) throws {
    let id = arguments.string("--candidate")
    guard let path = arguments.string("--decision") else {
      guard id == nil else { throw UsageError("--candidate goes with --decision FILE") }
      return nil
    }
    for option in ["--rule", "--members"] where arguments.string(option) != nil {
      throw UsageError("\(option) and --decision exclude one another: the decision says it")
    }
    self = try Self.read(from: path, id: id)
  }
}

extension EnsembleManifest {
  /// Such as "3 members, 1.20 G MACs an image".
  fileprivate var summary: String {
    let cost = NumberFormat.scaled(multiplyAccumulates)
    let whole = "\(members.count.counted("member")), \(cost) MACs an image"
    guard cascade != nil, let expectedMultiplyAccumulates else { return whole }
    let expected = NumberFormat.scaled(Int(expectedMultiplyAccumulates.rounded()))
    return "\(whole) through all, \(expected) expected"
  }
}
