import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The image files of a data set in class folders, in a fixed order, with what tells whether they changed.
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

  /// The folders that may hold the test split: ours, and ImageNet's own.
  static let testFolders = ["test", "val"]
  static let fileExtensions = ["jpg", "jpeg", "png"]

  /// Lists `directory`. Names that begin with a dot are passed over; anything else unexpected is an error.
  init(directory: String) throws {
    let trainClasses = try Self.classes(in: "\(directory)/train")
    let testFolder = try Self.testFolder(in: directory)
    let testClasses = try Self.classes(in: "\(directory)/\(testFolder)")
    try Self.checkClasses(
      trainClasses, in: "\(directory)/train", equal: testClasses,
      in: "\(directory)/\(testFolder)")
    self.directory = directory
    classNames = trainClasses
    train = try Self.files(of: trainClasses, in: "train", directory: directory)
    test = try Self.files(of: trainClasses, in: testFolder, directory: directory)
  }

  /// The name of the test split's folder in `directory`, or the usual one where there is none.
  static func testFolder(in directory: String) throws(DatasetError) -> String {
    let present = testFolders.filter { Directory.isDirectory("\(directory)/\($0)") }
    guard present.count < 2 else {
      throw .severalTestSplits(paths: present.map { "\(directory)/\($0)" })
    }
    return present.first ?? testFolders[0]
  }

  /// Checks that both splits have the same classes.
  static func checkClasses(
    _ train: [String], in trainPath: String, equal test: [String], in testPath: String
  ) throws(DatasetError) {
    let (trainNames, testNames) = (Set(train), Set(test))
    if let name = train.first(where: { !testNames.contains($0) }) {
      throw .classInOneSplit(present: "\(trainPath)/\(name)", missing: "\(testPath)/\(name)")
    }
    if let name = test.first(where: { !trainNames.contains($0) }) {
      throw .classInOneSplit(present: "\(testPath)/\(name)", missing: "\(trainPath)/\(name)")
    }
  }

  /// The folders in `path`, sorted, which are its classes.
  static func classes(in path: String) throws -> [String] {
    guard Directory.isDirectory(path) else { throw DatasetError.missingSplit(path: path) }
    let names = try Directory.names(in: path)
    for name in names where !Directory.isDirectory("\(path)/\(name)") {
      throw DatasetError.unexpectedFile(path: "\(path)/\(name)", expected: "a folder for a class")
    }
    guard !names.isEmpty else { throw DatasetError.noClasses(path: path) }
    return names
  }

  /// The images of `classes`, whose folders lie in the folder `split` of `directory`, or in `directory` itself.
  static func files(
    of classes: [String], in split: String?, directory: String
  ) throws -> [File] {
    let lists = try Parallel.map(count: classes.count) { label throws in
      let folder = split.map { "\($0)/\(classes[label])" } ?? classes[label]
      let names = try Directory.names(in: "\(directory)/\(folder)")
      for name in names where !isImageName(name) {
        throw DatasetError.unexpectedFile(
          path: "\(directory)/\(folder)/\(name)", expected: "a name ending in .jpg, .jpeg or .png")
      }
      guard !names.isEmpty else {
        throw DatasetError.emptyClass(path: "\(directory)/\(folder)")
      }
      return names.map { File(path: "\(folder)/\($0)", label: Int64(label)) }
    }
    return lists.flatMap { $0 }
  }

  /// Whether a file of this name is taken for an image.
  static func isImageName(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return fileExtensions.contains(name[name.index(after: dot)...].lowercased())
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
    let blocks = try Parallel.map(count: (files.count + blockLength - 1) / blockLength) {
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
