import Concurrency
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Batches of images decoded ahead of their use, on threads of its own.
///
/// Batches come in order, and what is in them depends on the requests alone, not on the number of threads. At most
/// `prefetchedBatches` are held at a time, apart from those handed out. Cancelling it, or letting it go, ends its threads.
public final class ImageStream: Sendable {
  private let decoding: StreamDecoding

  /// Starts to decode.
  ///
  /// - Parameters:
  ///   - split: Where the images are.
  ///   - height: The height of every image, in pixels.
  ///   - width: The width of every image, in pixels.
  ///   - corruptImages: What is done about an image that cannot be decoded.
  ///   - hashesContents: Whether batches have their images' `contentHashes`.
  ///   - workers: How many threads decode, at least 1.
  ///   - prefetchedBatches: How many batches are decoded ahead, at least 1.
  ///   - batch: Returns what goes into a batch, by its number from 0; nil after the last. It is called once a batch, in
  ///     order, on one thread at a time, and must not use the stream.
  public init(
    _ split: EncodedSplit, height: Int, width: Int, corruptImages: CorruptImages,
    hashesContents: Bool = false, workers: Int, prefetchedBatches: Int,
    batch: @escaping @Sendable (Int) -> [ImageRequest]?
  ) {
    precondition(height > 0 && width > 0, "images have a size")
    precondition(workers > 0 && prefetchedBatches > 0, "at least one thread and one batch")
    let decoding = StreamDecoding(
      split: split, height: height, width: width, corruptImages: corruptImages,
      hashesContents: hashesContents, prefetchedBatches: prefetchedBatches, requests: batch)
    self.decoding = decoding
    for number in 0..<workers {
      decoding.addWorker()
      do throws(WorkerThread.StartError) {
        try WorkerThread {
          decoding.work()
          decoding.removeWorker()
        }.detach()
      } catch {
        decoding.removeWorker()
        // Fewer threads do the same work later.
        if number == 0 {
          decoding.fail(.noThreads(reason: String(cString: strerror(error.number))))
        }
        break
      }
    }
  }

  deinit { decoding.cancel() }

  /// Waits for the next batch; nil after the last one, and once the stream is cancelled.
  ///
  /// - Throws: What kept an image of the batch from being decoded: `DatasetError.unreadableImage` naming it unless
  ///   corrupt images are skipped, `DatasetError` where the request makes no sense for the image, `FileError` where its
  ///   file cannot be read. Every later call throws it again.
  public func next() throws -> ImageBatch? { try decoding.next() }

  /// Ends decoding, and waits until the threads have ended.
  public func cancel() { decoding.cancel() }
}
