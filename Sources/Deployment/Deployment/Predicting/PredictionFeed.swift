import Datasets
import Inference
import Synchronization

/// Some images on their way into a classifier.
package struct PredictionBatch {
  package let indices: [Int]
  package let pixels: ImageBytes
  /// Where the images' bytes are in `pixels`, one after another: of all together, or of each.
  package let spans: [Range<Int>]
  /// Of each image's file; empty where they are not asked for.
  let contentHashes: [String]
  let skipped: [SkippedImage]
  /// What is odd about each image; empty where they were decoded before.
  let oddities: [ImageOddity]
}

/// Batches for one preprocessing, handed to whichever thread asks.
package enum PredictionFeed: Sendable {
  case decoded(ImageSplit, choice: [Int]?, batch: Int, next: Counter)
  case encoded(ImageStream)

  /// Makes sure that the images come to the size that the preprocessing makes.
  ///
  /// - Throws: `InferenceError.wrongImageSize`.
  package static func check(
    _ images: PredictionImages, for preprocessing: Preprocessing
  ) throws(InferenceError) {
    guard case .decoded(let split) = images else { return }
    guard split.height == preprocessing.height, split.width == preprocessing.width else {
      throw .wrongImageSize(
        found: "\(split.height) x \(split.width)",
        expected: "\(preprocessing.height) x \(preprocessing.width)")
    }
  }

  /// Starts to decode, where there is something to decode.
  ///
  /// - Parameter choice: Which of the images; all where nil.
  package init(
    _ images: PredictionImages, choice: [Int]?, for preprocessing: Preprocessing, batch: Int,
    hashesContents: Bool, _ options: PredictionOptions
  ) {
    switch images {
    case .decoded(let split):
      self = .decoded(split, choice: choice, batch: batch, next: Counter())
    case .encoded(let split):
      let geometry = ImageGeometry.evaluation(
        preprocessing.resizing, preprocessing.interpolation)
      let count = choice?.count ?? split.count
      self = .encoded(
        ImageStream(
          split, height: preprocessing.height, width: preprocessing.width,
          corruptImages: options.corruptImages, hashesContents: hashesContents,
          workers: options.inference.threads, prefetchedBatches: 2 * options.inference.threads
        ) { number in
          guard number * batch < count else { return nil }
          return (number * batch..<min((number + 1) * batch, count)).map {
            ImageRequest(index: choice?[$0] ?? $0, geometry: geometry)
          }
        })
    }
  }

  /// The next batch; nil after the last.
  package func next() throws -> PredictionBatch? {
    switch self {
    case .decoded(let split, let choice, let batch, let counter):
      let first = counter.next() * batch
      let count = choice?.count ?? split.count
      guard first < count else { return nil }
      return Self.batch(of: split, choice, first..<min(first + batch, count))
    case .encoded(let stream):
      return try stream.next().map { batch in
        PredictionBatch(
          indices: batch.indices, pixels: batch.pixels, spans: [0..<batch.pixels.count],
          contentHashes: batch.contentHashes, skipped: batch.skipped, oddities: batch.oddities)
      }
    }
  }

  private static func batch(
    of split: ImageSplit, _ choice: [Int]?, _ places: Range<Int>
  ) -> PredictionBatch {
    let size = split.bytesPerImage
    let indices = choice.map { Array($0[places]) } ?? Array(places)
    let spans =
      choice == nil
      ? [places.lowerBound * size..<places.upperBound * size]
      : indices.map { $0 * size..<($0 + 1) * size }
    return PredictionBatch(
      indices: indices, pixels: split.bytes, spans: spans, contentHashes: [], skipped: [],
      oddities: [])
  }

  /// Ends it before its time.
  func cancel() {
    switch self {
    case .decoded(let split, _, _, let counter): counter.skip(past: split.count)
    case .encoded(let stream): stream.cancel()
    }
  }
}

/// Gives each caller the next number.
package final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  /// 0, 1, 2, ...
  func next() -> Int { value.add(1, ordering: .relaxed).oldValue }

  /// Makes all later numbers at least `count`.
  func skip(past count: Int) { value.store(count, ordering: .relaxed) }
}
