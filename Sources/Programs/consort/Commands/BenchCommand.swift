import CommandLine
import Deployment
import Files
import Formatting
import Inference
import Latency
import Runs
import Schemas

/// `consort bench`: measures latency and throughput.
let benchCommand = Command(
  name: "bench",
  summary: "Measure the latency and throughput of models, or of an ensemble.",
  operands: [
    Operand(
      "MODEL",
      help: "ONNX files, directories of ensembles, and runs, whose members form an ensemble.",
      isRepeated: true)
  ],
  options: [
    CommandOption("--batch", "N,...", help: "Images at a time (default: 1,8,64)."),
    CommandOption(
      "--threads", "N,...", help: "Threads (default: 1 and all processors)."),
    CommandOption("--seconds", "S", help: "How long each is measured (default: 2)."),
    CommandOption(
      "--arrangement", "HOW",
      help: "How members share the threads: automatic, sideBySide or inTurn (default: automatic)."),
    CommandOption(
      "--precision", "P", help: "float32, bfloat16 or float16, where supported (default: float32)."),
    CommandOption(
      "--input-size", "N", help: "Pixels of each side, where the model takes images of any size."),
    CommandOption("--out", "FILE", help: "Write the JSON as this file too."),
    CommandOption("--json", help: "Print JSON in place of the table."),
  ] + ModelSelection.options,
  discussion: """
    A batch goes through all members; one after another is timed, after a warm-up of a fifth of the
    time. Members that read images of one size share them; others follow one another, as does a model that
    is given twice. Nothing else should run meanwhile.
    The members of a cascade are timed one by one; what it is expected to take on average follows from the shares
    of images that came to them when it was chosen. For one image at a time the cascade is then measured as a whole: images
    follow one another, each through as many members as these shares say (the median of 5 rounds, least and greatest).
    """,
  examples: [
    "consort bench model.onnx --batch 1,8 --threads 1,2",
    "consort bench my-ensemble --batch 1 --seconds 5 --json",
  ],
  run: { arguments in
    let processors = RunEnvironment.availableProcessors()
    let batches = try list(arguments, "--batch", in: 1...4096) ?? [1, 8, 64]
    let threads =
      try list(arguments, "--threads", in: 1...1024) ?? (processors > 1 ? [1, processors] : [1])
    let seconds = try arguments.number("--seconds") ?? 2
    guard (0.01...3600).contains(seconds) else {
      throw UsageError("--seconds is from 0.01 to 3600")
    }
    let options = InferenceOptions(
      threads: 1, precision: try arguments.choice("--precision") ?? .float32,
      arrangement: try arguments.choice("--arrangement") ?? .automatic)
    let benchmark = try Benchmark(arguments)
    let file = try arguments.outputFile("--out")
    Terminal.writeNotes(Note.lines(benchmark.notes))
    let results = try benchmark.measure(
      batches: batches, threads: threads, seconds: seconds, options: options,
      consort: consortVersion)
    if let file {
      try DurableFile.write(results.readableJSON(), to: file)
    }
    print(
      arguments.isSet("--json") ? try results.readableJSON() : results.text(), terminator: "")
  })

extension Benchmark {
  fileprivate init(_ arguments: ParsedArguments) throws {
    let paths = arguments.operands
    guard paths.contains(where: Directory.isDirectory), !arguments.isSet("--onnx") else {
      // How images become the input does not matter here, and need not be known.
      try self.init(
        files: paths, imageSize: arguments.integer("--input-size"),
        output: ImageModel.OutputChoice(arguments))
      return
    }
    self.init(
      try ModelSelection(arguments, preprocessing: PreprocessingOverrides(arguments)),
      names: paths)
  }
}

private func list(
  _ arguments: ParsedArguments, _ name: String, in range: ClosedRange<Int>
) throws -> [Int]? {
  guard let text = arguments.string(name) else { return nil }
  let words = text.split(separator: ",", omittingEmptySubsequences: false)
  let numbers = words.compactMap { Int($0) }
  guard numbers.count == words.count, numbers.allSatisfy(range.contains) else {
    throw UsageError(
      "\(name) needs numbers from \(range.lowerBound) to \(range.upperBound) such as 1,8, "
        + "not '\(text)'")
  }
  return numbers
}
