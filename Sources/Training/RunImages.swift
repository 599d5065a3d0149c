import Datasets
import Experiments
import Networks

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

  /// How many images the splits have, and what tells them from others.
  var splits: (train: (count: Int, fingerprint: String), test: (count: Int, fingerprint: String)) {
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

  /// The network of that name for these images and their classes.
  func network(_ name: String, for experiment: Experiment) throws -> Network {
    switch self {
    case .streamed:
      return try Network(
        named: name, inputSize: experiment.data.imageSize, classes: classNames.count)
    case .resident(let dataset):
      var network = try Network(named: name, classes: classNames.count)
      network.input = ImageShape(
        channels: dataset.train.channels, height: dataset.train.height, width: dataset.train.width)
      return network
    }
  }

  /// How images that are only looked at come to their size.
  func resizing(imageSize: Int?) -> Preprocessing.Resizing {
    switch self {
    // As the official EfficientNet evaluates.
    case .streamed: .centreCrop(padding: 32)
    case .resident: imageSize.map { .shortSide($0) } ?? .none
    }
  }
}
