import CommandLine
import Deployment
import Files
import Formatting
import Schemas

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
  })
