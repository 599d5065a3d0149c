import Datasets
import Torch

/// Images of a split that are decoded as they are needed, to one size.
package struct StreamedImages: Sendable {
  /// How images are decoded.
  package struct Decoding: Sendable {
    /// What becomes of an image that cannot be decoded.
    package let corruptImages: CorruptImages
    /// Threads that decode for one member.
    package let workers: Int
    /// Is told of each image that is left out.
    package let skipped: @Sendable (SkippedImage) -> Void

    package init(
      corruptImages: CorruptImages, workers: Int,
      skipped: @escaping @Sendable (SkippedImage) -> Void
    ) {
      self.corruptImages = corruptImages
      self.workers = workers
      self.skipped = skipped
    }
  }

  /// Encoded images and labels.
  package let split: EncodedSplit
  /// Pixels of each side of the decoded images.
  package let height, width: Int
  let decoding: Decoding

  /// About how many bytes of decoded images wait for their steps.
  private static let waitingBytes = 256 << 20

  /// Decodes batches of at most `batchSize` images, a few ahead of who takes them.
  package func stream(
    batchSize: Int, hashesContents: Bool = false,
    batch: @escaping @Sendable (Int) -> [ImageRequest]?
  ) -> ImageStream {
    let batchBytes = 3 * height * width * batchSize
    return ImageStream(
      split, height: height, width: width, corruptImages: decoding.corruptImages,
      hashesContents: hashesContents, workers: decoding.workers,
      prefetchedBatches: min(max(2, Self.waitingBytes / batchBytes), 8), batch: batch)
  }

  /// The pixels of some of a batch's images, all where it is nil: `[B, 3, H, W]`, uint8, where they lie.
  ///
  /// - Throws: `TorchError` where the tensor cannot be made.
  package func tensor(_ batch: ImageBatch, _ range: Range<Int>? = nil) throws -> Tensor {
    let range = range ?? 0..<batch.count
    let size = 3 * height * width
    return try batch.pixels.withBytes { bytes in
      try Tensor.borrowing(
        UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * size..<range.upperBound * size]),
        shape: [range.count, 3, height, width], type: .uint8, owner: batch.pixels)
    }
  }
}
