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
  /// - Parameter fill: Writes files into the directory whose path it is given.
  /// - Throws: `FileError.cannotCreateDirectory` where there is something at `path`, or what `fill` throws; nothing is
  ///   then left behind.
  public static func createWhole(_ path: String, _ fill: (String) throws -> Void) throws {
    guard !exists(path) else {
      throw FileError.cannotCreateDirectory(path: path, reason: String(cString: strerror(EEXIST)))
    }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try create(String(path[..<slash]))
    }
    let unfinished = UnfinishedFile.path(for: path)
    guard mkdir(unfinished, 0o755) == 0 else {
      throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason())
    }
    do {
      try fill(unfinished)
      // Fails where something came to be at `path` meanwhile, but for an empty directory.
      guard rename(unfinished, path) == 0 else {
        throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason())
      }
    } catch {
      for name in (try? names(in: unfinished)) ?? [] { unlink("\(unfinished)/\(name)") }
      rmdir(unfinished)
      throw error
    }
  }
}
