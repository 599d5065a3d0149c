import CommandLine
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
  ] + ModelSelection.options + PreprocessingOverrides.options,
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
    let decided = try decidedCandidate(arguments)
    let selection = try ModelSelection(
      arguments, preprocessing: PreprocessingOverrides(arguments), decided: decided?.candidate)
    let labels = try arguments.string("--labels").map { path in
      let list = try selection.classList(path: path)
      guard selection.labels == nil || selection.labels == list.names else {
        throw UsageError(
          "--labels '\(path)' names the classes otherwise than the members do themselves: leave it out"
        )
      }
      Terminal.writeNotes(Note.lines(list.notes))
      return list.names
    }
    let (ensemble, notes) = try selection.write(
      to: out, rule: CombinationRule(arguments), decided: decided, labels: labels)
    Terminal.writeNotes(Note.lines(selection.notes + notes))
    print("\(Terminal.printable(out)): \(ensemble.manifest.summary)")
  })

/// The candidate that the options name, and its decision's file; nil where they name no decision.
///
/// - Throws: `UsageError` where options exclude one another, and what reading the decision throws.
private func decidedCandidate(
  _ arguments: ParsedArguments
) throws -> (candidate: DecidedCandidate, decision: String)? {
  let id = arguments.string("--candidate")
  guard let path = arguments.string("--decision") else {
    guard id == nil else { throw UsageError("--candidate goes with --decision FILE") }
    return nil
  }
  for option in ["--rule", "--members"] where arguments.string(option) != nil {
    throw UsageError("\(option) and --decision exclude one another: the decision says it")
  }
  return (try DecidedCandidate.read(from: path, id: id), path)
}
