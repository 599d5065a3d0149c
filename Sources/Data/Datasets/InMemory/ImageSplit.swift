import Files

/// The labelled images of one split of a data set, all of one size.
public struct ImageSplit: Sendable {
  /// `train` or `test`, or what a caller named a subset's source.
  public let name: String
  /// The number of images, N.
  public let count: Int
  /// The number of channels, C: 3, red, green and blue.
  public let channels: Int
  /// The height of every image, H, in pixels.
  public let height: Int
  /// The width of every image, W, in pixels.
  public let width: Int
  /// The pixels, uint8, `[N, C, H, W]`.
  public let bytes: ImageBytes
  /// The labels, `[N]`, in `0..<classNames.count`.
  public let labels: [Int64]
  /// The classes' names, in the order of the labels.
  public let classNames: [String]
  /// The SHA-256 of the shape, the images and the labels, in order, in lower-case hexadecimal.
  ///
  /// Two splits have one fingerprint where their images and labels agree in every byte and in order, wherever they
  /// came from; names do not enter.
  public let fingerprint: String

  /// Makes a split of images in memory.
  ///
  /// - Parameters:
  ///   - pixels: uint8, `[labels.count, channels, height, width]`.
  ///   - labels: `[N]`, in `0..<classNames.count`.
  public init(
    name: String, channels: Int = 3, height: Int, width: Int, pixels: [UInt8], labels: [Int64],
    classNames: [String]
  ) {
    self.init(
      name: name, channels: channels, height: height, width: width, bytes: ImageBytes(pixels),
      labels: labels, classNames: classNames, fingerprint: nil)
  }

  /// Makes a split, with the fingerprint where it is known already.
  init(
    name: String, channels: Int = 3, height: Int, width: Int, bytes: ImageBytes, labels: [Int64],
    classNames: [String], fingerprint: String?
  ) {
    precondition(channels > 0 && height > 0 && width > 0, "an image has a size")
    precondition(bytes.count == labels.count * channels * height * width, "a label an image")
    precondition(
      labels.allSatisfy { $0 >= 0 && $0 < classNames.count }, "labels name one of the classes")
    self.name = name
    count = labels.count
    self.channels = channels
    self.height = height
    self.width = width
    self.bytes = bytes
    self.labels = labels
    self.classNames = classNames
    self.fingerprint =
      fingerprint
      ?? Self.fingerprint(
        of: bytes, labels: labels, channels: channels, height: height, width: width)
  }

  private static func fingerprint(
    of bytes: ImageBytes, labels: [Int64], channels: Int, height: Int, width: Int
  ) -> String {
    bytes.withBytes { pixels in
      var hasher = Fingerprint(
        count: labels.count, channels: channels, height: height, width: width)
      hasher.update(pixels)
      return hasher.finish(labels: labels)
    }
  }

  /// Whether the fingerprint, which came from elsewhere, is that of the images and labels.
  var hasItsFingerprint: Bool {
    fingerprint
      == Self.fingerprint(
        of: bytes, labels: labels, channels: channels, height: height, width: width)
  }

  /// The bytes of one image: `channels * height * width`.
  public var bytesPerImage: Int { channels * height * width }

  /// Returns the first `count` images (all where there are fewer), copied.
  public func prefix(_ count: Int) -> ImageSplit { subset(Array(0..<min(count, self.count))) }

  /// Returns the images at `indices`, in that order, copied.
  ///
  /// - Parameter indices: Each in `0..<count`; one may come more than once.
  public func subset(_ indices: [Int]) -> ImageSplit {
    precondition(indices.allSatisfy { $0 >= 0 && $0 < count }, "indices of images in the split")
    let size = bytesPerImage
    let pixels = bytes.withBytes { source in
      [UInt8](unsafeUninitializedCapacity: indices.count * size) { target, initialized in
        let target = UnsafeMutableRawBufferPointer(target)
        for (position, index) in indices.enumerated() {
          UnsafeMutableRawBufferPointer(rebasing: target[position * size..<(position + 1) * size])
            .copyMemory(
              from: UnsafeRawBufferPointer(rebasing: source[index * size..<(index + 1) * size]))
        }
        initialized = indices.count * size
      }
    }
    return ImageSplit(
      name: name, channels: channels, height: height, width: width, pixels: pixels,
      labels: indices.map { labels[$0] }, classNames: classNames)
  }
}

/// Computes a split's fingerprint from its images given piece by piece.
struct Fingerprint: ~Copyable {
  private var hasher = SHA256Hasher()

  init(count: Int, channels: Int, height: Int, width: Int) {
    let shape = "consort images uint8 [\(count), \(channels), \(height), \(width)]\n"
    Array(shape.utf8).withUnsafeBytes { hasher.update($0) }
  }

  mutating func update(_ pixels: UnsafeRawBufferPointer) { hasher.update(pixels) }

  /// Adds the labels, as little-endian 64-bit integers, and returns the fingerprint.
  consuming func finish(labels: [Int64]) -> String {
    labels.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
    return hasher.finish()
  }
}
