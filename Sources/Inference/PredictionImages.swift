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

/// Some images on their way into a classifier.
struct PredictionBatch {
  let indices: [Int]
  let pixels: ImageBytes
  /// Where their bytes are in `pixels`.
  let bytes: Range<Int>
  /// Of each image's file; empty where they are not asked for.
  let contentHashes: [String]
  let skipped: [SkippedImage]
}

/// Batches for one preprocessing, handed to whichever thread asks.
enum PredictionFeed: Sendable {
  case decoded(ImageSplit, batch: Int, next: Counter)
  case encoded(ImageStream)

  /// - Throws: `InferenceError.wrongImageSize` where the images have another size than the preprocessing makes.
  init(
    _ images: PredictionImages, for preprocessing: Preprocessing, batch: Int, hashesContents: Bool,
    _ options: PredictionOptions
  ) throws(InferenceError) {
    switch images {
    case .decoded(let split):
      guard split.height == preprocessing.height, split.width == preprocessing.width else {
        throw .wrongImageSize(
          found: "\(split.height) x \(split.width)",
          expected: "\(preprocessing.height) x \(preprocessing.width)")
      }
      self = .decoded(split, batch: batch, next: Counter())
    case .encoded(let split):
      let geometry = ImageGeometry.evaluation(
        preprocessing.resizing, preprocessing.interpolation)
      let count = split.count
      self = .encoded(
        ImageStream(
          split, height: preprocessing.height, width: preprocessing.width,
          corruptImages: options.corruptImages, hashesContents: hashesContents,
          workers: options.inference.threads, prefetchedBatches: 2 * options.inference.threads
        ) { number in
          guard number * batch < count else { return nil }
          return (number * batch..<min((number + 1) * batch, count)).map {
            ImageRequest(index: $0, geometry: geometry)
          }
        })
    }
  }

  /// The next batch; nil after the last.
  func next() throws -> PredictionBatch? {
    switch self {
    case .decoded(let split, let batch, let counter):
      let first = counter.next() * batch
      guard first < split.count else { return nil }
      let range = first..<min(first + batch, split.count)
      let size = split.bytesPerImage
      return PredictionBatch(
        indices: Array(range), pixels: split.bytes,
        bytes: range.lowerBound * size..<range.upperBound * size, contentHashes: [], skipped: [])
    case .encoded(let stream):
      return try stream.next().map { batch in
        PredictionBatch(
          indices: batch.indices, pixels: batch.pixels, bytes: 0..<batch.pixels.count,
          contentHashes: batch.contentHashes, skipped: batch.skipped)
      }
    }
  }

  /// Ends it before its time.
  func cancel() {
    switch self {
    case .decoded(let split, _, let counter): counter.skip(past: split.count)
    case .encoded(let stream): stream.cancel()
    }
  }
}
