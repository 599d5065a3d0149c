/// One image of a batch to come.
public struct ImageRequest: Hashable, Sendable {
  /// Which image of the split.
  public var index: Int
  /// How it comes to the batch's size.
  public var geometry: ImageGeometry

  /// Asks for the image at `index`.
  public init(index: Int, geometry: ImageGeometry) {
    self.index = index
    self.geometry = geometry
  }
}

/// Decoded images, as many as were asked for less those that could not be decoded.
public struct ImageBatch: Sendable {
  /// The images' indices in the split, `[n]`, in the order asked for.
  public let indices: [Int]
  /// Their labels, `[n]`.
  public let labels: [Int64]
  /// Their pixels, uint8, `[n, 3, height, width]`, red, green, blue.
  public let pixels: ImageBytes
  /// The SHA-256 of each image's encoded bytes, `[n]`, in lower-case hexadecimal; empty unless asked for.
  public let contentHashes: [String]
  /// What was asked for and could not be decoded.
  public let skipped: [SkippedImage]
  /// What is odd about each image, `[n]`.
  public let oddities: [ImageOddity]

  /// The number of images, n.
  public var count: Int { indices.count }
}

/// An image that was left out because it could not be decoded.
public struct SkippedImage: Hashable, Sendable {
  /// Its index in the split.
  public let index: Int
  /// Its path, or its shard's and its name there.
  public let name: String
  /// What is wrong with it.
  public let reason: String

  package init(index: Int, name: String, reason: String) {
    (self.index, self.name, self.reason) = (index, name, reason)
  }
}

/// What is done about an image that is damaged, cut short or of another format.
public enum CorruptImages: String, Codable, Hashable, Sendable, CaseIterable {
  /// It is an error that names it.
  case fail
  /// It is left out of its batch, which names it.
  case skip
}
