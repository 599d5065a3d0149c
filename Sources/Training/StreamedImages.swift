import Datasets

/// Images of a split that are decoded as they are needed, to one size.
struct StreamedImages: Sendable {
  /// How images are decoded.
  struct Decoding: Sendable {
    /// What becomes of an image that cannot be decoded.
    let corruptImages: CorruptImages
    /// Threads that decode for one member.
    let workers: Int
    /// Is told of each image that is left out.
    let skipped: @Sendable (SkippedImage) -> Void
  }

  /// Encoded images and labels.
  let split: EncodedSplit
  /// Pixels of each side of the decoded images.
  let height, width: Int
  let decoding: Decoding

  /// About how many bytes of decoded images wait for their steps.
  private static let waitingBytes = 256 << 20

  /// Decodes batches of at most `batchSize` images, a few ahead of who takes them.
  func stream(
    batchSize: Int, batch: @escaping @Sendable (Int) -> [ImageRequest]?
  ) -> ImageStream {
    let batchBytes = 3 * height * width * batchSize
    return ImageStream(
      split, height: height, width: width, corruptImages: decoding.corruptImages,
      workers: decoding.workers,
      prefetchedBatches: min(max(2, Self.waitingBytes / batchBytes), 8), batch: batch)
  }
}
