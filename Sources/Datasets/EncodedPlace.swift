import Files

/// Where the images of one split are.
enum EncodedPlace: Hashable {
  /// A directory of folders of classes.
  case classFolders(directory: String)
  /// Tar shards, sorted by name.
  case shards(paths: [String])

  private static let shardExtension = ".tar"

  /// Finds the split `train` in `directory`.
  static func trainingSplit(in directory: String) throws -> EncodedPlace {
    guard let place = try split(["train"], in: directory) else {
      throw DatasetError.noImages(directory: directory)
    }
    return place
  }

  /// Finds the split `test` or `val` in `directory`.
  static func testSplit(in directory: String) throws -> EncodedPlace {
    guard let place = try split(ImageListing.testFolders, in: directory) else {
      throw DatasetError.missingSplit(path: "\(directory)/\(ImageListing.testFolders[0])")
    }
    return place
  }

  /// Finds the one split in `path`, a directory or a tar file.
  static func onlySplit(in path: String) throws -> EncodedPlace {
    guard Directory.isDirectory(path) else {
      guard Directory.exists(path) else { throw DatasetError.noDirectory(directory: path) }
      return .shards(paths: [path])
    }
    if let place = try split(ImageListing.testFolders, in: path) { return place }
    if try split(["train"], in: path) != nil {
      throw DatasetError.missingSplit(path: "\(path)/\(ImageListing.testFolders[0])")
    }
    return try content(of: path)
  }

  /// The directory that `path` is, or that a tar file lies in.
  static func parent(of path: String) -> String {
    if Directory.isDirectory(path) { return path }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Finds the one split of these names: folders, or shards named after it.
  private static func split(_ splits: [String], in directory: String) throws -> EncodedPlace? {
    guard Directory.isDirectory(directory) else {
      throw DatasetError.noDirectory(directory: directory)
    }
    let names = try Directory.names(in: directory)
    var found: [(place: EncodedPlace, path: String)] = []
    for split in splits {
      let path = "\(directory)/\(split)"
      if Directory.isDirectory(path) { found.append((try content(of: path), path)) }
      let shards = names.filter {
        $0.hasSuffix(shardExtension)
          && ($0.hasPrefix("\(split)-") || $0 == "\(split)\(shardExtension)")
      }
      if let first = shards.first {
        found.append((.shards(paths: shards.map { "\(directory)/\($0)" }), "\(directory)/\(first)"))
      }
    }
    guard found.count < 2 else {
      let paths = found.map(\.path)
      throw splits.count > 1
        ? DatasetError.severalTestSplits(paths: paths)
        : DatasetError.severalDatasets(directory: directory, places: paths)
    }
    return found.first?.place
  }

  /// What a split's own directory holds.
  private static func content(of directory: String) throws -> EncodedPlace {
    let shards = try Directory.names(in: directory).filter { $0.hasSuffix(shardExtension) }
    if shards.isEmpty { return .classFolders(directory: directory) }
    return .shards(paths: shards.map { "\(directory)/\($0)" })
  }
}
