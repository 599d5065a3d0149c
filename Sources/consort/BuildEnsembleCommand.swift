import CLI
import Ensembles
import Files
import Inference

/// `consort build-ensemble`: puts members into a directory that can be deployed.
let buildEnsembleCommand = Command(
  name: "build-ensemble",
  summary: "Put members into one directory: ensemble.json and their ONNX files.",
  operands: [
    Operand("MODEL", help: "The members' ONNX files, or a run directory.", isRepeated: true)
  ],
  options: [
    CommandOption("--out", "DIR", help: "The directory to write, where nothing is yet."),
    CombinationRule.option,
  ] + ModelSubject.options + PreprocessingOptions.options,
  discussion: """
    Every member is checked: it must be a classifier of images, say how images become its input
    (or the options say it for all), and have the same classes as the others.
    """,
  examples: [
    "consort build-ensemble runs/cifar10-quick --out my-ensemble",
    "consort build-ensemble *.onnx --resize 256 --mean imagenet --std imagenet --out my-ensemble",
  ],
  run: { arguments in
    guard let out = arguments.string("--out") else { throw UsageError("--out DIR is missing") }
    guard !Directory.exists(out) else { throw InferenceError.placeTaken(path: out) }
    let rule = try CombinationRule(arguments)
    let subject = try ModelSubject(arguments, preprocessing: PreprocessingOptions(arguments))
    let ensemble = try EnsembleDirectory.write(
      to: out, members: zip(subject.members, subject.files).map { ($0, $1) },
      combination: Combination(rule: rule ?? subject.rule ?? .geometricMean))
    let manifest = ensemble.manifest
    let macs = Figures.scaled(manifest.multiplyAccumulates)
    print("\(Terminal.printable(out)): \(manifest.members.count) members, \(macs) MACs an image")
  })
