import CommandLine
import Datasets
import Deployment
import Ensembles
import Files
import Formatting
import Inference
import Predictions
import ReportContents
import Runs

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
  ] + ModelSelection.options + PreprocessingOverrides.options + Sharding.options + [
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
      "--limits",
      help:
        "Say of each image which classes its set holds and whether an answer is given, as the ensemble promises them."
    ),
    CommandOption(
      "--split", "NAME",
      help:
        "What --out calls the images, such as hold-out for those to choose on, or unlike for those of no class (default: test)."
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

    Several processes, also on several machines, predict together by one command with --shards and
    --shard: each writes its part into the directory, and the last one goes on as if it had predicted
    all, with the same figures. A directory holds the shards of one prediction alone.
    """,
  examples: [
    "consort predict a.onnx b.onnx --data /data/imagenet --resize 256 --mean imagenet --std imagenet",
    "consort predict my-ensemble --data /data/photos --csv answers.csv",
    "consort predict my-ensemble holiday/*.jpg",
    "consort predict my-ensemble --data /data/photos --csv answers.csv --shards parts --shard 2/4",
  ],
  run: { arguments in try PredictionJob(arguments).run() })

/// The arguments of `consort predict`, understood.
private struct PredictionJob {
  private let selection: ModelSelection
  private let images: LabelledImages
  private let options: PredictionOptions
  private let combination: Combination
  private let errorCosts: ErrorCosts?
  private let runsAllMembers: Bool
  private let limits: AnswerLimits?
  private let split: String
  private let out, csv: String?
  private let printsJSON: Bool
  /// nil where this process predicts all.
  private let sharding: Sharding?

  init(_ arguments: ParsedArguments) throws {
    out = arguments.directory("--out")
    csv = try arguments.outputFile("--csv")
    printsJSON = arguments.isSet("--json")
    sharding = try Sharding(arguments)
    let batch = try arguments.integer("--batch") ?? 16
    guard (1...4096).contains(batch) else { throw UsageError("--batch is from 1 to 4096") }
    options = PredictionOptions(
      inference: try InferenceOptions(arguments), batch: batch,
      corruptImages: try arguments.choice("--corrupt") ?? .fail)
    let files = arguments.operands.filter(Self.isImage)
    selection = try ModelSelection(
      arguments, operands: arguments.operands.filter { !Self.isImage($0) },
      preprocessing: PreprocessingOverrides(arguments))
    let rule = try CombinationRule(arguments)
    combination = selection.combination(rule: rule)
    errorCosts = selection.errorCosts(rule: rule)
    runsAllMembers = arguments.isSet("--all-members")
    limits = arguments.isSet("--limits") ? try Self.limits(of: selection, combination) : nil
    split = try Self.split(arguments, drawsImages: selection.drawnImages != nil)
    images = try Self.images(for: selection, files: files, arguments)
    guard images.hasLabels || out == nil || split == SplitName.unlike else {
      throw UsageError(
        "--out needs images with labels, in folders of classes: give --csv, or --split unlike for images that are of no class"
      )
    }
    if let out {
      // Another process may have put the same shards together.
      guard sharding != nil || !Directory.isTaken(out) else {
        throw InferenceError.placeTaken(path: out)
      }
      try Directory.checkWritable(out)
    }
  }

  /// What stands for standard input.
  private static let standardInput = "-"

  private static func isImage(_ operand: String) -> Bool {
    EncodedSplit.isImageName(operand) && !Directory.isDirectory(operand)
  }

  /// What the ensemble promises of its answers, as it is combined.
  private static func limits(
    of selection: ModelSelection, _ combination: Combination
  ) throws(UsageError) -> AnswerLimits {
    guard let manifest = selection.manifest, let limits = manifest.answerLimits else {
      throw UsageError(
        "--limits needs an ensemble whose answers promise something: build it with the --decision of consort report"
      )
    }
    guard manifest.combination == combination else {
      throw UsageError("--limits are those of the ensemble as it was decided: leave --rule out")
    }
    return limits
  }

  private static func images(
    for selection: ModelSelection, files: [String], _ arguments: ParsedArguments
  ) throws -> LabelledImages {
    let labels = arguments.string("--labels")
    let data = arguments.string("--data")
    if let drawn = selection.drawnImages, files.isEmpty, data == nil {
      let about = ["--labels", ClassMatching.Order.option.name]
      if let option = about.first(where: { arguments.string($0) != nil }) {
        throw UsageError("the run drew its own images: leave \(option) out")
      }
      return LabelledImages(drawn.dataset().test)
    }
    let classes = try LabelledImages.Classes(
      of: selection, namedBy: labels, order: ClassMatching.Order(arguments))
    Terminal.writeNotes(Note.lines(classes.notes))
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
    guard let found = try predictions() else { return }
    for image in found.skipped {
      Terminal.writeError("skipped '\(image.name)': \(image.reason)")
    }
    Terminal.writeNotes(Note.lines(selection.notes + images.notes + found.notes))
    let report = try PredictionReport(
      found, images, split: split, errorCosts: errorCosts, limits: limits)
    if let out { try sharding == nil ? report.write(to: out) : report.writeOnce(to: out) }
    if let csv {
      try report.writeCSV(to: csv)
      // Other programs read what is there: no table behind it.
      if DurableFile.isStandardOutput(csv) { return }
    }
    print(try printsJSON ? report.json() : report.text(), terminator: "")
  }
}

extension PredictionJob {
  /// What is said of all images; nil where other processes are still at work on some.
  private func predictions() throws -> EnsemblePredictions? {
    let line = ImageProgress()
    guard let sharding else {
      return try EnsemblePredictions(
        of: selection.members, combinedBy: combination, runsAllMembers: runsAllMembers,
        on: images.images, options: options
      ) { done, total in line.show(done, of: total) }
    }
    let directory = try ShardDirectory(
      path: sharding.directory, of: selection.members, combinedBy: combination,
      runsAllMembers: runsAllMembers, on: images.images, options: options)
    guard let shard = sharding.shard else { return try directory.merge() }
    let isNew = try directory.predict(shard) { done, total in line.show(done, of: total) }
    let progress = try directory.progress(count: shard.count)
    // Standard output is for the answers, which one process of all gives.
    Terminal.writeError(
      "shard \(shard.number) of \(shard.count) is \(isNew ? "written" : "there already")"
        + (progress.missing.isEmpty
          ? ": all are there" : "; still missing: \(ShardError.listing(progress.missing))"))
    return progress.missing.isEmpty ? try directory.merge() : nil
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
