import CLI
import Datasets
import Ensembles
import Experiments
import Files
import Inference
import Synchronization

/// `consort predict`: predicts images with the members of an ensemble.
let predictCommand = Command(
  name: "predict",
  summary: "Predict images with models, and with their ensemble.",
  operands: [
    Operand(
      "MODEL",
      help: "ONNX files, directories of ensembles that build-ensemble wrote, and run directories.",
      isRepeated: true)
  ],
  options: [
    CommandOption(
      "--data", "DIR",
      help: "The images: folders of classes, tar shards, CIFAR's binary files, or image files "
        + "without labels; in DIR, or in its folder test or val."),
    CombinationRule.option,
    CommandOption(
      "--all-members", help: "Run the members of a cascade on every image, for their figures."),
    CommandOption(
      "--labels", "FILE", help: "The classes' names in the order of the outputs, one a line."),
  ] + ModelSubject.options + PreprocessingOptions.options + [
    CommandOption(
      "--corrupt", "HOW",
      help: "fail at an image that cannot be decoded, or skip it (default: fail)."),
    CommandOption("--batch", "N", help: "Images at a time (default: 16)."),
    CommandOption("--threads", "N", help: "Threads (default: as many as there are processors)."),
    CommandOption(
      "--precision", "P", help: "float32, bfloat16 or float16, where supported (default: float32)."),
    CommandOption(
      "--out", "DIR",
      help: "Write the predictions of the ensemble and of each member that saw all images there."),
    CommandOption(
      "--split", "NAME",
      help: "What --out calls the images: test, or hold-out for those to choose on (default: test)."
    ),
    CommandOption("--csv", "FILE", help: "Write the ensemble's five most probable classes."),
    CommandOption("--json", help: "Print JSON in place of the table."),
  ],
  discussion: """
    Members that are fed alike share the decoded images. Folders are matched with the model's
    classes by name, where its file or --labels names them; otherwise in sorted order, where there
    are as many folders as classes. What a model's file says about how images become its input can
    be overridden. Without labels there are no figures: give --csv. An ensemble is combined as its
    directory says, unless --rule is given: of a cascade, each member runs only on the images that
    have not stopped before it.
    """,
  examples: [
    "consort predict a.onnx b.onnx --data /data/imagenet --resize 256 --mean imagenet --std imagenet",
    "consort predict my-ensemble --data /data/photos --csv answers.csv",
  ],
  run: { arguments in try PredictionJob(arguments).run() })

/// The arguments of `consort predict`, understood.
private struct PredictionJob {
  private let subject: ModelSubject
  private let images: LabelledImages
  private let options: PredictionOptions
  private let combination: Combination
  private let runsAllMembers: Bool
  private let split: String
  private let out, csv: String?
  private let printsJSON: Bool

  init(_ arguments: ParsedArguments) throws {
    out = arguments.directory("--out")
    csv = try arguments.outputFile("--csv")
    printsJSON = arguments.isSet("--json")
    let batch = try arguments.integer("--batch") ?? 16
    guard (1...4096).contains(batch) else { throw UsageError("--batch is from 1 to 4096") }
    options = PredictionOptions(
      inference: try InferenceOptions(arguments), batch: batch,
      corruptImages: try arguments.choice("--corrupt") ?? .fail)
    subject = try ModelSubject(arguments, preprocessing: PreprocessingOptions(arguments))
    combination = try subject.combination(arguments)
    runsAllMembers = arguments.isSet("--all-members")
    split = try Self.split(arguments, drawsImages: subject.drawnImages != nil)
    images = try Self.images(for: subject, arguments)
    guard images.hasLabels || out == nil else {
      throw UsageError("--out needs images with labels, in folders of classes: give --csv")
    }
    if let out {
      guard !Directory.isTaken(out) else { throw InferenceError.placeTaken(path: out) }
      try Directory.checkWritable(out)
    }
  }

  private static func images(
    for subject: ModelSubject, _ arguments: ParsedArguments
  ) throws -> LabelledImages {
    let labels = try arguments.string("--labels").map { try LabelledImages.names(in: $0) }
    let data = arguments.string("--data")
    if let drawn = subject.drawnImages {
      guard data == nil, labels == nil else {
        throw UsageError("the run drew its own images: leave --data and --labels out")
      }
      return LabelledImages(drawn.dataset().test)
    }
    guard let data else { throw UsageError("--data DIR is missing") }
    let model = subject.members[0].model
    return try LabelledImages(
      directory: data, labels: labels ?? subject.labels, classes: model.classes,
      model: model.source)
  }

  private static func split(
    _ arguments: ParsedArguments, drawsImages: Bool
  ) throws(UsageError) -> String {
    guard let name = arguments.string("--split") else { return "test" }
    let isSimple = name.utf8.allSatisfy {
      $0 == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    guard isSimple, (1...40).contains(name.utf8.count) else {
      throw UsageError("--split is 1 to 40 of a-z, 0-9 and -, such as hold-out, not '\(name)'")
    }
    guard !drawsImages || name == "test" else {
      throw UsageError("what is predicted of a run's own images is its test images: no --split")
    }
    return name
  }

  func run() throws {
    let bar = Mutex(ProgressLine("images"))
    let found = try EnsemblePredictions(
      of: subject.members, combinedBy: combination, runsAllMembers: runsAllMembers,
      on: images.images, options: options
    ) { done, total in bar.withLock { $0.show(done, of: total) } }
    bar.withLock { $0.end() }
    for image in found.skipped {
      Terminal.writeError("skipped '\(image.name)': \(image.reason)")
    }
    Terminal.writeNotes(Note.lines(subject.notes))
    let answer = try PredictionAnswer(found, images, split: split)
    if let out { try answer.write(to: out) }
    if let csv { try answer.writeCSV(to: csv) }
    print(try printsJSON ? answer.json() : answer.text(), terminator: "")
  }
}

extension InferenceOptions {
  /// What the options of a command say.
  init(_ arguments: ParsedArguments) throws {
    let threads = try arguments.integer("--threads") ?? RunEnvironment.availableProcessors()
    guard (1...1024).contains(threads) else { throw UsageError("--threads is from 1 to 1024") }
    self.init(threads: threads, precision: try arguments.choice("--precision") ?? .float32)
  }
}
