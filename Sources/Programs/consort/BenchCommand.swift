import CommandLine
import Deployment
import Files
import Formatting
import Inference
import Runs

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
  ] + ModelSubject.options,
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
    let job = try BenchmarkJob(arguments)
    let file = try arguments.outputFile("--out")
    let answer = try job.measure()
    if let file {
      try DurableFile.write(answer.readableJSON(), to: file)
    }
    print(
      arguments.isSet("--json") ? try answer.readableJSON() : answer.text(), terminator: "")
  })

/// The arguments of `consort bench`, understood.
private struct BenchmarkJob {
  private let models: [ImageModel]
  /// SHA-256 of each model's file.
  private let digests: [String]
  /// Of an ensemble whose members run one after another.
  private let cascade: EnsembleManifest?
  private let batches, threads: [Int]
  private let seconds: Double
  private let options: InferenceOptions
  private let names: [String]

  init(_ arguments: ParsedArguments) throws {
    let processors = RunEnvironment.availableProcessors()
    batches = try Self.list(arguments, "--batch", in: 1...4096) ?? [1, 8, 64]
    threads =
      try Self.list(arguments, "--threads", in: 1...1024)
      ?? (processors > 1 ? [1, processors] : [1])
    seconds = try arguments.number("--seconds") ?? 2
    guard (0.01...3600).contains(seconds) else {
      throw UsageError("--seconds is from 0.01 to 3600")
    }
    options = InferenceOptions(
      threads: 1, precision: try arguments.choice("--precision") ?? .float32,
      arrangement: try arguments.choice("--arrangement") ?? .automatic)
    (models, digests, cascade) = try Self.models(arguments)
    names = arguments.operands
  }

  private static func models(
    _ arguments: ParsedArguments
  ) throws -> ([ImageModel], digests: [String], cascade: EnsembleManifest?) {
    let size = try arguments.integer("--input-size")
    let paths = arguments.operands
    guard paths.contains(where: Directory.isDirectory), !arguments.isSet("--onnx") else {
      // How images become the input does not matter here, and need not be known.
      let choice = try OutputOptions(arguments).choice
      return (
        try paths.map { try ImageModel(path: $0, imageSize: size, choice: choice) },
        try paths.map { try MemberBytes.file(MappedFile(path: $0)).sha256() }, nil
      )
    }
    let subject = try ModelSubject(arguments, preprocessing: PreprocessingOptions(arguments))
    let isCascade = subject.manifest?.cascade != nil
    return (
      subject.members.map(\.model), subject.files.map { $0.sha256() },
      isCascade ? subject.manifest : nil
    )
  }

  private static func list(
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

  /// Models of one input share it; the groups run one after another.
  ///
  /// A model that is given twice is in two groups: the engine would compute what is equal in one group once.
  private var groups: [[ImageModel]] {
    var groups: [[Int]] = []
    for (index, model) in models.enumerated() {
      let place = groups.firstIndex { group in
        models[group[0]].input == model.input
          && !group.contains { digests[$0] == digests[index] }
      }
      if let place { groups[place].append(index) } else { groups.append([index]) }
    }
    return groups.map { $0.map { models[$0] } }
  }

  private var notes: [Note] {
    let repeated = Set(digests).count < digests.count
    return repeated
      ? [
        Note(
          source: names.joined(separator: ", "),
          text: "a model that is given several times is timed as often, one after another")
      ] : []
  }

  func measure() throws -> BenchmarkAnswer {
    Terminal.writeNotes(Note.lines(notes))
    let fixed = models.compactMap(\.input.fixedBatch).first
    var rows: [BenchmarkAnswer.Row] = []
    var stages: [CascadeTimes] = []
    for batch in fixed.map({ [$0] }) ?? batches {
      for count in threads {
        var options = options
        options.threads = count
        if let cascade {
          stages.append(
            try CascadeTimes(models, cascade, batch: batch, seconds: seconds, options: options))
          continue
        }
        let classifiers = try groups.map { try Classifier($0, batch: batch, options: options) }
        let measured = try InferenceTimes(classifiers, seconds: seconds)
        rows.append(.init(batch: batch, threads: count, measured))
      }
    }
    let environment = RunEnvironment(command: [], versions: [:], device: "cpu", threads: 1)
    return BenchmarkAnswer(
      models: names, precision: options.precision.rawValue, consort: consortVersion,
      engine: InferenceEngine.version, processor: environment.processor,
      processors: environment.processorCount, rows: rows,
      modelsAtOnce: cascade == nil ? groups.map(\.count) : nil,
      cascade: cascade == nil ? nil : stages)
  }
}

/// What `consort bench` measured.
private struct BenchmarkAnswer: Encodable {
  let models: [String]
  let precision, consort, engine, processor: String
  let processors: Int
  let rows: [Row]
  /// How many models share their images, of each group that follows another; not of a cascade.
  let modelsAtOnce: [Int]?
  /// In place of the rows, where the members are a cascade.
  let cascade: [CascadeTimes]?

  struct Row: Encodable {
    let batch, threads, runs: Int
    let medianMilliseconds, p90Milliseconds, p99Milliseconds, imagesPerSecond: Double

    init(batch: Int, threads: Int, _ times: InferenceTimes) {
      (self.batch, self.threads, runs) = (batch, threads, times.seconds.count)
      medianMilliseconds = 1000 * times.quantile(0.5)
      p90Milliseconds = 1000 * times.quantile(0.9)
      p99Milliseconds = 1000 * times.quantile(0.99)
      imagesPerSecond = times.imagesPerSecond
    }
  }

  func text() -> String {
    (cascade.map(CascadeTimes.text) ?? table)
      + Terminal.wrapped(
        "\(processor), \(processors) processors; consort \(consort), \(engine); \(precision)",
        width: Terminal.textWidth
      ).map { $0 + "\n" }.joined()
  }

  private var table: String {
    var table = TextTable(columns: [
      .init("batch", .right, isKept: true), .init("threads", .right, isKept: true),
      .init("p50 ms", .right, isKept: true), .init("p90 ms", .right), .init("p99 ms", .right),
      .init("images/s", .right, isKept: true),
      .init("runs", .right),
    ])
    for row in rows {
      table.append([
        row.batch.grouped, row.threads.grouped, NumberFormat.fixed(row.medianMilliseconds, 3),
        NumberFormat.fixed(row.p90Milliseconds, 3), NumberFormat.fixed(row.p99Milliseconds, 3),
        NumberFormat.fixed(row.imagesPerSecond, 1), row.runs.grouped,
      ])
    }
    return table.text()
  }
}
