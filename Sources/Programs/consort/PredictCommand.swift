import CommandLine
import Datasets
import Deployment
import Ensembles
import Files
import Formatting
import Inference
import Predictions
import Runs
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort predict`: predicts images with the members of an ensemble.
let predictCommand = Command(
  name: "predict",
  summary: "Predict images with models, and with their ensemble.",
  operands: [
    Operand(
      "MODEL",
      help:
        "ONNX files, directories of ensembles that build-ensemble wrote, and run directories; then image files, in "
        + "the place of --data.",
      isRepeated: true)
  ],
  options: [
    CommandOption(
      "--data", "PATH",
      help: "The images: folders of classes, tar shards, CIFAR's binary files, or image files "
        + "without labels; in the directory PATH, or in its folder test or val. Also one tar file or image, or - for "
        + "paths of images on standard input, one a line."),
    CombinationRule.option,
    CommandOption(
      "--all-members", help: "Run the members of a cascade on every image, for their figures."),
    CommandOption(
      "--labels", "FILE", help: "The classes' names in the order of the outputs, one a line."),
    ClassMatching.Order.option,
  ] + ModelSubject.options + PreprocessingOptions.options + [
    CommandOption(
      "--corrupt", "HOW",
      help: "fail or skip: what is done about an image that cannot be decoded (default: fail)."),
    CommandOption("--batch", "N", help: "Images at a time (default: 16)."),
    CommandOption("--threads", "N", help: "Threads (default: as many as there are processors)."),
    CommandOption(
      "--precision", "P",
      help: "float32, or bfloat16 or float16 where supported (default: float32)."),
    CommandOption(
      "--out", "DIR",
      help: "Write the predictions of the ensemble and of each member that saw all images there."),
    CommandOption(
      "--split", "NAME",
      help: "What --out calls the images, such as hold-out for those to choose on (default: test)."
    ),
    CommandOption(
      "--csv", "FILE",
      help: "Write the ensemble's five most probable classes of each image; - is standard output."),
    CommandOption(
      "--json",
      help: "Print JSON, with the five most probable classes of each image, in place of tables."),
  ],
  discussion: """
    Members that are fed alike share the decoded images. Folders are matched with the model's
    classes by name, where its file or --labels names them, without regard to case, blanks,
    underscores and hyphens. Where there are no names, folders called by numbers are the outputs of
    these numbers, and others are taken in order, where there are as many as classes: a note says
    which is which. What a model's file says about how images become its input can be overridden.
    Images without labels are listed with their most probable classes. An ensemble is combined as
    its directory says, unless --rule is given: of a cascade, each member runs only on the images
    that have not stopped before it.
    """,
  examples: [
    "consort predict a.onnx b.onnx --data /data/imagenet --resize 256 --mean imagenet --std imagenet",
    "consort predict my-ensemble --data /data/photos --csv answers.csv",
    "consort predict my-ensemble holiday/*.jpg",
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
    let files = arguments.operands.filter(Self.isImage)
    subject = try ModelSubject(
      arguments, operands: arguments.operands.filter { !Self.isImage($0) },
      preprocessing: PreprocessingOptions(arguments))
    combination = try subject.combination(arguments)
    runsAllMembers = arguments.isSet("--all-members")
    split = try Self.split(arguments, drawsImages: subject.drawnImages != nil)
    images = try Self.images(for: subject, files: files, arguments)
    guard images.hasLabels || out == nil else {
      throw UsageError("--out needs images with labels, in folders of classes: give --csv")
    }
    if let out {
      guard !Directory.isTaken(out) else { throw InferenceError.placeTaken(path: out) }
      try Directory.checkWritable(out)
    }
  }

  /// What stands for standard input.
  private static let standardInput = "-"

  private static func isImage(_ operand: String) -> Bool {
    EncodedSplit.isImageName(operand) && !Directory.isDirectory(operand)
  }

  private static func images(
    for subject: ModelSubject, files: [String], _ arguments: ParsedArguments
  ) throws -> LabelledImages {
    let labels = arguments.string("--labels")
    let data = arguments.string("--data")
    if let drawn = subject.drawnImages, files.isEmpty, data == nil {
      let about = ["--labels", ClassMatching.Order.option.name]
      if let option = about.first(where: { arguments.string($0) != nil }) {
        throw UsageError("the run drew its own images: leave \(option) out")
      }
      return LabelledImages(drawn.dataset().test)
    }
    let model = subject.members[0].model
    let list = try labels.map { try ClassList(path: $0) }
    if let list, let labels, list.names.count != model.classes {
      throw CommandError.wrongLabelCount(
        path: labels, found: list.names.count, wanted: model.classes)
    }
    var notes = list?.notes ?? []
    if let list, let labels, let own = subject.labels, own != list.names {
      let isOrder = Set(own) == Set(list.names)
      notes.append(
        Note(
          source: model.source,
          text: "its classes are named by '\(labels)', and not as it names them"
            + (isOrder ? ", which is the same names in another order" : "")))
    }
    Terminal.writeNotes(Note.lines(notes))
    let classes = LabelledImages.Classes(
      labels: list?.names ?? subject.labels, count: model.classes, model: model.source,
      order: try ClassMatching.Order(arguments))
    guard let data else {
      guard !files.isEmpty else { throw UsageError("--data PATH is missing, or names of images") }
      return try LabelledImages(files: files, for: classes)
    }
    guard files.isEmpty else {
      throw UsageError("images are given twice: by --data and by name, such as '\(files[0])'")
    }
    guard data == standardInput else { return try LabelledImages(data, for: classes) }
    let lines = Self.linesOfStandardInput()
    guard !lines.isEmpty else {
      throw UsageError("--data -: standard input names no image: give one path a line")
    }
    return try LabelledImages(files: lines, for: classes)
  }

  /// The lines that are not empty, as paths.
  private static func linesOfStandardInput() -> [String] {
    guard let input = fdopen(STDIN_FILENO, "r") else { return [] }
    var lines: [String] = []
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    while true {
      var length = getline(&buffer, &capacity, input)
      guard length >= 0, let buffer else { return lines }
      while length > 0, [10, 13].contains(buffer[length - 1]) { length -= 1 }
      buffer[length] = 0
      if length > 0 { lines.append(SystemPath.text(buffer)) }
    }
  }

  private static func split(
    _ arguments: ParsedArguments, drawsImages: Bool
  ) throws(UsageError) -> String {
    guard let name = arguments.string("--split") else { return SplitName.test }
    let isSimple = name.utf8.allSatisfy {
      $0 == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    guard isSimple, (1...40).contains(name.utf8.count) else {
      throw UsageError("--split is 1 to 40 of a-z, 0-9 and -, such as hold-out, not '\(name)'")
    }
    guard !drawsImages || name == SplitName.test else {
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
    Terminal.writeNotes(Note.lines(subject.notes + images.notes + found.notes))
    let answer = try PredictionAnswer(found, images, split: split)
    if let out { try answer.write(to: out) }
    if let csv {
      try answer.writeCSV(to: csv)
      // Other programs read what is there: no table behind it.
      if DurableFile.isStandardOutput(csv) { return }
    }
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
