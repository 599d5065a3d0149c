import CommandLine
import Datasets
import Deployment
import Files
import Formatting
import Inference
import LowPrecision
import ONNX
import Runs

/// `consort compress`: members in low precision.
let compressCommand = Command(
  name: "compress",
  summary: "Make members in low precision of models, and measure what each loses.",
  operands: [
    Operand(
      "MODEL", help: "ONNX files in float32, directories of ensembles, and runs.", isRepeated: true)
  ],
  options: [
    CommandOption(
      "--data", "PATH",
      help:
        "Held-out images in folders of classes, as `consort predict` takes them: some calibrate, some choose layers, the rest measure."
    ),
    CommandOption("--out", "DIR", help: "The directory to write, where nothing is yet."),
    CommandOption(
      "--precisions", "P,...", help: "int8, float16 and bfloat16 (default: all three)."),
    CommandOption(
      "--calibration", "HOW",
      help: "How ranges of int8 are found: percentile, entropy or minmax (default: percentile)."),
    CommandOption(
      "--percentile", "P",
      help: "The share of numbers in percent within a range (default: 99.999)."),
    CommandOption("--images", "N", help: "Images that calibrate (default: 256)."),
    CommandOption(
      "--weight-bits", "N",
      help:
        "8 or 7 of int8 weights: 7 keeps sums from overflowing on processors without VNNI (default: what suits this one)."
    ),
    CommandOption(
      "--tolerance", "POINTS",
      help:
        "Accuracy in points that may be lost, by the upper end of the 95 % interval (default: 0.3)."
    ),
    CommandOption("--allow-loss", help: "Write variants that may lose more all the same."),
    CommandOption("--threads", "N", help: "Threads (default: as many as there are processors)."),
    CommandOption(
      "--labels", "FILE", help: "The classes' names in the order of the outputs, one a line."),
    ClassMatching.Order.option,
    CommandOption("--json", help: "Print what compress.json holds in place of the table."),
  ] + ModelSelection.options + PreprocessingOverrides.options,
  discussion: """
    int8 is QDQ: weights of convolutions and matrix products with a scale a channel, activations uint8;
    normalisations are folded into convolutions first. Where int8 as a whole loses too much, layers that
    it suffers from return to float32 one by one, the one that gains most first, at most a third of them.
    float16 and bfloat16 keep weights in 16 bits, converted to float32 where they are read; a processor
    that has these numbers computes in them with --precision. Every variant is an ONNX file that
    `predict`, `bench`, `report` and `build-ensemble` take, and other runtimes.
    """,
  examples: [
    "consort compress runs/cifar10-quick --data /data/hold-out --out compressed",
    "consort compress model.onnx --data /data/hold-out --precisions int8 --calibration entropy --out compressed",
    "consort build-ensemble compressed/*.onnx --out my-ensemble",
  ],
  run: { arguments in try CompressionJob(arguments).run() })

/// The arguments of `consort compress`, understood.
private struct CompressionJob {
  private let selection: ModelSelection
  private let images: LabelledImages
  private let options: CompressionOptions
  private let data, out: String
  private let printsJSON: Bool

  init(_ arguments: ParsedArguments) throws {
    guard let out = arguments.directory("--out") else { throw UsageError("--out DIR is missing") }
    guard !Directory.isTaken(out) else { throw InferenceError.placeTaken(path: out) }
    try Directory.checkWritable(out)
    guard let data = arguments.string("--data") else {
      throw UsageError("--data PATH is missing: held-out images in folders of classes")
    }
    (self.out, self.data, printsJSON) = (out, data, arguments.isSet("--json"))
    options = try CompressionOptions(arguments)
    selection = try ModelSelection(
      arguments, preprocessing: PreprocessingOverrides(arguments))
    let classes = try LabelledImages.Classes(
      of: selection, namedBy: arguments.string("--labels"), order: ClassMatching.Order(arguments))
    Terminal.writeNotes(Note.lines(classes.notes))
    images = try LabelledImages(data, for: classes)
  }

  func run() throws {
    let line = ImageProgress()
    let compression = try CompressedMembers(
      selection, on: images, data: data, options,
      processor: .current,
      progress: { Terminal.writeError($0) }, predicted: { line.show($0, of: $1) })
    Terminal.writeNotes(Note.lines(compression.notes))
    if !compression.kept.isEmpty { try compression.write(to: out, consort: consortVersion) }
    print(
      printsJSON
        ? try CompressionRecord(compression, consort: consortVersion).readableJSON()
        : compression.text(consort: consortVersion), terminator: "")
    try compression.checkLosses()
  }
}

extension CompressionOptions {
  fileprivate init(_ arguments: ParsedArguments) throws {
    let threads = try arguments.integer("--threads") ?? RunEnvironment.availableProcessors()
    guard (1...1024).contains(threads) else { throw UsageError("--threads is from 1 to 1024") }
    self.init(threads: threads)
    if let text = arguments.string("--precisions") {
      precisions = try Self.precisions(text)
    }
    calibration = try arguments.choice("--calibration") ?? calibration
    percentile = try arguments.number("--percentile") ?? percentile
    guard (50...100).contains(percentile) else {
      throw UsageError("--percentile is from 50 to 100, such as 99.99")
    }
    calibrationImages = try arguments.integer("--images") ?? calibrationImages
    guard (Self.fewestCalibrationImages...100_000).contains(calibrationImages) else {
      throw UsageError("--images is from \(Self.fewestCalibrationImages) to 100000")
    }
    if let number = try arguments.integer("--weight-bits") {
      guard let given = QuantizedWeights.Bits(rawValue: number) else {
        throw UsageError("--weight-bits is 7 or 8")
      }
      bits = given
    }
    if let points = try arguments.number("--tolerance") {
      guard (0...100).contains(points) else { throw UsageError("--tolerance is from 0 to 100") }
      tolerance = points / 100
    }
    allowsLoss = arguments.isSet("--allow-loss")
  }

  private static func precisions(_ text: String) throws -> [LowPrecision] {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let found = words.compactMap { LowPrecision(rawValue: $0) }
    guard found.count == words.count, Set(found).count == found.count else {
      throw UsageError(
        "--precisions are "
          + Spelling.oneOf(LowPrecision.allCases.map(\.rawValue), not: text))
    }
    return found
  }
}
