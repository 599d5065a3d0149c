import Files

/// A data set of image files: `train/<class>/*` and `test/<class>/*`, or `val/<class>/*`.
struct ClassFolders {
  static let splitNames = ["train"] + ImageListing.testFolders
  static let imageSizes = 1...4096

  private let directory: String
  private let imageSize: Int?
  private let cacheDirectory: String?

  init(directory: String, imageSize: Int?, cacheDirectory: String?) {
    self.directory = directory
    self.imageSize = imageSize
    self.cacheDirectory = cacheDirectory ?? Directory.usualCache
  }

  /// Loads the decoded images from the cache, or decodes them and writes it.
  func load(progress: ((String) -> Void)?) throws -> ImageDataset {
    if let imageSize, !Self.imageSizes.contains(imageSize) {
      throw DatasetError.invalidImageSize(
        imageSize, minimum: Self.imageSizes.lowerBound, maximum: Self.imageSizes.upperBound)
    }
    let listing = try ImageListing(directory: directory)
    for note in Note.lines(listing.notes) { progress?("note: \(note)") }
    guard let cacheDirectory else {
      progress?("no place for a cache of decoded images: neither XDG_CACHE_HOME nor HOME is set")
      return try decodeToMemory(listing, progress: progress)
    }
    let cache = try DecodedImagesCache(
      directory: cacheDirectory, listing: listing,
      parameters: "image size \(imageSize.map(String.init) ?? "as it is")")
    if let splits = cache.read() { return dataset(splits.train, splits.test) }
    do {
      let decoding = try FolderDecoding(listing, imageSize: imageSize)
      try cache.write(decoding, report: reporter(of: listing, progress: progress)) {
        progress?("waiting for another process that writes into '\(cacheDirectory)'")
      }
      reportOddities(of: decoding, to: progress)
    } catch let error as FileError where error.isAboutWriting {
      progress?("decoded images are not kept for the next time: \(error)")
      return try decodeToMemory(listing, progress: progress)
    }
    guard let splits = cache.read() else { return try decodeToMemory(listing, progress: progress) }
    return dataset(splits.train, splits.test)
  }

  private func decodeToMemory(
    _ listing: ImageListing, progress: ((String) -> Void)?
  ) throws -> ImageDataset {
    let decoding = try FolderDecoding(listing, imageSize: imageSize)
    let report = reporter(of: listing, progress: progress)
    func split(_ name: String, _ files: [ImageListing.File], after earlier: Int) throws
      -> ImageSplit
    {
      var fingerprint = ""
      try Memory.check(count: files.count, of: decoding.bytesPerImage, for: directory)
      let pixels = try ImageBytes(count: files.count * decoding.bytesPerImage) { target in
        var rest = target[...]
        fingerprint = try decoding.decode(files, report: { report(earlier + $0) }) { part in
          UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(from: part)
          rest = rest.dropFirst(part.count)
        }
      }
      return ImageSplit(
        name: name, height: decoding.size.height, width: decoding.size.width,
        bytes: pixels, labels: files.map(\.label), classNames: listing.classNames,
        fingerprint: fingerprint)
    }
    let train = try split("train", listing.train, after: 0)
    let test = try split("test", listing.test, after: listing.train.count)
    reportOddities(of: decoding, to: progress)
    return dataset(train, test)
  }

  /// Reports to `progress` what was odd about the images.
  private func reportOddities(of decoding: FolderDecoding, to progress: ((String) -> Void)?) {
    for note in Note.lines(decoding.oddities.notes(of: directory)) { progress?("note: \(note)") }
  }

  /// Reports to `progress` how many images are decoded, at most once a second and at the end.
  private func reporter(
    of listing: ImageListing, progress: ((String) -> Void)?
  ) -> (Int) -> Void {
    let total = listing.train.count + listing.test.count
    var next = ContinuousClock.now.advanced(by: .seconds(1))
    return { decoded in
      guard decoded == total || ContinuousClock.now >= next else { return }
      next = ContinuousClock.now.advanced(by: .seconds(1))
      progress?("decoded \(decoded) of \(total) images")
    }
  }

  private func dataset(_ train: ImageSplit, _ test: ImageSplit) -> ImageDataset {
    let name = directory.split(separator: "/").last { $0 != "." }.map(String.init) ?? "images"
    return ImageDataset(name: "folder \(name)", train: train, test: test)
  }
}

extension FileError {
  /// Whether something could not be written, as against read.
  fileprivate var isAboutWriting: Bool {
    switch self {
    case .cannotWrite, .cannotCreateDirectory: true
    case .cannotRead, .tooLarge: false
    }
  }
}
