import Datasets

/// The images that an ensemble predicts.
public enum PredictionImages: Sendable {
  /// In memory, of one size already.
  case decoded(ImageSplit)
  /// Files that are decoded for each preprocessing.
  case encoded(EncodedSplit)

  /// The number of images, N.
  public var count: Int {
    switch self {
    case .decoded(let split): split.count
    case .encoded(let split): split.count
    }
  }

  /// The labels, `[N]`.
  public var labels: [Int64] {
    switch self {
    case .decoded(let split): split.labels
    case .encoded(let split): split.labels
    }
  }

  /// The classes' names, in the order of the labels.
  public var classNames: [String] {
    switch self {
    case .decoded(let split): split.classNames
    case .encoded(let split): split.classNames
    }
  }

  /// What the image at `index` is called.
  public func name(of index: Int) -> String {
    switch self {
    case .decoded(let split): "\(split.name) \(index)"
    case .encoded(let split): split.name(of: index)
    }
  }
}
