import Deployment
import Files
import Formatting
import Inference
import Runs

/// Models whose latency and throughput are measured: each batch goes through all of them.
package struct Benchmark {
  private let models: [ImageModel]
  /// SHA-256 of each model's file.
  private let digests: [String]
  /// Of an ensemble whose members run one after another.
  private let cascade: EnsembleManifest?
  private let names: [String]

  /// Times the models in the ONNX files at `paths`, however images become their input.
  ///
  /// - Parameters:
  ///   - imageSize: Pixels of each side, where the models take images of any size.
  ///   - output: Which output of the files holds the classes.
  /// - Throws: `InferenceError`, or `FileError` where a file cannot be read.
  package init(files paths: [String], imageSize: Int?, output: ImageModel.OutputChoice) throws {
    models = try paths.map { try ImageModel(path: $0, imageSize: imageSize, choice: output) }
    digests = try paths.map { try MemberBytes.file(MappedFile(path: $0)).sha256() }
    cascade = nil
    names = paths
  }

  /// Times members of runs and ensembles.
  ///
  /// - Parameter names: What the user calls them.
  package init(_ selection: ModelSelection, names: [String]) {
    models = selection.members.map(\.model)
    digests = selection.files.map { $0.sha256() }
    cascade = selection.manifest?.cascade == nil ? nil : selection.manifest
    self.names = names
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

  /// What is to be said of how they are timed.
  package var notes: [Note] {
    let repeated = Set(digests).count < digests.count
    let repetition = Note(
      source: names.joined(separator: ", "),
      text: "a model that is given several times is timed as often, one after another")
    return (repeated ? [repetition] : []) + models.flatMap(\.processorNotes)
  }

  /// Measures how many images a second there are, each combination of a batch and a number of threads in turn.
  ///
  /// - Parameters:
  ///   - batches: Images at a time; what the models take where one takes a certain number only.
  ///   - threads: Each is measured with each batch.
  ///   - seconds: How long each is run, after a warm-up of a fifth.
  ///   - consort: The version that measures.
  /// - Throws: `InferenceError`.
  package func measure(
    batches: [Int], threads: [Int], seconds: Double, options: InferenceOptions, consort: String
  ) throws -> BenchmarkResults {
    let fixed = models.compactMap(\.input.fixedBatch).first
    var rows: [BenchmarkResults.Row] = []
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
    return BenchmarkResults(
      models: names, precision: options.precision.rawValue, consort: consort,
      engine: InferenceEngine.version, processor: environment.processor,
      processors: environment.processorCount, rows: rows,
      modelsAtOnce: cascade == nil ? groups.map(\.count) : nil,
      cascade: cascade == nil ? nil : stages)
  }
}

/// What a benchmark measured, and on what.
package struct BenchmarkResults: Encodable {
  /// As the user named them.
  package let models: [String]
  /// The numbers' format, the versions and the machine.
  package let precision, consort, engine, processor: String
  package let processors: Int
  package let rows: [Row]
  /// How many models share their images, of each group that follows another; not of a cascade.
  package let modelsAtOnce: [Int]?
  /// In place of the rows, where the members are a cascade.
  package let cascade: [CascadeTimes]?

  /// A batch through all models.
  package struct Row: Encodable {
    package let batch, threads, runs: Int
    package let medianMilliseconds, p90Milliseconds, p99Milliseconds, imagesPerSecond: Double

    init(batch: Int, threads: Int, _ times: InferenceTimes) {
      (self.batch, self.threads, runs) = (batch, threads, times.seconds.count)
      medianMilliseconds = 1000 * times.quantile(0.5)
      p90Milliseconds = 1000 * times.quantile(0.9)
      p99Milliseconds = 1000 * times.quantile(0.99)
      imagesPerSecond = times.imagesPerSecond
    }
  }

  /// The rows as a table, and what they were measured on.
  package func text() -> String {
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
