import CLI
import Ensembles
import Files
import Inference

/// `consort build-ensemble`: puts members into a directory that can be deployed.
let buildEnsembleCommand = Command(
  name: "build-ensemble",
  summary: "Put members into one directory: ensemble.json and their ONNX files.",
  operands: [Operand("MODEL", help: "The members' ONNX files.", isRepeated: true)],
  options: [
    CommandOption("--out", "DIR", help: "The directory to write, where nothing is yet."),
    CommandOption("--onnx", help: "The operands are ONNX files, whatever they are called."),
    CombinationRule.option,
  ] + PreprocessingOptions.options,
  discussion: """
    Every member is checked: it must be a classifier of images, say how images become its input
    (or the options say it for all), and have the same classes as the others.
    """,
  examples: [
    "consort build-ensemble a.onnx b.onnx --out my-ensemble",
    "consort build-ensemble *.onnx --resize 256 --mean imagenet --std imagenet --out my-ensemble",
  ],
  run: { arguments in
    guard let out = arguments.string("--out") else { throw UsageError("--out DIR is missing") }
    let preprocessing = try PreprocessingOptions(arguments)
    let rule = try CombinationRule(arguments) ?? .geometricMean
    guard !Directory.exists(out) else { throw InferenceError.placeTaken(path: out) }
    let files = try arguments.operands.map { try MappedFile(path: $0) }
    let members = try files.map { file in
      try file.withBytes { bytes in
        try preprocessing.member(
          ImageModel(bytes: bytes, source: file.path, imageSize: preprocessing.size))
      }
    }
    let named = ModelSubject.withUniqueNames(members)
    let ensemble = try EnsembleDirectory.write(
      to: out, members: zip(named, files).map { ($0, .file($1)) }, rule: rule)
    let manifest = ensemble.manifest
    let macs = Figures.scaled(manifest.multiplyAccumulates)
    print("\(Terminal.printable(out)): \(manifest.members.count) members, \(macs) MACs an image")
  })
