import Concurrency
import Files
import Synchronization

/// Decodes the images of class folders to one size, a part at a time, on all cores.
struct FolderDecoding: Sendable {
  let listing: ImageListing
  /// The size of every decoded image.
  let size: ImageDecoder.Size
  /// Whether images of other sizes are resized and cropped; they are an error otherwise.
  let isResizing: Bool
  /// What was odd about the images decoded so far.
  let oddities = OddityCounter()

  /// About how many bytes of decoded images are held at a time.
  private static let partBytes = 32 << 20
  private static let imagesPerTask = 32

  /// Prepares decoding to `imageSize` x `imageSize`, or to the size of the first image.
  init(_ listing: ImageListing, imageSize: Int?) throws {
    self.listing = listing
    if let imageSize {
      size = ImageDecoder.Size(width: imageSize, height: imageSize)
      isResizing = true
    } else {
      size = try Self.size(of: listing.path(of: listing.train[0]))
      isResizing = false
    }
  }

  /// The bytes of one decoded image.
  var bytesPerImage: Int { 3 * size.width * size.height }

  private static func size(of path: String) throws -> ImageDecoder.Size {
    try MappedFile(path: path).withBytes { bytes in
      do { return try ImageDecoder().size(of: bytes) } catch let failure as ImageDecoder.Failure {
        throw DatasetError.unreadableImage(path: path, reason: failure.reason)
      }
    }
  }

  /// Decodes `files` and gives their pixels, `[N, 3, H, W]`, to `receive` in order, part by part.
  ///
  /// - Returns: The fingerprint of the split that the files make.
  func decode(
    _ files: [ImageListing.File], report: (_ decoded: Int) -> Void,
    receive: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> String {
    var fingerprint = Fingerprint(
      count: files.count, channels: 3, height: size.height, width: size.width)
    let partLength = max(Self.partBytes / bytesPerImage, 1)
    var part = [UInt8](repeating: 0, count: min(partLength, files.count) * bytesPerImage)
    var decoded = 0
    while decoded < files.count {
      let range = decoded..<min(decoded + partLength, files.count)
      try part.withUnsafeMutableBufferPointer { try decode(files[range], into: $0) }
      try part.withUnsafeBytes { bytes in
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<(range.count * bytesPerImage)])
        fingerprint.update(bytes)
        try receive(bytes)
      }
      decoded = range.upperBound
      report(decoded)
    }
    return fingerprint.finish(labels: files.map(\.label))
  }

  private func decode(
    _ files: ArraySlice<ImageListing.File>, into target: UnsafeMutableBufferPointer<UInt8>
  ) throws {
    // Each task writes the images of its own range, and the buffer outlives the call.
    nonisolated(unsafe) let target = target
    let tasks = (files.count + Self.imagesPerTask - 1) / Self.imagesPerTask
    _ = try parallelMap(tasks) { task throws in
      let reader = ImageReader()
      let first = task * Self.imagesPerTask
      for index in first..<min(first + Self.imagesPerTask, files.count) {
        let image = UnsafeMutableBufferPointer(
          rebasing: target[index * bytesPerImage..<(index + 1) * bytesPerImage])
        try decode(files[files.startIndex + index], with: reader, into: image)
      }
    }
  }

  private func decode(
    _ file: ImageListing.File, with reader: ImageReader,
    into target: UnsafeMutableBufferPointer<UInt8>
  ) throws {
    let path = listing.path(of: file)
    do {
      try MappedFile(path: path).withBytes { bytes in
        let oddity = try reader.read(
          bytes, interpolation: ImageDataset.interpolation, isReducing: false, into: target
        ) { size in
          if size == self.size { return Framing(whole: size) }
          guard isResizing else {
            throw DatasetError.mixedImageSizes(
              path: path, width: size.width, height: size.height,
              firstPath: listing.path(of: listing.train[0]), firstWidth: self.size.width,
              firstHeight: self.size.height)
          }
          return Framing(centreOf: size, shortSide: self.size.width, output: self.size)
        }
        oddities.add(oddity, path)
      }
    } catch let failure as ImageDecoder.Failure {
      throw DatasetError.unreadableImage(path: path, reason: failure.reason)
    }
  }
}

/// Counts odd images on several threads.
final class OddityCounter: Sendable {
  private let counted = Mutex(ImageOddities())

  func add(_ oddity: ImageOddity, _ name: String) {
    if !oddity.isEmpty { counted.withLock { $0.add(oddity, name) } }
  }

  func notes(of source: String) -> [Note] { counted.withLock { $0.notes(of: source) } }
}
