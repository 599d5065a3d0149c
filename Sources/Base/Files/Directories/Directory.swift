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
    let path = withoutSlash(path)
    if isDirectory(path) { return }
    if path.contains("/"), path != "/" { try create(parent(of: path)) }
    if path.withSystemPath({ mkdir($0, 0o777) }) != 0, errno != EEXIST || !isDirectory(path) {
      throw .cannotCreateDirectory(
        path: path, reason: systemErrorReason(errno == EEXIST ? ENOTDIR : errno))
    }
  }

  /// Whether there is a directory at `path`.
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return path.withSystemPath { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is anything at `path`, or where a link at `path` leads.
  public static func exists(_ path: String) -> Bool {
    path.withSystemPath { access($0, F_OK) } == 0
  }

  /// Whether what is at `path` can be read, or there is nothing.
  public static func isReadable(_ path: String) -> Bool {
    path.withSystemPath { access($0, R_OK) } == 0 || errno == ENOENT
  }

  /// Makes sure that it is known whether there is anything at `path`.
  ///
  /// - Throws: `FileError.cannotRead` where a directory on the way may not be entered, or links lead in a circle.
  public static func checkReachable(_ path: String) throws(FileError) {
    var status = stat()
    guard path.withSystemPath({ stat($0, &status) }) != 0, errno != ENOENT, errno != ENOTDIR else {
      return
    }
    throw .cannotRead(path: path, reason: systemErrorReason())
  }

  /// Whether there is anything at `path`, be it a link that leads nowhere.
  public static func isTaken(_ path: String) -> Bool {
    var status = stat()
    return path.withSystemPath { lstat($0, &status) } == 0
  }

  /// Whether both paths lead to one regular file, or to one directory.
  public static func isSame(_ first: String, _ second: String) -> Bool {
    var (one, other) = (stat(), stat())
    return first.withSystemPath { stat($0, &one) } == 0
      && second.withSystemPath { stat($0, &other) } == 0
      && one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// Removes the file at `path`, if there is one.
  public static func removeFile(_ path: String) throws(FileError) {
    if path.withSystemPath({ unlink($0) }) != 0, errno != ENOENT {
      throw .cannotWrite(path: path, reason: systemErrorReason())
    }
  }

  /// Moves what is at `path`, within one file system, to `place`; a file there is replaced, a directory only where it is empty.
  ///
  /// - Throws: `FileError.cannotWrite`; nothing has changed then.
  public static func move(_ path: String, to place: String) throws(FileError) {
    let status = path.withSystemPath { from in place.withSystemPath { rename(from, $0) } }
    guard status == 0 else { throw .cannotWrite(path: place, reason: systemErrorReason()) }
    DurableFile.syncDirectory(parent(of: place))
  }

  /// The absolute path of the working directory: as the shell has it, with its links, where that is the same.
  ///
  /// - Throws: `FileError.cannotRead`.
  public static func current() throws(FileError) -> String {
    if let path = getenv("PWD").map({ SystemPath.text($0) }), path.hasPrefix("/"), isSame(path, ".")
    {
      return path
    }
    guard let path = realpath(".", nil) else {
      throw .cannotRead(path: ".", reason: systemErrorReason())
    }
    defer { free(path) }
    return SystemPath.text(path)
  }

  /// The path without slashes at its end.
  public static func withoutSlash(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return String(path)
  }

  /// The path of the directory that `path` is in; "." for a mere name.
  static func parent(of path: String) -> String {
    let path = withoutSlash(path)
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : withoutSlash(String(path[..<slash]))
  }

  /// The last part of `path`.
  static func name(of path: String) -> String {
    let path = withoutSlash(path)
    return path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// The names in the directory `path`, sorted, without those that begin with a dot.
  public static func names(in path: String) throws(FileError) -> [String] {
    try names(in: path, hidden: false)
  }

  /// The names in the directory `path`, sorted, but for "." and "..".
  ///
  /// - Parameter hidden: Whether those that begin with a dot are among them.
  public static func names(in path: String, hidden: Bool) throws(FileError) -> [String] {
    guard let handle = path.withSystemPath({ opendir($0) }) else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    defer { closedir(handle) }
    let names = try names(from: handle, path: path)
    return names.filter { hidden ? $0 != "." && $0 != ".." : !$0.hasPrefix(".") }
  }

  #if canImport(Darwin)
    typealias Handle = UnsafeMutablePointer<DIR>
  #else
    typealias Handle = OpaquePointer
  #endif

  /// Reads `handle` to its end. Only `errno` distinguishes the end from a failure.
  static func names(from handle: Handle, path: String) throws(FileError) -> [String] {
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(handle) else {
        guard errno == 0 else { throw .cannotRead(path: path, reason: systemErrorReason()) }
        break
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { SystemPath.text($0) }
      }
      names.append(name)
    }
    return names.sorted()
  }
}

extension Directory {
  /// Where what can be made again is kept: `$XDG_CACHE_HOME/consort`, or `~/.cache/consort`; nil without a home.
  public static var usualCache: String? {
    if let cache = getenv("XDG_CACHE_HOME").map({ SystemPath.text($0) }), cache.hasPrefix("/") {
      return "\(cache)/consort"
    }
    return getenv("HOME").map { "\(SystemPath.text($0))/.cache/consort" }
  }
}
