#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files written whole or not at all: beside the final place, synced to disk, then renamed over it.
///
/// A kill or a full disk at any instant leaves either the earlier file or the new one under the final name.
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
  /// - Throws: `FileError.cannotWrite`, or what `body` throws; the file at `path` is then as it was.
  public static func write(
    to path: String, isSynced: Bool = true, _ body: (inout Writer) throws -> Void
  ) throws {
    let temporary = UnfinishedFile.path(for: path)
    // Never through a link, nor into a file of somebody else's.
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = open(temporary, flags, 0o644)
    guard descriptor >= 0 else {
      throw FileError.cannotWrite(path: path, reason: systemErrorReason())
    }
    do {
      var writer = Writer(descriptor: descriptor, path: path)
      try body(&writer)
      try writer.flush()
      guard !isSynced || fsync(descriptor) == 0 else {
        throw FileError.cannotWrite(path: path, reason: systemErrorReason())
      }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let reason = systemErrorReason()
      unlink(temporary)
      throw FileError.cannotWrite(path: path, reason: reason)
    }
    if isSynced { syncDirectory(of: path) }
  }

  /// Writes `bytes` as the whole file at `path`.
  public static func write(_ bytes: [UInt8], to path: String, isSynced: Bool = true) throws {
    try write(to: path, isSynced: isSynced) { writer in try writer.write(bytes) }
  }

  /// Makes the rename itself durable. Some file systems refuse to sync a directory; the file is whole all the same.
  private static func syncDirectory(of path: String) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
