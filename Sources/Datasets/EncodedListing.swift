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
  /// Each image's name below its directory or in its shard.
  let names: [String]
  /// Each image's bytes.
  let sizes: [Int]
  let labels: [ShardListing.Label]
  let source: EncodedSplit.Source

  /// Lists what is at `place`.
  init(_ place: EncodedPlace, name: String) throws {
    self.name = name
    switch place {
    case .classFolders(let directory):
      let classes = try ImageListing.classes(in: directory)
      let files = try ImageListing.files(of: classes, in: nil, directory: directory)
      path = directory
      names = files.map(\.path)
      sizes = try Self.sizes(of: files.map(\.path), in: directory)
      labels = files.map { .className(classes[Int($0.label)]) }
      source = .folder(directory: directory)
    case .shards(let paths):
      let listing = try ShardListing(paths: paths)
      path = EncodedPlace.parent(of: paths[0])
      names = listing.images.map(\.name)
      sizes = listing.images.map(\.bytes.count)
      labels = listing.images.map(\.label)
      source = .shards(
        listing.shards, places: listing.images.map { .init(shard: $0.shard, bytes: $0.bytes) })
    }
  }

  private static func sizes(of files: [String], in directory: String) throws -> [Int] {
    let blockLength = 1024
    let blocks = try Parallel.map(count: (files.count + blockLength - 1) / blockLength) {
      block throws in
      try files[block * blockLength..<min((block + 1) * blockLength, files.count)].map { file in
        var status = stat()
        let path = "\(directory)/\(file)"
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

  /// What an error calls the image at `index`, in parts: its file, and its entry where the file is a shard.
  func place(of index: Int) -> (path: String, entry: String?) {
    switch source {
    case .folder(let directory): ("\(directory)/\(names[index])", nil)
    case .shards(let shards, let places): (shards[places[index].shard].path, names[index])
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
