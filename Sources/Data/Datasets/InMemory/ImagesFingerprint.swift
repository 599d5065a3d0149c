import Files

/// A hash of labelled images in order, by the content of their files: the same wherever the files lie.
public struct ImagesFingerprint: ~Copyable {
  private var hasher = SHA256Hasher()

  /// Starts with no image.
  public init() {
    hasher.update("consort encoded images by content\n")
  }

  /// Adds the images of a batch whose `contentHashes` were asked for.
  public mutating func add(_ batch: ImageBatch) {
    precondition(batch.contentHashes.count == batch.count, "content hashes were asked for")
    for (hash, label) in zip(batch.contentHashes, batch.labels) {
      add(contentHash: hash, label: label)
    }
  }

  /// Adds an image by the SHA-256 of its encoded bytes, in lower-case hexadecimal.
  public mutating func add(contentHash: String, label: Int64) {
    hasher.update("\(contentHash) \(label)\n")
  }

  /// Returns the fingerprint, a SHA-256 in lower-case hexadecimal.
  public consuming func finish() -> String { hasher.finish() }
}
