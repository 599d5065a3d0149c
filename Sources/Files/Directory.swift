#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Directories and what lies in them.
public enum Directory {
  /// Creates `path` and the directories above it where they are missing.
  public static func create(_ path: String) throws(FileError) {
    if isDirectory(path) { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try create(String(path[..<slash]))
    }
    if mkdir(path, 0o755) != 0, errno != EEXIST || !isDirectory(path) {
      throw .cannotCreateDirectory(path: path, reason: systemErrorReason())
    }
  }

  /// Whether there is a directory at `path`.
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is anything at `path`.
  public static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// Removes the file at `path`, if there is one.
  public static func removeFile(_ path: String) throws(FileError) {
    if unlink(path) != 0, errno != ENOENT {
      throw .cannotWrite(path: path, reason: systemErrorReason())
    }
  }

  /// The names in the directory `path`, sorted, without those that begin with a dot.
  public static func names(in path: String) throws(FileError) -> [String] {
    guard let handle = opendir(path) else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    defer { closedir(handle) }
    return try names(from: handle, path: path)
  }

  #if canImport(Darwin)
    typealias Handle = UnsafeMutablePointer<DIR>
  #else
    typealias Handle = OpaquePointer
  #endif

  /// Reads `handle` to its end. Only `errno` tells the end from a failure.
  static func names(from handle: Handle, path: String) throws(FileError) -> [String] {
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(handle) else {
        guard errno == 0 else { throw .cannotRead(path: path, reason: systemErrorReason()) }
        break
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
