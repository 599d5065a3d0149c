import CommandLine
import Datasets
import Deployment
import Files
import Formatting
import Inference
import Predictions
import Runs
import Synchronization

/// Where a command's images are.
struct ImageOptions {
  /// The images that judge; beside a run, its whole data set.
  let data: String?
  /// The images that choose.
  let holdOutData: String?
  /// How their classes are matched with those of ensembles and models, where the user says it.
  let classOrder: ClassMatching.Order?

  static let options = [
    CommandOption(
      "--data", "DIR",
      help:
        "The test images, as for `consort predict`; beside a run or its predictions its data set, as for "
        + "`consort train`. Ensemble directories and ONNX files need them; others show examples of them."
    ),
    CommandOption(
      "--hold-out-data", "DIR",
      help:
        "The images to choose on, for ensemble directories and models without a run beside them."
    ),
    ClassMatching.Order.option,
  ]

  init(_ arguments: ParsedArguments) throws(UsageError) {
    data = arguments.string("--data")
    holdOutData = arguments.string("--hold-out-data")
    classOrder = try ClassMatching.Order(arguments)
  }
}

/// The images that predictions are of.
struct SourceImages {
  /// What images are for.
  enum Part {
    /// To judge.
    case test
    /// To choose.
    case holdOut
  }

  private enum Place {
    /// Those of a run, all of one size, and which of the training images are held out.
    case resident(ImageDataset, DataPartition)
    /// The test images of a run that decodes them as it needs them.
    case streamed(EncodedSplit)
    /// Directories, whose classes are matched with each model's.
    case directories(ImageOptions)
    /// The test images that predictions from files are of.
    case test(ImageSplit)

    /// Whether images' classes are matched with each model's: a run's images have the run's.
    var matchesClasses: Bool { if case .directories = self { true } else { false } }
  }

  private var place: Place

  /// - Parameter run: Whose data set `options` names; nil where no run is given.
  /// - Throws: `SourceError.otherImages` where they are not the run's, `UsageError` for an order of classes that nothing
  ///   is matched by.
  init(_ options: ImageOptions, run: RunDirectory?) throws {
    place = try Self.place(options, run)
    guard options.classOrder == nil || place.matchesClasses else {
      throw UsageError(
        "\(ClassMatching.Order.option.name) is about classes of images that are matched with a model's, and those of a run "
          + "have the run's: leave it out")
    }
  }

  private static func place(_ options: ImageOptions, _ run: RunDirectory?) throws -> Place {
    guard let run else { return .directories(options) }
    let experiment = try run.experiment()
    if let procedural = experiment.data.procedural {
      return try resident(procedural.dataset(), experiment)
    }
    guard let data = options.data else { return .directories(options) }
    return try place(of: data, for: run, experiment)
  }

  private static func resident(
    _ dataset: ImageDataset, _ experiment: Experiment
  ) throws -> Place {
    .resident(dataset, try DataPartition(of: experiment, available: dataset.train.count))
  }

  private static func place(
    of data: String, for run: RunDirectory, _ experiment: Experiment
  ) throws -> Place {
    let record = try run.dataRecord()
    if EncodedDataset.isPresent(in: data) {
      let listed = try EncodedDataset.load(directory: data).test
      if listed.fingerprint == record.testFingerprint { return .streamed(listed) }
    }
    let dataset = try ImageDataset.load(
      directory: data, imageSize: experiment.data.imageSize,
      progress: { Terminal.writeError($0) })
    guard dataset.test.fingerprint == record.testFingerprint else {
      throw SourceError.otherImages(path: data, run: run.path)
    }
    return try resident(dataset, experiment)
  }

  /// Takes the data set whose test images predictions from files are of, where one is given.
  ///
  /// - Parameter path: The file of the predictions, or a directory or list of them.
  /// - Throws: `SourceError.imagesOfNoPredictions` where the fingerprints differ.
  mutating func find(for predictions: Predictions, in path: String) throws {
    guard case .directories(let options) = place, let data = options.data else { return }
    let test = try ImageDataset.load(directory: data, progress: { Terminal.writeError($0) }).test
    guard test.fingerprint == predictions.fingerprint else {
      throw SourceError.imagesOfNoPredictions(path: data, predictions: path)
    }
    place = .test(test)
  }

  /// The test images, where they are given and the same for all models.
  var test: PredictionImages? {
    switch place {
    case .resident(let dataset, _): .decoded(dataset.test)
    case .test(let split): .decoded(split)
    case .streamed(let split): .encoded(split)
    case .directories: nil
    }
  }

  private func images(
    _ part: Part, labels: [String]?, classes: Int, for model: String
  ) throws -> LabelledImages? {
    switch (place, part) {
    case (.resident(let dataset, _), .test): return LabelledImages(dataset.test)
    case (.resident(let dataset, let partition), .holdOut):
      return partition.holdOut.isEmpty
        ? nil : LabelledImages(dataset.train.subset(partition.holdOut))
    case (.streamed, _): throw SourceError.streamedImages(path: model)
    case (.test, _): return nil
    case (.directories(let options), _):
      let directory = part == .test ? options.data : options.holdOutData
      let known = LabelledImages.Classes(
        labels: labels, count: classes, model: model,
        order: options.classOrder)
      return try directory.map { try LabelledImages($0, for: known) }
    }
  }

  /// What members of an ensemble, or a model, say about the images, the names of the classes where they are known, and
  /// what was inferred; none where there are no images to choose on.
  ///
  /// - Parameters:
  ///   - labels: Their classes, where they are known.
  ///   - path: The ensemble or the model.
  /// - Throws: `SourceError.imagesMissing` without images to judge by.
  func predict(
    _ part: Part, _ members: [EnsembleMember], labels: [String]?, of path: String
  ) throws -> (members: [Predictions], classNames: [String]?, notes: [Note]) {
    let classes = members[0].model.classes
    guard let images = try images(part, labels: labels, classes: classes, for: path) else {
      guard part == .holdOut else { throw SourceError.imagesMissing(path: path) }
      return ([], nil, [])
    }
    guard images.hasLabels else { throw SourceError.imagesMissing(path: path) }
    let bar = Mutex(ProgressLine("images"))
    let found = try EnsemblePredictions(
      of: members, on: images.images,
      options: PredictionOptions(
        inference: InferenceOptions(threads: RunEnvironment.availableProcessors()))
    ) { done, total in bar.withLock { $0.show(done, of: total) } }
    bar.withLock { $0.end() }
    let labels = found.indices.map { images.labels[$0] }
    let predictions = try found.memberPredictions(
      split: part == .test ? SplitName.test : SplitName.holdOut, labels: labels
    ).compactMap { $0 }
    return (predictions, images.classNames, images.notes + found.notes)
  }
}
