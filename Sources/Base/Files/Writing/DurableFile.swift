#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files written whole or not at all: beside the final place, synced to disk, then renamed over it.
///
/// A kill or a full disk at any instant leaves either the earlier file or the new one under the final name. Links are
/// followed, and a file keeps its permissions. What is no regular file (a FIFO, a device, standard output as "-" or
/// /dev/stdout) cannot be replaced: bytes are written into it as they come.
public enum DurableFile {
  /// Receives the bytes of one file, buffered.
  public struct Writer: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []
    private static let bufferCapacity = 1 << 20

    fileprivate init(descriptor: Int32, path: String) {
      self.descriptor = descriptor
      self.path = path
      buffer.reserveCapacity(Self.bufferCapacity)
    }

    /// Appends `bytes`.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
      if buffer.count + bytes.count > Self.bufferCapacity { try flush() }
      if bytes.count >= Self.bufferCapacity {
        try writeAll(bytes)
      } else {
        buffer.append(contentsOf: bytes)
      }
    }

    /// Appends `text` as UTF-8.
    public mutating func write(_ text: String) throws(FileError) {
      try write(Array(text.utf8))
    }

    /// Appends `bytes`.
    public mutating func write(_ bytes: [UInt8]) throws(FileError) {
      let result = bytes.withUnsafeBytes { raw in Result { () throws(FileError) in try write(raw) }
      }
      try result.get()
    }

    fileprivate mutating func flush() throws(FileError) {
      let result = buffer.withUnsafeBytes { raw in
        Result { () throws(FileError) in try writeAll(raw) }
      }
      try result.get()
      buffer.removeAll(keepingCapacity: true)
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
      var offset = 0
      while offset < bytes.count {
        let remaining = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        #if canImport(Glibc)
          let written = Glibc.write(descriptor, remaining.baseAddress, remaining.count)
        #elseif canImport(Musl)
          let written = Musl.write(descriptor, remaining.baseAddress, remaining.count)
        #else
          let written = Darwin.write(descriptor, remaining.baseAddress, remaining.count)
        #endif
        if written < 0 {
          if errno == EINTR { continue }
          throw .cannotWrite(path: path, reason: systemErrorReason())
        }
        offset += written
      }
    }
  }

  /// Writes the file at `path` with what `body` gives to the writer.
  ///
  /// - Parameter isSynced: Whether the bytes are on the disk at the end; otherwise a kill leaves the file whole, but a
  ///   loss of power may not.
  /// - Throws: `FileError.cannotWrite`, or what `body` throws; a regular file at `path` is then as it was.
  public static func write(
    to path: String, isSynced: Bool = true, _ body: (inout Writer) throws -> Void
  ) throws {
    switch try WritingPlace(path) {
    case .file(let file, let permissions):
      try replace(file, permissions, named: path, isSynced: isSynced, body)
    case .stream(let stream):
      let descriptor = stream.withSystemPath { open($0, O_WRONLY | O_CLOEXEC | O_NOCTTY) }
      try pour(into: descriptor, named: path, body)
    case .descriptor(let number):
      // What was printed before comes before.
      fflush(nil)
      try pour(into: fcntl(number, F_DUPFD_CLOEXEC, 0), named: path, body)
    }
  }

  /// Makes sure, before work that takes long, that a file can be written at `path`, and removes what a killed process
  /// was writing there.
  ///
  /// - Throws: `FileError.cannotWrite`.
  public static func check(_ path: String) throws(FileError) {
    switch try WritingPlace(path) {
    case .file(let file, let permissions):
      try? UnfinishedFile.removeAbandoned(
        in: Directory.parent(of: file), of: Directory.name(of: file))
      guard permissions == nil || file.withSystemPath({ access($0, W_OK) }) == 0 else {
        throw .cannotWrite(path: path, reason: systemErrorReason())
      }
      let (descriptor, temporary) = try createUnfinished(file, permissions, named: path)
      close(descriptor)
      _ = temporary.withSystemPath { unlink($0) }
    case .stream(let stream):
      guard stream.withSystemPath({ access($0, W_OK) }) == 0 else {
        throw .cannotWrite(path: path, reason: systemErrorReason())
      }
    case .descriptor(let number):
      let flags = fcntl(number, F_GETFL)
      guard flags >= 0, flags & O_ACCMODE != O_RDONLY else {
        throw .cannotWrite(path: path, reason: systemErrorReason(EBADF))
      }
    }
  }

  /// Whether what is written at `path` goes to the same file as what is printed on standard output.
  public static func isStandardOutput(_ path: String) -> Bool {
    guard let place = try? WritingPlace(path) else { return false }
    switch place {
    case .descriptor(let number): return number == STDOUT_FILENO
    case .stream: return false
    case .file(let file, _):
      var (one, other) = (stat(), stat())
      return file.withSystemPath { stat($0, &one) } == 0 && fstat(STDOUT_FILENO, &other) == 0
        && one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }
  }

  /// Writes the file at `path` only where there is none: whole, then linked into its place, so that of several processes,
  /// also on several machines, one makes it.
  ///
  /// - Returns: Whether this call made it.
  /// - Throws: `FileError.cannotWrite`, or what `body` throws.
  public static func create(
    at path: String, _ body: (inout Writer) throws -> Void
  ) throws -> Bool {
    var isMade = false
    try finish(path, nil, named: path, isSynced: true, body) { temporary in
      isMade = try link(temporary, at: path)
    }
    return isMade
  }

  /// Gives the finished file its name; returns whether there was none before.
  private static func link(_ temporary: String, at path: String) throws(FileError) -> Bool {
    #if canImport(Glibc)
      let status = temporary.withSystemPath { from in path.withSystemPath { Glibc.link(from, $0) } }
    #elseif canImport(Musl)
      let status = temporary.withSystemPath { from in path.withSystemPath { Musl.link(from, $0) } }
    #else
      let status = temporary.withSystemPath { from in path.withSystemPath { Darwin.link(from, $0) }
      }
    #endif
    let code = errno
    defer { _ = temporary.withSystemPath { unlink($0) } }
    if status == 0 { return true }
    // Over a network the answer may be lost and the question asked again: then the file is there by our own doing.
    var file = stat()
    if temporary.withSystemPath({ lstat($0, &file) }) == 0, file.st_nlink > 1 { return true }
    if code == EEXIST { return false }
    guard [EPERM, ENOTSUP, ENOSYS, EMLINK].contains(code) else {
      throw .cannotWrite(path: path, reason: systemErrorReason(code))
    }
    // A file system without links: of two that write at this instant, the later one's stays.
    guard !Directory.isTaken(path) else { return false }
    try Directory.move(temporary, to: path)
    return true
  }

  private static func replace(
    _ file: String, _ permissions: mode_t?, named path: String, isSynced: Bool,
    _ body: (inout Writer) throws -> Void
  ) throws {
    try finish(file, permissions, named: path, isSynced: isSynced, body) { temporary in
      let status = temporary.withSystemPath { from in file.withSystemPath { rename(from, $0) } }
      guard status == 0 else {
        throw FileError.cannotWrite(path: path, reason: systemErrorReason())
      }
    }
  }

  /// Writes a new file beside `file`, which `place` then gives its name.
  private static func finish(
    _ file: String, _ permissions: mode_t?, named path: String, isSynced: Bool,
    _ body: (inout Writer) throws -> Void, place: (_ temporary: String) throws -> Void
  ) throws {
    let (descriptor, temporary) = try createUnfinished(file, permissions, named: path)
    do {
      var writer = Writer(descriptor: descriptor, path: path)
      try body(&writer)
      try writer.flush()
      guard !isSynced || fsync(descriptor) == 0 else {
        throw FileError.cannotWrite(path: path, reason: systemErrorReason())
      }
    } catch {
      close(descriptor)
      _ = temporary.withSystemPath { unlink($0) }
      throw error
    }
    // Until it is renamed, no other process may take it for abandoned.
    let lock = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    defer { close(lock) }
    do {
      guard close(descriptor) == 0 else {
        throw FileError.cannotWrite(path: path, reason: systemErrorReason())
      }
      try place(temporary)
    } catch {
      _ = temporary.withSystemPath { unlink($0) }
      throw error
    }
    if isSynced { syncDirectory(Directory.parent(of: file)) }
  }

  /// A new file beside `file`, with its permissions.
  private static func createUnfinished(
    _ file: String, _ permissions: mode_t?, named path: String
  ) throws(FileError) -> (descriptor: Int32, path: String) {
    let temporary = UnfinishedFile.path(for: file)
    // Never through a link, nor into a file of another's.
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = temporary.withSystemPath { open($0, flags, 0o666) }
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemErrorReason()) }
    UnfinishedFile.hold(descriptor)
    // A file system without permissions keeps none.
    if let permissions { fchmod(descriptor, permissions) }
    return (descriptor, temporary)
  }

  /// Writes into what is no regular file, and closes `descriptor`.
  private static func pour(
    into descriptor: Int32, named path: String, _ body: (inout Writer) throws -> Void
  ) throws {
    guard descriptor >= 0 else {
      throw FileError.cannotWrite(path: path, reason: systemErrorReason())
    }
    do {
      var writer = Writer(descriptor: descriptor, path: path)
      try body(&writer)
      try writer.flush()
    } catch {
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else {
      throw FileError.cannotWrite(path: path, reason: systemErrorReason())
    }
  }

  /// Writes `text` as the whole file at `path`, in UTF-8.
  ///
  /// - Throws: `FileError`; what was at `path` is then unchanged.
  public static func write(_ text: String, to path: String, isSynced: Bool = true) throws {
    try write(Array(text.utf8), to: path, isSynced: isSynced)
  }

  /// Writes `bytes` as the whole file at `path`.
  ///
  /// - Throws: `FileError`; what was at `path` is then unchanged.
  public static func write(_ bytes: [UInt8], to path: String, isSynced: Bool = true) throws {
    try write(to: path, isSynced: isSynced) { writer in try writer.write(bytes) }
  }

  /// Makes the rename itself durable. Some file systems refuse to sync a directory; the file is whole all the same.
  static func syncDirectory(_ directory: String) {
    let descriptor = directory.withSystemPath { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
