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

  /// Lets the system take back the memory that pages of `range` fill; the next read brings them in again.
  ///
  /// A file that is read once from end to end then takes no more memory than the part at hand. Pages that reach beyond the
  /// range stay.
  public func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = range.clamped(to: 0..<count)
    let first = (bytes.lowerBound + page - 1) / page * page
    // The last page may be filled in part only.
    let end = bytes.upperBound == count ? count : bytes.upperBound / page * page
    guard first < end, let base = UnsafeMutableRawPointer(bitPattern: address) else { return }
    // Only ever a hint.
    _ = madvise(base + first, end - first, MADV_DONTNEED)
  }
}
