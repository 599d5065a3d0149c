import Concurrency
import Files

/// A file of decoded images: the training images, the test images, and a footer that says what they are.
///
/// The file's name holds a hash of the place, the folder and the image size, and the key, a hash of the place and of
/// every image file's path, number, size and times of change. A file that does not fit its footer, its fingerprints or the
/// listing is not used.
struct DecodedImagesCache {
  /// What the file holds beside pixels.
  struct Footer: Equatable {
    static let bytes = 512
    private static let title = "consort decoded images 1"

    var key: String
    var width, height, trainCount, testCount: Int
    var trainFingerprint, testFingerprint: String

    /// The footer as it is written: lines of text, filled up with line ends.
    var text: String {
      let lines = """
        \(Self.title)
        \(key)
        \(width) \(height) \(trainCount) \(testCount)
        \(trainFingerprint) \(testFingerprint)
        """
      return lines + String(repeating: "\n", count: Self.bytes - lines.utf8.count)
    }

    /// Reads a footer; nothing where it is not one exactly as written here.
    init?(text: String) {
      let lines = text.split(separator: "\n")
      guard lines.count == 4, lines[0] == Self.title else { return nil }
      let numbers = lines[2].split(separator: " ").compactMap { Int($0) }
      let fingerprints = lines[3].split(separator: " ")
      guard numbers.count == 4, numbers.allSatisfy({ (1...1 << 31).contains($0) }),
        fingerprints.count == 2, fingerprints.allSatisfy({ $0.utf8.count == 64 })
      else { return nil }
      self.init(
        key: String(lines[1]), width: numbers[0], height: numbers[1], trainCount: numbers[2],
        testCount: numbers[3], trainFingerprint: String(fingerprints[0]),
        testFingerprint: String(fingerprints[1]))
    }

    init(
      key: String, width: Int, height: Int, trainCount: Int, testCount: Int,
      trainFingerprint: String, testFingerprint: String
    ) {
      self.key = key
      self.width = width
      self.height = height
      self.trainCount = trainCount
      self.testCount = testCount
      self.trainFingerprint = trainFingerprint
      self.testFingerprint = testFingerprint
    }
  }

  let directory: String
  let listing: ImageListing
  let key: String
  private let namePrefix: String

  /// The cache in `directory` of what `listing` lists, decoded as `parameters` say.
  init(directory: String, listing: ImageListing, parameters: String) throws {
    self.directory = directory
    self.listing = listing
    let place = try listing.place(parameters: parameters)
    key = try listing.key(place: place)
    namePrefix = "images-\(place.prefix(16))-"
  }

  private var name: String { "\(namePrefix)\(key).bin" }
  private var path: String { "\(directory)/\(name)" }

  /// Returns both splits from the file, or nothing where there is none that fits and whose every byte is as it was written.
  func read() -> (train: ImageSplit, test: ImageSplit)? {
    guard let file = try? MappedFile(path: path), file.count > Footer.bytes else { return nil }
    let text = file.withBytes { String(validating: $0.suffix(Footer.bytes), as: UTF8.self) }
    guard let text, let footer = Footer(text: text), footer.text == text, footer.key == key,
      footer.trainCount == listing.train.count, footer.testCount == listing.test.count
    else { return nil }
    let (area, areaOverflows) = footer.width.multipliedReportingOverflow(by: footer.height)
    let (imageBytes, imageOverflows) = area.multipliedReportingOverflow(by: 3)
    let count = footer.trainCount + footer.testCount
    let (pixelBytes, pixelsOverflow) = imageBytes.multipliedReportingOverflow(by: count)
    guard !areaOverflows, !imageOverflows, !pixelsOverflow,
      pixelBytes == file.count - Footer.bytes
    else { return nil }
    let trainBytes = imageBytes * footer.trainCount
    let train = split("train", of: listing.train, footer, file, offset: 0, bytes: trainBytes)
    let test = split(
      "test", of: listing.test, footer, file, offset: trainBytes, bytes: pixelBytes - trainBytes)
    let splits = [train, test]
    let areWhole = parallelMap(splits.count) { splits[$0].hasItsFingerprint }
    return areWhole.allSatisfy { $0 } ? (train, test) : nil
  }

  private func split(
    _ name: String, of files: [ImageListing.File], _ footer: Footer, _ file: MappedFile,
    offset: Int, bytes: Int
  ) -> ImageSplit {
    ImageSplit(
      name: name, height: footer.height, width: footer.width,
      bytes: ImageBytes(file: file, offset: offset, count: bytes), labels: files.map(\.label),
      classNames: listing.classNames,
      fingerprint: name == "train" ? footer.trainFingerprint : footer.testFingerprint)
  }

  /// Writes the file with what `decoding` gives, unless another process just did, and removes those it supersedes.
  ///
  /// - Parameter waiting: Is called before a wait for another process that writes into the directory.
  /// - Throws: `FileError.cannotWrite` or `.cannotCreateDirectory` where it cannot be written, or what decoding throws.
  func write(
    _ decoding: FolderDecoding, report: (_ decoded: Int) -> Void, waiting: () -> Void
  ) throws {
    try Directory.create(directory)
    let lock = try lock(waiting: waiting)
    try withExtendedLifetime(lock) {
      guard read() == nil else { return }
      try writeFile(decoding, report: report)
      try removeSuperseded()
    }
  }

  private func lock(waiting: () -> Void) throws(FileError) -> DirectoryLock {
    if let lock = try DirectoryLock(ifFree: directory) { return lock }
    waiting()
    return try DirectoryLock(waitingFor: directory)
  }

  /// Removes the caches of earlier states of the same folder. Who has one mapped keeps it.
  private func removeSuperseded() throws {
    for other in try Directory.names(in: directory)
    where other.hasPrefix(namePrefix) && other.hasSuffix(".bin") && other != name {
      try Directory.removeFile("\(directory)/\(other)")
    }
  }

  private func writeFile(_ decoding: FolderDecoding, report: (_ decoded: Int) -> Void) throws {
    try DurableFile.write(to: path) { writer in
      let trainFingerprint = try decoding.decode(listing.train, report: report) {
        try writer.write($0)
      }
      let testFingerprint = try decoding.decode(
        listing.test, report: { report(listing.train.count + $0) },
        receive: { try writer.write($0) })
      let footer = Footer(
        key: key, width: decoding.size.width, height: decoding.size.height,
        trainCount: listing.train.count, testCount: listing.test.count,
        trainFingerprint: trainFingerprint, testFingerprint: testFingerprint)
      try writer.write(footer.text)
    }
  }
}
