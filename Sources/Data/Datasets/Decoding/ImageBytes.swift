import Files

/// The bytes of a split's images, in memory or mapped from a file.
///
/// They stay at one address, unchanged, for as long as the object lives: anyone who retains it may keep a pointer to them.
public final class ImageBytes: Sendable {
  private enum Storage: Sendable {
    // The address as an integer, because the bytes are immutable and pointers are not Sendable.
    case allocated(address: UInt)
    case mapped(MappedFile, offset: Int)
  }

  /// The number of bytes.
  public let count: Int
  private let storage: Storage

  /// Holds a copy of `bytes` in memory.
  public convenience init(_ bytes: [UInt8]) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// Holds `count` bytes in memory, which `fill` has to set, all of them.
  init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    // An allocation of its own, because an array promises no address beyond a call.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    do { try fill(bytes) } catch {
      bytes.deallocate()
      throw error
    }
    self.count = count
    storage = .allocated(address: UInt(bitPattern: bytes.baseAddress))
  }

  /// Allocates `count` bytes of any value, which `unsharedBytes` has to set before anyone else sees the object.
  init(allocating count: Int) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    self.count = count
    storage = .allocated(address: UInt(bitPattern: bytes.baseAddress))
  }

  /// A part of an allocation that is not yet handed out, to be filled by one thread.
  func unsharedBytes(_ range: Range<Int>) -> UnsafeMutableBufferPointer<UInt8> {
    guard case .allocated(let address) = storage,
      let base = UnsafeMutablePointer<UInt8>(bitPattern: address)
    else { preconditionFailure("mapped bytes are not written") }
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return UnsafeMutableBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Shows `count` bytes of `file` from `offset`, which must lie within it.
  init(file: MappedFile, offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && offset <= file.count - count)
    self.count = count
    storage = .mapped(file, offset: offset)
  }

  deinit {
    if case .allocated(let address) = storage {
      UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
    }
  }

  /// Calls `body` with the bytes, which stay valid at that address as long as this object lives.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) {
      switch storage {
      case .allocated(let address):
        try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
      case .mapped(let file, let offset):
        try file.withBytes {
          try body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
        }
      }
    }
  }
}
