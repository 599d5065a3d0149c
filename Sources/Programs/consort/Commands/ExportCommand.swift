import CommandLine
import Deployment
import Files
import Formatting
import Schemas

/// `consort export`: trained members, and whole ensembles, for other runtimes.
let exportCommand = Command(
  name: "export",
  summary: "Write members or a whole ensemble for other runtimes.",
  operands: [
    Operand(
      "SOURCE",
      help:
        "A run directory, or one member's: a directory with network.json and weights.safetensors; or an ensemble's, "
        + "with ensemble.json.")
  ],
  options: [
    CommandOption(
      "--format", "FORMAT",
      help: "onnx (default); of an ensemble also triton, a model repository, or kserve, a manifest."
    ),
    CommandOption(
      "--out", "PLACE",
      help:
        "Where it goes: of a run a directory (default: RUN/onnx); of an ensemble a file (default: NAME.onnx, "
        + "NAME.yaml) or Triton's repository (default: model-repository)."),
    CommandOption(
      "--softmax", help: "End a run's models in a softmax: probabilities in place of logits."),
    CommandOption("--name", "NAME", help: "What the ensemble is called (default: its directory)."),
    CommandOption(
      "--backend", "BACKEND",
      help:
        "What runs an ensemble in Triton: onnxruntime (default) or python, the only one for cascades."
    ),
    CommandOption(
      "--runtime", "RUNTIME", help: "What serves it in KServe: consort (default) or triton."),
    CommandOption(
      "--image", "IMAGE", help: "The container's image of `consort serve`, for KServe."),
    CommandOption(
      "--storage-uri", "URI",
      help:
        "Where KServe finds the ensemble's directory, or with --runtime triton Triton's repository."
    ),
    CommandOption("--json", help: "Print what was written as JSON."),
  ],
  discussion: """
    Of a run, writes MEMBER.onnx for each member: opset 17, any batch size, normalisations folded into convolutions
    where they follow one. Of an ensemble, --format onnx joins all members and their combination into one model, which
    is run beside the members before it is written. Models' metadata say the classes and how images become the input,
    for `consort predict` and for any other program.
    """,
  examples: [
    "consort export runs/cifar10-quick --format onnx",
    "consort export members/efficientnet-b0 --out models",
    "consort export my-ensemble --out my-ensemble.onnx",
    "consort export my-cascade --format triton --out model-repository",
    "consort export my-ensemble --format kserve --image registry.example/consort:1 --storage-uri s3://models/it",
  ],
  run: { arguments in
    let format = try ExportFormat(arguments)
    let path = Directory.withoutSlash(arguments.operand(0) ?? "")
    guard Directory.exists("\(path)/\(EnsembleDirectory.manifestName)") else {
      guard format == .onnx else {
        throw UsageError(
          "--format \(format.rawValue) takes an ensemble, which build-ensemble writes")
      }
      try refuse(
        ["--name", "--backend", "--runtime", "--image", "--storage-uri"], "an ensemble", arguments)
      return try exportMembers(of: path, arguments)
    }
    guard !arguments.isSet("--softmax") else {
      throw UsageError(
        "--softmax goes with a run's members: an ensemble gives probabilities anyway")
    }
    do {
      try export(EnsembleDirectory(path: path), as: format, arguments)
    } catch let error as DeploymentError where error.isMisuse {
      throw UsageError("\(error)")
    }
  })

private func export(
  _ ensemble: EnsembleDirectory, as format: ExportFormat, _ arguments: ParsedArguments
) throws {
  let given = arguments.string("--name")
  let name = try given.map { try DeployedName($0) } ?? DeployedName(of: ensemble.path)
  if ensemble.manifest.errorCosts != nil, format != .kserve {
    Terminal.writeNotes(
      Note.lines([
        Note(
          source: ensemble.path,
          text:
            "decides its labels by what errors cost, and what is exported gives probabilities alone: of these take the "
            + "class with the least expected cost, as \"errorCosts\" in its ensemble.json has it")
      ]))
  }
  switch format {
  case .onnx: try exportONNX(ensemble, name, arguments)
  case .triton: try exportTriton(ensemble, name, arguments)
  case .kserve: try exportKServe(ensemble, name, arguments)
  }
}

private enum ExportFormat: String, CaseIterable {
  case onnx, triton, kserve

  /// - Throws: `UsageError` where it is unknown, or an option goes with another one.
  init(_ arguments: ParsedArguments) throws(UsageError) {
    let text = arguments.string("--format") ?? "onnx"
    guard let format = ExportFormat(rawValue: text) else {
      throw UsageError("--format is onnx, triton or kserve, not '\(text)'")
    }
    self = format
    if format != .triton { try refuse(["--backend"], "--format triton", arguments) }
    if format != .kserve {
      try refuse(["--runtime", "--image", "--storage-uri"], "--format kserve", arguments)
    }
  }
}

/// Makes sure that none of these options is given.
private func refuse(
  _ options: [String], _ what: String, _ arguments: ParsedArguments
) throws(UsageError) {
  if let option = options.first(where: { arguments.string($0) != nil }) {
    throw UsageError("\(option) goes with \(what)")
  }
}

/// The value of an option that is one of a few.
private func choice<Choice: RawRepresentable<String> & CaseIterable>(
  _ option: String, _ arguments: ParsedArguments
) throws(UsageError) -> Choice? {
  guard let text = arguments.string(option) else { return nil }
  guard let choice = Choice(rawValue: text) else {
    let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
    throw UsageError("\(option) is \(known), not '\(text)'")
  }
  return choice
}

private func exportMembers(of path: String, _ arguments: ParsedArguments) throws {
  let members = try TrainedMember.members(of: path)
  let directory = try arguments.outputDirectory("--out", default: "\(path)/onnx")
  let models = try ExportedModels(of: members, endsInSoftmax: arguments.isSet("--softmax"))
  Terminal.writeNotes(Note.lines(members.flatMap(\.notes)))
  let written = try models.write(to: directory)
  if arguments.isSet("--json") {
    print(try written.readableJSON(), terminator: "")
  } else {
    for model in written {
      print("\(Terminal.printable(model.file))  \(model.byteCount.grouped) bytes")
    }
  }
}

/// What was written of an ensemble.
private struct WrittenEnsemble: Encodable {
  let name, file: String
  var input: String?
  var byteCount: Int?
  /// What a manifest leaves open, for the user to fill in.
  var placeholders: [String]?
  /// Of a probability, from the members' together, on random images.
  var largestDifference: Float?
}

/// Where one file is written: nothing is replaced, least of all what is exported.
private func newFile(_ arguments: ParsedArguments, default usual: String) throws -> String {
  let file = try arguments.outputFile("--out") ?? usual
  try arguments.checkOutputFile(file, option: "--out")
  guard DurableFile.isStandardOutput(file) || file.hasPrefix("/dev/") || !Directory.isTaken(file)
  else {
    throw UsageError(
      "'\(Terminal.printable(file))' is there already: remove it, or name another with --out")
  }
  return file
}

private func exportONNX(
  _ ensemble: EnsembleDirectory, _ name: DeployedName, _ arguments: ParsedArguments
) throws {
  let file = try newFile(arguments, default: "\(name.text).onnx")
  let model = try JoinedEnsemble(of: ensemble, name: name.text)
  let difference = try model.check()
  try DurableFile.write(model.bytes, to: file)
  let written = WrittenEnsemble(
    name: name.text, file: file, input: model.input.summary, byteCount: model.bytes.count,
    largestDifference: difference)
  if arguments.isSet("--json") { return print(try written.readableJSON(), terminator: "") }
  print(
    "\(Terminal.printable(file))  \(model.bytes.count.grouped) bytes, \(ensemble.manifest.summary)")
  print("input 'images': \(model.input.summary)")
  print("probabilities within \(difference) of the members' together, on random images")
}

private func exportTriton(
  _ ensemble: EnsembleDirectory, _ name: DeployedName, _ arguments: ParsedArguments
) throws {
  let out = try arguments.outputDirectory("--out", default: "model-repository")
  let repository = try TritonRepository(
    of: ensemble, name: name, backend: choice("--backend", arguments))
  let place = try repository.write(to: out)
  let written = WrittenEnsemble(name: name.text, file: place, input: repository.input.summary)
  if arguments.isSet("--json") { return print(try written.readableJSON(), terminator: "") }
  print(
    "\(Terminal.printable(place))  \(ensemble.manifest.summary), for Triton's backend \(repository.backend.rawValue)"
  )
  print("input 'images': \(repository.input.summary)")
  print(Shell.line(["tritonserver", "--model-repository=\(out)"]))
}

private func exportKServe(
  _ ensemble: EnsembleDirectory, _ name: DeployedName, _ arguments: ParsedArguments
) throws {
  let manifest = try KServeManifest(
    of: ensemble, name: name, runtime: choice("--runtime", arguments) ?? .consort,
    image: arguments.string("--image"), storage: arguments.string("--storage-uri"))
  let file = try newFile(arguments, default: "\(name.text).yaml")
  try DurableFile.write(manifest.yaml, to: file)
  if DurableFile.isStandardOutput(file) { return }
  if arguments.isSet("--json") {
    let written = WrittenEnsemble(
      name: manifest.name, file: file, placeholders: manifest.placeholders)
    return print(try written.readableJSON(), terminator: "")
  }
  print(
    "\(Terminal.printable(file))  InferenceService '\(manifest.name)', \(ensemble.manifest.summary)"
  )
  for placeholder in manifest.placeholders { print("fill in \(placeholder)") }
  print(Shell.line(["kubectl", "apply", "-f", file]))
}
