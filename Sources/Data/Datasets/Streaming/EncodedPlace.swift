import Files

/// Where the images of one split are.
enum EncodedPlace: Hashable {
  /// A directory of folders of classes.
  case classFolders(directory: String)
  /// Tar shards, sorted by name.
  case shards(paths: [String])
  /// A directory of images without labels.
  case plain(directory: String)
  /// Image files without labels.
  case files(paths: [String])

  /// Finds the split `train` in `directory`.
  static func trainingSplit(in directory: String) throws -> EncodedPlace {
    guard let place = try split(["train"], in: directory)?.place else {
      throw DatasetError.noImages(directory: directory)
    }
    return place
  }

  /// Finds the split `test` or `val` in `directory`.
  static func testSplit(in directory: String) throws -> EncodedPlace {
    guard let place = try split(ImageListing.testFolders, in: directory)?.place else {
      throw DatasetError.missingSplit(path: "\(directory)/\(ImageListing.testFolders[0])")
    }
    return place
  }

  /// Finds the one split in `path`: a directory, a tar file, an image, or tar files as `{000..003}` names them.
  ///
  /// - Returns: The place, and a note where it is one of several things in a directory.
  static func onlySplit(in path: String) throws -> (place: EncodedPlace, notes: [Note]) {
    guard Directory.isDirectory(path) else {
      guard Directory.exists(path) else {
        if let paths = NumberedPaths.expanded(path) { return (.shards(paths: paths), []) }
        try Directory.checkReachable(path)
        throw DatasetError.noDirectory(directory: path)
      }
      return (isImage(path) ? .files(paths: [path]) : .shards(paths: [path]), [])
    }
    if try holdsClassesNamedAsSplits(path) { return (.classFolders(directory: path), []) }
    if let found = try split(ImageListing.testFolders, in: path) {
      let contents = try FolderContents(path)
      let others = (contents.folders + contents.shards + contents.images)
        .filter { !found.names.contains($0) }
      guard !others.isEmpty else { return (found.place, []) }
      let shown = others.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      let rest = others.count > 3 ? " and \(others.count - 3) more" : ""
      return (
        found.place,
        [
          Note(
            source: path, text: "images of '\(found.names[0])' are taken, not of \(shown)\(rest)")
        ]
      )
    }
    if try split(["train"], in: path) != nil {
      throw DatasetError.missingSplit(path: "\(path)/\(ImageListing.testFolders[0])")
    }
    return (try content(of: path), [])
  }

  private static func isImage(_ path: String) -> Bool {
    guard !FolderContents.isShardName(path) else { return false }
    if FolderContents.isImageName(path) { return true }
    let format = try? MappedFile(path: path).withBytes { ImageFormat(of: $0) }
    return format != nil
  }

  /// The directory that `path` is, or that a tar file lies in.
  static func parent(of path: String) -> String {
    if Directory.isDirectory(path) { return path }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether folders called as splits hold images themselves, beside folders of other names: a class may be a train.
  private static func holdsClassesNamedAsSplits(_ directory: String) throws -> Bool {
    let splits = ["train"] + ImageListing.testFolders
    let folders = try FolderContents(directory).folders
    let named = folders.filter(splits.contains)
    guard !named.isEmpty, named.count < folders.count else { return false }
    return try named.allSatisfy { name in
      let contents = try FolderContents("\(directory)/\(name)")
      return !contents.images.isEmpty && contents.folders.isEmpty && contents.shards.isEmpty
    }
  }

  /// Finds the one split of these names: folders, or shards named after it; and what it consists of in `directory`.
  private static func split(
    _ splits: [String], in directory: String
  ) throws -> (place: EncodedPlace, names: [String])? {
    guard Directory.isDirectory(directory) else {
      try Directory.checkReachable(directory)
      throw DatasetError.noDirectory(directory: directory)
    }
    let names = try Directory.names(in: directory)
    var found: [(place: EncodedPlace, names: [String])] = []
    for split in splits {
      let path = "\(directory)/\(split)"
      if Directory.isDirectory(path) { found.append((try content(of: path), [split])) }
      let shards = names.filter {
        FolderContents.isShardName($0) && ($0.hasPrefix("\(split)-") || $0.hasPrefix("\(split)."))
      }
      if !shards.isEmpty {
        found.append((.shards(paths: shards.map { "\(directory)/\($0)" }), shards))
      }
    }
    guard found.count < 2 else {
      let paths = found.map { "\(directory)/\($0.names[0])" }
      throw splits.count > 1
        ? DatasetError.severalTestSplits(paths: paths)
        : DatasetError.severalDatasets(directory: directory, places: paths)
    }
    return found.first
  }

  /// What a split's own directory holds.
  private static func content(of directory: String) throws -> EncodedPlace {
    let contents = try FolderContents(directory)
    if !contents.shards.isEmpty {
      let others = contents.folders + contents.images
      guard others.isEmpty else {
        throw DatasetError.unexpectedFile(
          path: "\(directory)/\(contents.shards[0])",
          expected: "folders of classes or tar shards, and not both")
      }
      return .shards(paths: contents.shards.map { "\(directory)/\($0)" })
    }
    if !contents.images.isEmpty, contents.folders.isEmpty { return .plain(directory: directory) }
    return .classFolders(directory: directory)
  }
}

/// Paths that differ in a number, as `train-{000..003}.tar`.
enum NumberedPaths {
  private static let mostPaths = 1_000_000

  /// The paths that `pattern` stands for; nil where it is no such pattern.
  static func expanded(_ pattern: String) -> [String]? {
    guard let open = pattern.firstIndex(of: "{"), let close = pattern[open...].firstIndex(of: "}")
    else { return nil }
    let range = pattern[pattern.index(after: open)..<close].split(
      separator: ".", omittingEmptySubsequences: false)
    guard range.count == 3, range[1].isEmpty, let first = Int(range[0]), let last = Int(range[2]),
      first >= 0, last >= first, last - first < mostPaths
    else { return nil }
    return (first...last).map { number in
      let digits = String(number)
      let zeros = String(repeating: "0", count: max(range[0].count - digits.count, 0))
      return pattern[..<open] + zeros + digits + pattern[pattern.index(after: close)...]
    }
  }
}
