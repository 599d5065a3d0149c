#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files that are made where there is none, also where several machines try at once: one of them succeeds.
public enum NewFile {
  /// Makes the file at `path` with these bytes, whole or not at all, and returns its open descriptor, which holds the file's lock
  /// where the file system knows such locks; nil where there is something at `path`. Bytes need not be on the disk.
  ///
  /// - Throws: `FileError.cannotWrite`.
  public static func create(_ path: String, _ bytes: [UInt8]) throws(FileError) -> Int32? {
    // Nothing is to be read before it is whole.
    if bytes.isEmpty { return try createExclusively(path, bytes) }
    let name = Directory.name(of: path)
    let random = String(UInt64.random(in: 0 ... .max), radix: 16)
    let temporary = "\(Directory.parent(of: path))/.\(name).\(random)"
    guard let descriptor = try createExclusively(temporary, bytes, named: path) else { return nil }
    defer { _ = temporary.withSystemPath { unlink($0) } }
    switch link(temporary, to: path) {
    case .made: return descriptor
    case .taken:
      close(descriptor)
      return nil
    case .impossible:
      close(descriptor)
      return try createExclusively(path, bytes)
    case .failed(let reason):
      close(descriptor)
      throw .cannotWrite(path: path, reason: reason)
    }
  }

  /// Has `body` write a file beside `path`, and puts it there unless there is one.
  ///
  /// - Parameter body: Writes, durably, the file at the path that it is given.
  /// - Returns: Whether it is that file which is now at `path`.
  /// - Throws: `FileError.cannotWrite`, or what `body` throws; what was at `path` is then unchanged.
  public static func publish(at path: String, _ body: (String) throws -> Void) throws -> Bool {
    let temporary = UnfinishedFile.path(for: path)
    defer { _ = temporary.withSystemPath { unlink($0) } }
    try body(temporary)
    switch link(temporary, to: path) {
    case .made: break
    case .taken: return false
    case .impossible:
      // Without links only a look before helps.
      guard !Directory.isTaken(path) else { return false }
      try Directory.move(temporary, to: path)
    case .failed(let reason): throw FileError.cannotWrite(path: path, reason: reason)
    }
    DurableFile.syncDirectory(Directory.parent(of: path))
    return true
  }

  private enum Linked {
    case made, taken, impossible
    case failed(String)
  }

  /// Gives a file a second name. Over a network the answer may be lost and the question asked again, which then fails: the
  /// number of names decides.
  private static func link(_ file: String, to path: String) -> Linked {
    let status = file.withSystemPath { from in
      path.withSystemPath { linkat(AT_FDCWD, from, AT_FDCWD, $0, 0) }
    }
    if status == 0 { return .made }
    let code = errno
    var state = stat()
    if file.withSystemPath({ lstat($0, &state) }) == 0, state.st_nlink == 2 { return .made }
    switch code {
    case EEXIST: return .taken
    case EPERM, EOPNOTSUPP, ENOTSUP, ENOSYS, EMLINK: return .impossible
    default: return .failed(systemErrorReason(code))
    }
  }

  private static func createExclusively(
    _ path: String, _ bytes: [UInt8], named finalPath: String? = nil
  ) throws(FileError) -> Int32? {
    let named = finalPath ?? path
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = path.withSystemPath { open($0, flags, 0o666) }
    guard descriptor >= 0 else {
      if errno == EEXIST { return nil }
      throw .cannotWrite(path: named, reason: systemErrorReason())
    }
    UnfinishedFile.hold(descriptor)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == bytes.count else {
      let reason = written < 0 ? systemErrorReason() : systemErrorReason(ENOSPC)
      close(descriptor)
      _ = path.withSystemPath { unlink($0) }
      throw .cannotWrite(path: named, reason: reason)
    }
    return descriptor
  }
}

/// The system's lock of a file.
public enum FileLock {
  /// Whether a process holds the lock of the file at `path`; nil where that cannot be known.
  public static func isHeld(_ path: String) -> Bool? {
    let descriptor = path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return false }
    return errno == EWOULDBLOCK ? true : nil
  }
}
