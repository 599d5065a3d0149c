#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file mapped into memory, read-only, for as long as this object lives.
///
/// The mapping is private to the process. A file that another process truncates while it is mapped makes the system
/// raise SIGBUS on a read past its end; Consort only ever replaces files by renaming, which leaves a mapping whole.
public final class MappedFile: Sendable {
  /// The path that was opened.
  public let path: String
  /// The number of bytes.
  public let count: Int
  // The address as an integer, because the mapping is immutable and pointers are not Sendable.
  private let address: UInt

  /// Maps the file at `path`.
  public init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: systemErrorReason()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .cannotRead(path: path, reason: "not a regular file")
    }
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      address = 0
      return
    }
    let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let mapping, mapping != MAP_FAILED else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    address = UInt(bitPattern: mapping)
  }

  deinit {
    if let base = UnsafeMutableRawPointer(bitPattern: address) { munmap(base, count) }
  }

  /// Calls `body` with the file's bytes, which stay valid at that address as long as this object lives.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) {
      try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
    }
  }
}
