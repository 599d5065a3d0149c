import Files
import Runs

/// A training that several workers of a cluster carry out together, each `consort train` on the same run directory.
package struct TrainingJob: Sendable {
  /// What the cluster calls it.
  package let name: String
  /// The experiment's file.
  package let file: String
  /// What is trained.
  package let experiment: Experiment
  /// The images' directory; nil where the experiment draws its own.
  package let data: String?
  /// The run directory.
  package let out: String
  /// Options of `consort train`, as words.
  package private(set) var options: [String]
  /// What each worker gets.
  package let resources: WorkerResources
  /// How many workers there are.
  package let workers: Int

  /// How many workers there are at most without a word.
  package static let usualWorkers = 16
  /// Slurm's usual `MaxArraySize` is 1001.
  private static let workerRange = 1...1000

  /// Describes a job.
  ///
  /// - Parameters:
  ///   - file: The experiment's file, which is read.
  ///   - name: What the cluster calls it; as the experiment where nil.
  ///   - out: The run directory.
  ///   - workers: How many there are; one for each member where nil, 16 at most.
  /// - Throws: `SubmissionError`, or what reading the experiment throws.
  package init(
    file: String, name: String?, data: String?, out: (Experiment) -> String, workers: Int?,
    options: [String], resources: WorkerResources
  ) throws {
    experiment = try Experiment(path: file)
    self.file = file
    self.name = name ?? experiment.name
    self.data = data
    self.out = out(experiment)
    self.options = options
    self.resources = resources
    self.workers = workers ?? min(experiment.trainings.count, Self.usualWorkers)
    guard Self.workerRange.contains(self.workers) else {
      throw SubmissionError.outOfRange(option: "--workers", range: Self.workerRange)
    }
    try PlainText.check(self.name, "--name")
    try PlainText.check(file, "EXPERIMENT")
    try data.map { try PlainText.check($0, "--data") }
    try PlainText.check(self.out, "--out")
    for word in options { try PlainText.check(word, "the option") }
  }

  /// Has each worker be given further words.
  ///
  /// - Throws: `SubmissionError.unfitText`: a token may come of a file that others wrote.
  package mutating func add(options words: [String]) throws(SubmissionError) {
    for word in words { try PlainText.check(word, "the option") }
    options += words
  }

  /// What `consort` is to carry out, with the experiment at `path`.
  func arguments(experiment path: String) -> [String] {
    ["train", Shell.operand(path)] + (data.map { ["--data", $0] } ?? []) + ["--out", out] + options
  }

  /// A line about workers that have nothing to do; nil where all have.
  package var note: String? {
    let trainings = experiment.trainings.count
    return workers > trainings
      ? "\(workers) workers share \(trainings) members out: some will have none to train" : nil
  }
}

/// What each worker gets of a machine.
package struct WorkerResources: Hashable, Sendable {
  /// GPUs and processors.
  package let gpus, cpus: Int
  /// In GiB; as the cluster has it where nil.
  package let memory: Int?

  /// - Throws: `SubmissionError.outOfRange`.
  package init(gpus: Int, cpus: Int, memory: Int?) throws(SubmissionError) {
    (self.gpus, self.cpus, self.memory) = (gpus, cpus, memory)
    for (option, value, range) in [
      ("--gpus-per-worker", gpus, 0...64), ("--cpus-per-worker", cpus, 1...1024),
      ("--memory", memory ?? 1, 1...65536),
    ] where !range.contains(value) {
      throw .outOfRange(option: option, range: range)
    }
  }
}

/// How long a job may take.
package struct TimeLimit: Hashable, Sendable {
  /// In all.
  package let seconds: Int

  /// Reads "HH:MM:SS", of hours as many as there are.
  ///
  /// - Throws: `SubmissionError.unfitText`.
  package init(_ text: String) throws(SubmissionError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isNumeric = parts.allSatisfy { part in
      (1...5).contains(part.utf8.count)
        && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    let numbers = parts.compactMap { Int($0) }
    guard isNumeric, numbers.count == 3, numbers[1] < 60, numbers[2] < 60 else {
      throw .unfitText(
        option: "--time", text: text, expected: "hours, minutes and seconds, such as 04:00:00")
    }
    seconds = numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
    // Two minutes before its end it saves.
    guard seconds >= 300 else {
      throw .unfitText(option: "--time", text: text, expected: "five minutes at least")
    }
  }

  /// "HH:MM:SS".
  package var text: String {
    [seconds / 3600, seconds / 60 % 60, seconds % 60]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}

/// Texts that mean themselves in a shell, in Slurm's directives and in YAML.
enum PlainText {
  private static let expected =
    "letters, digits and -_./=,:+@, without blanks, quotes and what shells or Slurm expand"

  /// - Throws: `SubmissionError.unfitText`.
  static func check(_ text: String, _ option: String) throws(SubmissionError) {
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9": true
      case "-", "_", ".", "/", "=", ",", ":", "+", "@": true
      default: scalar.value >= 0x80 && !Shell.isHidden(scalar) && !scalar.properties.isWhitespace
      }
    }
    guard isPlain, !text.isEmpty else {
      throw .unfitText(option: option, text: text, expected: expected)
    }
  }
}
