import Concurrency
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The image files of a data set in class folders, in a fixed order, with what shows whether they changed.
struct ImageListing: Sendable {
  /// One image file, its path relative to the data set's directory.
  struct File: Sendable {
    let path: String
    let label: Int64
  }

  let directory: String
  let classNames: [String]
  /// By class, then by name.
  let train: [File]
  /// By class, then by name.
  let test: [File]

  /// What was passed over.
  let notes: [Note]

  /// The folders that may hold the test split: ours, ImageNet's own, and others'.
  static let testFolders = ["test", "val", "valid", "validation"]

  /// Lists `directory`. What is no image is passed over with a note; images that belong to no class are an error.
  init(directory: String) throws {
    let train = try ClassFolderListing("\(directory)/train")
    let testFolder = try Self.testFolder(in: directory)
    let test = try ClassFolderListing("\(directory)/\(testFolder)")
    if let empty = train.emptyClasses.first {
      throw DatasetError.emptyClass(path: "\(train.directory)/\(empty)")
    }
    try Self.checkClasses(
      test.classes, in: test.directory, areAmong: train.classes, in: train.directory)
    let numbers = Dictionary(
      zip(train.classes, 0...).map { ($0, Int64($1)) }, uniquingKeysWith: { first, _ in first })
    func files(_ listing: ClassFolderListing, _ split: String) -> [File] {
      zip(listing.classes, listing.images).flatMap { name, images in
        images.map { File(path: "\(split)/\(name)/\($0)", label: numbers[name] ?? 0) }
      }
    }
    self.directory = directory
    classNames = train.classes
    self.train = files(train, "train")
    self.test = files(test, testFolder)
    notes = train.notes + test.notes
    guard !self.test.isEmpty else { throw DatasetError.noImages(directory: test.directory) }
  }

  /// The name of the test split's folder in `directory`, or the usual one where there is none.
  static func testFolder(in directory: String) throws(DatasetError) -> String {
    let present = testFolders.filter { Directory.isDirectory("\(directory)/\($0)") }
    guard present.count < 2 else {
      throw .severalTestSplits(paths: present.map { "\(directory)/\($0)" })
    }
    return present.first ?? testFolders[0]
  }

  /// Checks that a network that is trained on `known` classes knows those that it is tested on.
  static func checkClasses(
    _ test: [String], in testPath: String, areAmong known: [String], in trainPath: String
  ) throws(DatasetError) {
    let names = Set(known)
    if let name = test.first(where: { !names.contains($0) }) {
      throw .classInOneSplit(present: "\(testPath)/\(name)", missing: "\(trainPath)/\(name)")
    }
  }

  /// The path that opens `file`.
  func path(of file: File) -> String { "\(directory)/\(file.path)" }

  /// Returns a hash of the directory's resolved path and of `parameters`.
  func place(parameters: String) throws -> String {
    guard let resolved = directory.withSystemPath({ realpath($0, nil) }) else {
      throw FileError.cannotRead(path: directory, reason: String(cString: strerror(errno)))
    }
    defer { free(resolved) }
    var hasher = SHA256Hasher()
    hasher.update(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
    Array("\0\(parameters)".utf8).withUnsafeBytes { hasher.update($0) }
    return hasher.finish()
  }

  /// Returns a hash of `place`, and of every file's relative path, number, size and times of change.
  func key(place: String) throws -> String {
    let files = train + test
    let blockLength = 1024
    let blocks = try parallelMap((files.count + blockLength - 1) / blockLength) {
      block throws in
      var bytes: [UInt8] = []
      for file in files[block * blockLength..<min((block + 1) * blockLength, files.count)] {
        bytes.append(contentsOf: try state(of: file).utf8)
      }
      return bytes
    }
    var hasher = SHA256Hasher()
    Array("\(place)\n".utf8).withUnsafeBytes { hasher.update($0) }
    for block in blocks { block.withUnsafeBytes { hasher.update($0) } }
    return hasher.finish()
  }

  private func state(of file: File) throws -> String {
    var status = stat()
    guard path(of: file).withSystemPath({ stat($0, &status) }) == 0 else {
      throw FileError.cannotRead(
        path: path(of: file), reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError.unexpectedFile(path: path(of: file), expected: "a regular file")
    }
    #if canImport(Darwin)
      let (content, state) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (content, state) = (status.st_mtim, status.st_ctim)
    #endif
    // The time of the content can be set back, and copying tools do so; the time of the state cannot.
    return "\(file.path)\0\(status.st_size) \(content.tv_sec) \(content.tv_nsec)"
      + " \(status.st_ino) \(state.tv_sec) \(state.tv_nsec)\n"
  }
}
