/// Bytes in memory that an owner keeps alive: a request's body, or a buffer of their own.
///
/// A copy shares the memory, and a part of it can be cut out. Nothing says how they are aligned.
package struct TensorBytes: Sendable {
  private let owner: any AnyObject & Sendable
  // The address as an integer, because the bytes do not change and pointers are not Sendable.
  private let address: UInt
  /// The number of bytes.
  package let count: Int

  /// Borrows memory that stays as it is for as long as `owner` lives.
  package init(borrowing bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) {
    self.owner = owner
    address = UInt(bitPattern: bytes.baseAddress)
    count = bytes.count
  }

  /// Copies bytes.
  package init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { target in target.copyBytes(from: bytes) }
  }

  /// Copies values as they lie in memory, which is little-endian on every machine that Consort runs on.
  package init<Element: TensorElement>(values: [Element]) {
    self = values.withUnsafeBytes { bytes in Self(copying: bytes) }
  }

  /// Takes new memory, aligned to 64 bytes, that `fill` writes from first to last byte.
  package init<Failure: Error>(
    count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let buffer = OwnedBuffer(count: count)
    try fill(buffer.bytes)
    self.init(borrowing: UnsafeRawBufferPointer(buffer.bytes), owner: buffer)
  }

  /// Calls `body` with the bytes.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(owner) {} }
    return try body(
      UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
  }

  /// A part of the bytes, which shares their owner.
  ///
  /// - Precondition: `range` lies in `0..<count`.
  package subscript(range: Range<Int>) -> TensorBytes {
    withBytes { bytes in
      TensorBytes(borrowing: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: owner)
    }
  }

  /// The bytes in an array.
  package var array: [UInt8] { withBytes { Array($0) } }
}

/// Memory that is freed with this object.
private final class OwnedBuffer: Sendable {
  private let address: UInt
  private let count: Int

  init(count: Int) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    address = UInt(bitPattern: memory.baseAddress)
    self.count = count
  }

  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: address), count: count)
  }

  deinit { bytes.deallocate() }
}
