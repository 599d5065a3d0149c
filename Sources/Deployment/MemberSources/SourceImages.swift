import Datasets
import Deployment
import Files
import Inference
import Predictions
import Runs

/// The images that predictions are of.
package struct SourceImages {
  private enum Location {
    /// Those of a run, all of one size, and which of the training images are held out.
    case resident(ImageDataset, DataPartition)
    /// The test images of a run that decodes them as it needs them.
    case streamed(EncodedSplit)
    /// Directories, whose classes are matched with each model's.
    case directories(SourceOptions.ImageOptions)
    /// The test images that predictions from files are of.
    case test(ImageSplit)

    /// Whether images' classes are matched with each model's: a run's images have the run's.
    var matchesClasses: Bool { if case .directories = self { true } else { false } }
  }

  private var location: Location
  private let progress: SourceProgress

  /// - Parameter run: Whose data set `options` names; nil where no run is given.
  /// - Throws: `SourceError.otherImages` where they are not the run's, `.unusedOption` for an order of classes that nothing
  ///   is matched by.
  init(
    _ options: SourceOptions.ImageOptions, run: RunDirectory?, progress: SourceProgress
  ) throws {
    self.progress = progress
    location = try Self.location(options, run, progress)
    guard options.classOrder == nil || location.matchesClasses else {
      throw SourceError.unusedOption(
        "--class-order",
        reason: "is about classes of images that are matched with a model's, and those of a run "
          + "have the run's: leave it out")
    }
  }

  private static func location(
    _ options: SourceOptions.ImageOptions, _ run: RunDirectory?, _ progress: SourceProgress
  ) throws -> Location {
    guard let run else { return .directories(options) }
    let experiment = try run.experiment()
    if let procedural = experiment.data.procedural {
      return try resident(procedural.dataset(), experiment)
    }
    guard let data = options.data else { return .directories(options) }
    return try location(of: data, for: run, experiment, progress)
  }

  private static func resident(
    _ dataset: ImageDataset, _ experiment: Experiment
  ) throws -> Location {
    .resident(dataset, try DataPartition(of: experiment, labels: dataset.train.labels))
  }

  private static func location(
    of data: String, for run: RunDirectory, _ experiment: Experiment,
    _ progress: SourceProgress
  ) throws -> Location {
    let record = try run.dataRecord()
    if EncodedDataset.isPresent(in: data) {
      let listed = try EncodedDataset.load(directory: data).test
      if listed.fingerprint == record.testFingerprint { return .streamed(listed) }
    }
    let dataset = try ImageDataset.load(
      directory: data, imageSize: experiment.data.imageSize,
      progress: progress.message)
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
    guard case .directories(let options) = location, let data = options.data else { return }
    let test = try ImageDataset.load(directory: data, progress: progress.message).test
    guard test.fingerprint == predictions.fingerprint else {
      throw SourceError.imagesOfNoPredictions(path: data, predictions: path)
    }
    location = .test(test)
  }

  /// The test images, where they are given and the same for all models.
  package var test: PredictionImages? {
    switch location {
    case .resident(let dataset, _): .decoded(dataset.test)
    case .test(let split): .decoded(split)
    case .streamed(let split): .encoded(split)
    case .directories: nil
    }
  }

  private func images(
    _ role: SplitName.Role, labels: [String]?, classes: Int, for model: String
  ) throws -> LabelledImages? {
    switch (location, role) {
    case (.resident(let dataset, _), .test): return LabelledImages(dataset.test)
    case (.resident(let dataset, let partition), .holdOut):
      return partition.holdOut.isEmpty
        ? nil : LabelledImages(dataset.train.subset(partition.holdOut))
    case (.streamed, _): throw SourceError.streamedImages(path: model)
    case (.test, _): return nil
    case (.directories(let options), _):
      let directory = role == .test ? options.data : options.holdOutData
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
    _ role: SplitName.Role, _ members: [EnsembleMember], labels: [String]?, of path: String
  ) throws -> (members: [Predictions], classNames: [String]?, notes: [Note]) {
    let classes = members[0].model.classes
    guard let images = try images(role, labels: labels, classes: classes, for: path) else {
      guard role == .holdOut else { throw SourceError.imagesMissing(path: path) }
      return ([], nil, [])
    }
    guard images.hasLabels else { throw SourceError.imagesMissing(path: path) }
    let found = try EnsemblePredictions(
      of: members, on: images.images,
      options: PredictionOptions(
        inference: InferenceOptions(threads: RunEnvironment.availableProcessors()))
    ) { done, total in progress.images(done, total) }
    let labels = found.indices.map { images.labels[$0] }
    let predictions = try found.memberPredictions(
      split: role == .test ? SplitName.test : SplitName.holdOut, labels: labels
    ).compactMap { $0 }
    return (predictions, images.classNames, images.notes + found.notes)
  }
}

/// Called while sources are read and members analysed.
package struct SourceProgress: Sendable {
  /// Takes a line about what is being done.
  package var message: @Sendable (String) -> Void
  /// Takes how many images are predicted, of how many; may be called by several threads at once.
  package var images: @Sendable (_ done: Int, _ total: Int) -> Void

  package init(
    message: @escaping @Sendable (String) -> Void = { _ in },
    images: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.message = message
    self.images = images
  }
}
