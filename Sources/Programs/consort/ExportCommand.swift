import CommandLine
import Files
import Formatting
import Networks
import ONNX
import Runs
import Weights

/// `consort export`: trained members for other runtimes.
let exportCommand = Command(
  name: "export",
  summary: "Write trained or imported members as ONNX.",
  operands: [
    Operand(
      "RUN",
      help:
        "A run directory, or one member's: a directory with network.json and weights.safetensors.")
  ],
  options: [
    CommandOption("--format", "FORMAT", help: "onnx, the only one; may be left out."),
    CommandOption("--out", "DIR", help: "Where the models go (default: RUN/onnx)."),
    CommandOption(
      "--softmax", help: "End the models in a softmax: probabilities in place of logits."),
    CommandOption("--json", help: "Print what was written as JSON."),
  ],
  discussion: """
    Writes MEMBER.onnx for each member: opset 17, any batch size, normalisations folded into convolutions where they
    follow one. The models' metadata say the classes and how images become the input, for `consort predict` and for
    any other program.
    """,
  examples: [
    "consort export runs/cifar10-quick --format onnx",
    "consort export members/efficientnet-b0 --out models",
  ],
  run: { arguments in
    guard ["onnx", nil].contains(arguments.string("--format")) else {
      throw UsageError("--format is onnx, not '\(arguments.string("--format") ?? "")'")
    }
    let path = arguments.operand(0) ?? ""
    let members = try TrainedMember.members(of: path)
    let directory = try arguments.outputDirectory(
      "--out", default: "\(Directory.withoutSlash(path))/onnx")
    // All models are made before the first is written.
    let models = try members.map { member in
      (member, try member.onnx(endsInSoftmax: arguments.isSet("--softmax")))
    }
    Terminal.writeNotes(Note.lines(members.flatMap(\.notes)))
    try Directory.createForResults(directory)
    var written: [ExportedModel] = []
    for (member, bytes) in models {
      let file = "\(directory)/\(member.name).onnx"
      try DurableFile.write(bytes, to: file)
      written.append(try ExportedModel(member, file: file, byteCount: bytes.count))
    }
    if arguments.isSet("--json") {
      print(try written.readableJSON(), terminator: "")
    } else {
      for model in written {
        print("\(Terminal.printable(model.file))  \(model.byteCount.grouped) bytes")
      }
    }
  })

/// What `consort export` says of a file.
private struct ExportedModel: Encodable {
  let name, network, file: String
  let parameters, multiplyAccumulates, byteCount: Int

  init(_ member: TrainedMember, file: String, byteCount: Int) throws {
    let cost = member.network.totals
    name = member.name
    network = member.network.name
    self.file = file
    parameters = cost.parameters
    multiplyAccumulates = cost.multiplyAccumulates
    self.byteCount = byteCount
  }
}
