#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Directory {
  /// Makes the directory at `path`, whole or not at all: it is filled beside, then renamed.
  ///
  /// - Parameters:
  ///   - path: Where nothing is yet; slashes at its end mean nothing.
  ///   - fill: Writes files into the directory whose path it is given.
  /// - Throws: `FileError.cannotCreateDirectory` where there is something at `path`, or what `fill` throws; nothing is
  ///   then left behind.
  public static func createWhole(_ path: String, _ fill: (String) throws -> Void) throws {
    let path = withoutSlash(path)
    guard !isTaken(path) else {
      throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason(EEXIST))
    }
    let parent = parent(of: path)
    try create(parent)
    // What a killed process left: it takes space, and no other would remove it.
    try? UnfinishedFile.removeAbandoned(in: parent, of: name(of: path))
    let unfinished = UnfinishedFile.path(for: path)
    guard unfinished.withSystemPath({ mkdir($0, 0o777) }) == 0 else {
      throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason())
    }
    let descriptor = unfinished.withSystemPath { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    defer { if descriptor >= 0 { close(descriptor) } }
    UnfinishedFile.hold(descriptor)
    do {
      try fill(unfinished)
      // Fails where something came to be at `path` meanwhile, but for an empty directory.
      let status = unfinished.withSystemPath { from in path.withSystemPath { rename(from, $0) } }
      guard status == 0 else {
        throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason())
      }
    } catch {
      try? removeTree(unfinished)
      throw error
    }
  }

  /// Makes the directory at `path` as `createWhole` does; where several processes make the same, one does, and the others
  /// find that it is the same.
  ///
  /// - Throws: `FileError.cannotCreateDirectory` where there is something else at `path`, or what `fill` throws.
  public static func createWholeOnce(_ path: String, _ fill: (String) throws -> Void) throws {
    if !isTaken(path) {
      do {
        return try createWhole(path, fill)
      } catch let error as FileError {
        guard isTaken(path) else { throw error }
      }
    }
    try UnfinishedFile.withDirectory(name(of: path), in: parent(of: path)) { copy in
      try fill(copy)
      guard try holdsTheSame(copy, path) else {
        throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason(EEXIST))
      }
    }
  }

  /// Whether both directories hold the same files, and no directories.
  private static func holdsTheSame(_ first: String, _ second: String) throws -> Bool {
    guard isDirectory(second), try names(in: first) == names(in: second) else { return false }
    return try names(in: first).allSatisfy { name in
      try MappedFile(path: "\(first)/\(name)").withBytes { one in
        try MappedFile(path: "\(second)/\(name)").withBytes { other in one.elementsEqual(other) }
      }
    }
  }

  /// Makes the directory at `path` where it is missing, for files that are replaced one by one, and removes what killed
  /// processes were writing there.
  ///
  /// - Throws: `FileError.cannotCreateDirectory`.
  public static func createForResults(_ path: String) throws(FileError) {
    try create(path)
    try? UnfinishedFile.removeAbandoned(in: path, isShared: true)
  }

  /// Makes sure, before work that takes long, that a directory can be made at `path` or files be written into it.
  ///
  /// - Throws: `FileError.cannotCreateDirectory` where it is something else, or may not be written to.
  public static func checkWritable(_ path: String) throws(FileError) {
    let wanted = withoutSlash(path)
    var path = wanted
    while !isTaken(path), path != ".", path != "/" {
      // `access` alone would let too long a name pass.
      guard name(of: path).utf8.count <= 255 else {
        throw .cannotCreateDirectory(path: path, reason: systemErrorReason(ENAMETOOLONG))
      }
      path = parent(of: path)
    }
    guard isDirectory(path) else {
      throw .cannotCreateDirectory(path: path, reason: systemErrorReason(ENOTDIR))
    }
    guard path.withSystemPath({ access($0, W_OK | X_OK) }) == 0 else {
      throw .cannotCreateDirectory(path: wanted, reason: systemErrorReason())
    }
  }

  /// Removes what is at `path`, with all that lies in it; links are removed, not followed.
  ///
  /// - Throws: `FileError.cannotWrite` where something cannot be removed.
  public static func removeTree(_ path: String) throws(FileError) {
    var status = stat()
    guard path.withSystemPath({ lstat($0, &status) }) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else { return try removeFile(path) }
    for name in try names(in: path, hidden: true) { try removeTree("\(path)/\(name)") }
    guard path.withSystemPath({ rmdir($0) }) == 0 || errno == ENOENT else {
      throw .cannotWrite(path: path, reason: systemErrorReason())
    }
  }
}
