import Concurrency
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The images of one split as they were found, before their classes are numbered.
struct EncodedListing {
  /// What the split is called.
  let name: String
  /// Where they were looked for, for messages.
  let path: String
  /// Each image's name below its directory or in its shard; a file's own path.
  let names: [String]
  /// Each image's bytes.
  let sizes: [Int]
  /// Each image's label; empty where images have none.
  let labels: [ShardListing.Label]
  /// The folders of classes, also those without an image; nil where there are none.
  let classes: [String]?
  /// What was passed over and inferred.
  let notes: [Note]
  let source: EncodedSplit.Source

  /// Lists what is at `place`.
  init(_ place: EncodedPlace, name: String) throws {
    self.name = name
    switch place {
    case .classFolders(let directory):
      let listing = try ClassFolderListing(directory)
      let files = zip(listing.classes, listing.images).flatMap { name, images in
        images.map { (path: "\(name)/\($0)", className: name) }
      }
      guard !files.isEmpty else { throw DatasetError.noImages(directory: directory) }
      path = directory
      names = files.map(\.path)
      sizes = try Self.sizes(of: names.map { "\(directory)/\($0)" })
      labels = files.map { .className($0.className) }
      classes = listing.classes
      notes = listing.notes
      source = .folder(directory: directory)
    case .shards(let paths):
      let listing = try ShardListing(paths: paths)
      path = EncodedPlace.parent(of: paths[0])
      names = listing.images.map(\.name)
      sizes = listing.images.map(\.bytes.count)
      labels = listing.images.compactMap(\.label)
      classes = nil
      notes = listing.notes
      source = .shards(
        listing.shards, places: listing.images.map { .init(shard: $0.shard, bytes: $0.bytes) })
    case .plain(let directory):
      let contents = try FolderContents(directory)
      path = directory
      names = contents.images
      sizes = try Self.sizes(of: names.map { "\(directory)/\($0)" })
      (labels, classes) = ([], nil)
      notes =
        FolderContents.note(on: contents.strays, in: directory)
        + FolderContents.noteOnTables(contents.strays, in: directory)
      source = .folder(directory: directory)
    case .files(let paths):
      path = EncodedPlace.parent(of: paths[0])
      names = paths
      sizes = try Self.sizes(of: paths)
      (labels, classes, notes) = ([], nil, [])
      source = .files
    }
  }

  private static func sizes(of paths: [String]) throws -> [Int] {
    let blockLength = 1024
    let blocks = try parallelMap((paths.count + blockLength - 1) / blockLength) {
      block throws in
      try paths[block * blockLength..<min((block + 1) * blockLength, paths.count)].map { path in
        var status = stat()
        guard path.withSystemPath({ stat($0, &status) }) == 0 else {
          throw FileError.cannotRead(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
          throw DatasetError.unexpectedFile(path: path, expected: "a regular file")
        }
        return Int(status.st_size)
      }
    }
    return blocks.flatMap { $0 }
  }

  /// Whether images have labels.
  var hasLabels: Bool { !labels.isEmpty }

  /// What an error calls the image at `index`, in parts: its file, and its entry where the file is a shard.
  func place(of index: Int) -> (path: String, entry: String?) {
    switch source {
    case .folder(let directory): ("\(directory)/\(names[index])", nil)
    case .files: (names[index], nil)
    case .shards(let shards, let places): (shards[places[index].shard].path, names[index])
    }
  }

  /// Makes sure that a network can be trained on it.
  ///
  /// - Throws: `DatasetError` where images have no labels, or a class no images.
  func checkTrainable() throws(DatasetError) {
    guard hasLabels else {
      let (path, entry) = place(of: 0)
      guard entry != nil else { throw .noClasses(path: self.path) }
      throw .invalidShard(path: path, entry: entry, problem: .noLabel)
    }
    guard let classes else { return }
    let used = Set(labels.compactMap(\.className))
    if let empty = classes.first(where: { !used.contains($0) }) {
      throw .emptyClass(path: "\(path)/\(empty)")
    }
  }

  /// Returns a hash of all names, sizes and labels, in order, and of the classes.
  func fingerprint(labels: [Int64], classNames: [String]) -> String {
    var hasher = SHA256Hasher()
    hasher.update("consort encoded images \(names.count) \(classNames.count)\n")
    for name in classNames { hasher.update("\(name)\0\n") }
    for index in names.indices {
      hasher.update("\(names[index])\0\(sizes[index]) \(labels[index])\n")
    }
    return hasher.finish()
  }
}
