import Datasets
import Networks
import Runs

/// The images of a run.
public enum RunImages: Sendable {
  /// All of one size, in memory or mapped from a file.
  case resident(ImageDataset)
  /// Files that are decoded as they are needed, to each member's own size.
  case streamed(EncodedDataset)

  /// The data set's name.
  public var name: String {
    switch self {
    case .resident(let dataset): dataset.name
    case .streamed(let dataset): dataset.name
    }
  }

  /// The classes, in the order of the labels.
  public var classNames: [String] {
    switch self {
    case .resident(let dataset): dataset.train.classNames
    case .streamed(let dataset): dataset.train.classNames
    }
  }

  /// What an experiment makes of them, such as "90 images train, 10 are held out, 24 test; 3 classes: cat, dog, owl".
  ///
  /// - Throws: `ExperimentError.tooFewImages`.
  public func summary(of experiment: Experiment) throws(ExperimentError) -> String {
    let parts = try DataPartition(of: experiment, labels: trainingLabels)
    let shown = classNames.prefix(4).joined(separator: ", ") + (classNames.count > 4 ? ", …" : "")
    return "\(parts.training.count) images train, \(parts.holdOut.count) are held out, "
      + "\(splits.test.count) test; \(classNames.count) classes: \(shown)"
  }

  /// The class of each image of the training split.
  package var trainingLabels: [Int64] {
    switch self {
    case .resident(let dataset): dataset.train.labels
    case .streamed(let dataset): dataset.train.labels
    }
  }

  /// How many images the splits have, and what distinguishes them from others.
  package var splits:
    (train: (count: Int, fingerprint: String), test: (count: Int, fingerprint: String))
  {
    switch self {
    case .resident(let dataset):
      (
        (dataset.train.count, dataset.train.fingerprint),
        (dataset.test.count, dataset.test.fingerprint)
      )
    case .streamed(let dataset):
      (
        (dataset.train.count, dataset.train.fingerprint),
        (dataset.test.count, dataset.test.fingerprint)
      )
    }
  }

  /// The network of that name for these images and their classes, or `architecture`, where it is given as data, for
  /// these images: it must have their classes. Resident images give it their size; streamed ones come to its own.
  ///
  /// - Throws: `TrainingError.networkDoesNotFit` or, for a name, `NetworkError`.
  package func network(
    _ name: String, _ architecture: Network?, for experiment: Experiment
  ) throws -> Network {
    guard let architecture else { return try knownNetwork(name, for: experiment) }
    let network: Network
    switch self {
    case .streamed:
      let input = architecture.input
      guard input.channels == 3, input.height == input.width else {
        throw TrainingError.networkDoesNotFit(
          network: name,
          reason:
            "it takes \(FeatureShape.map(input)), but images that are decoded while it trains come as squares of "
            + "3 channels: change its input")
      }
      network = architecture
    case .resident(let dataset):
      let input = Self.shape(of: dataset)
      do {
        network = try architecture.replacing(input: input)
      } catch {
        throw TrainingError.networkDoesNotFit(
          network: name, reason: "for an input of \(FeatureShape.map(input)), \(error)")
      }
    }
    guard network.classes == classNames.count else {
      throw TrainingError.networkDoesNotFit(
        network: name,
        reason: "it has \(network.classes) classes, the images \(classNames.count): "
          + "give its last layer \(classNames.count) outputs")
    }
    return network
  }

  private func knownNetwork(_ name: String, for experiment: Experiment) throws -> Network {
    switch self {
    case .streamed:
      return try Network(
        named: name, inputSize: experiment.data.imageSize, classes: classNames.count)
    case .resident(let dataset):
      return try Network(named: name, classes: classNames.count)
        .replacing(input: Self.shape(of: dataset))
    }
  }

  private static func shape(of dataset: ImageDataset) -> ImageShape {
    ImageShape(
      channels: dataset.train.channels, height: dataset.train.height, width: dataset.train.width)
  }

  /// How images that are only looked at come to their size.
  package func resizing(imageSize: Int?) -> Preprocessing.Resizing {
    switch self {
    // As the official EfficientNet evaluates.
    case .streamed: .centreCrop(padding: 32)
    case .resident: imageSize.map { .shortSide($0) } ?? .none
    }
  }

  /// How pixels of images that are only looked at are computed where the size changes.
  var interpolation: Preprocessing.Interpolation {
    switch self {
    case .streamed: .bicubic
    case .resident: ImageDataset.interpolation
    }
  }

  /// What a run notes of its images.
  package func record(
    for experiment: Experiment, _ partition: DataPartition, _ normalization: Normalization
  ) -> DataRecord {
    let (train, test) = splits
    return DataRecord(
      name: name, availableImages: train.count,
      trainingImages: partition.training.count, holdOutImages: partition.holdOut.count,
      testImages: test.count, classNames: classNames,
      trainingFingerprint: train.fingerprint, testFingerprint: test.fingerprint,
      mean: normalization.mean, standardDeviation: normalization.standardDeviation,
      resizing: resizing(imageSize: experiment.data.imageSize), interpolation: interpolation)
  }
}
