#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file mapped into memory, read-only, for as long as this object lives; what comes through a pipe is read to its end.
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
  private let isCopy: Bool

  /// Maps the file at `path`.
  ///
  /// A FIFO that no program writes into is refused, where reading would wait for ever; so are devices and directories.
  public init(path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a FIFO waits for a writer.
    let descriptor = path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: systemErrorReason()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    self.path = path
    isCopy = status.st_mode & S_IFMT == S_IFIFO
    switch status.st_mode & S_IFMT {
    case S_IFREG: (address, count) = try Self.map(descriptor, Int(status.st_size), path)
    case S_IFIFO: (address, count) = try Self.copy(pipe: descriptor, path)
    case S_IFDIR: throw .cannotRead(path: path, reason: systemErrorReason(EISDIR))
    default: throw .cannotRead(path: path, reason: "it is a device, not a file")
    }
  }

  private static func map(
    _ descriptor: Int32, _ count: Int, _ path: String
  ) throws(FileError) -> (UInt, Int) {
    guard count > 0 else { return (0, 0) }
    let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let mapping, mapping != MAP_FAILED else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    return (UInt(bitPattern: mapping), count)
  }

  private static let mostPipedBytes = 1 << 30

  /// Reads a pipe to its end, into memory that is unmapped as a mapping is.
  private static func copy(
    pipe descriptor: Int32, _ path: String
  ) throws(FileError) -> (UInt, Int) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { break }
      if count < 0 {
        guard errno == EAGAIN || errno == EINTR else {
          throw .cannotRead(path: path, reason: systemErrorReason())
        }
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&ready, 1, -1)
        continue
      }
      bytes += buffer[..<count]
      guard bytes.count <= mostPipedBytes else {
        throw .cannotRead(
          path: path, reason: "more than 1 GiB comes through the pipe: write it to a file first")
      }
    }
    guard !bytes.isEmpty else {
      throw .cannotRead(path: path, reason: "it is a pipe that no program writes into")
    }
    let flags = MAP_PRIVATE | mapAnonymous
    let memory = mmap(nil, bytes.count, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      throw .cannotRead(path: path, reason: systemErrorReason())
    }
    memory.copyMemory(from: bytes, byteCount: bytes.count)
    return (UInt(bitPattern: memory), bytes.count)
  }

  #if canImport(Darwin)
    private static let mapAnonymous = MAP_ANON
  #else
    private static let mapAnonymous = Int32(MAP_ANONYMOUS)
  #endif

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
    // The bytes of a pipe come only once.
    guard !isCopy else { return }
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
