/// Bytes that lie at one place, for a part of an answer's body: they are sent from there, without a copy.
///
/// `@unchecked Sendable`: the bytes are written once, before the value is there, and never again.
public final class HTTPBytes: @unchecked Sendable {
  /// Where the bytes lie; valid as long as this object lives.
  public let buffer: UnsafeRawBufferPointer
  // Nil where the memory is this object's own.
  private let owner: AnyObject?

  /// Takes `count` bytes of memory, which `fill` must write.
  public init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    fill(memory)
    buffer = UnsafeRawBufferPointer(memory)
    owner = nil
  }

  /// Borrows bytes that do not move or change as long as `owner` lives.
  public init(_ buffer: UnsafeRawBufferPointer, owner: AnyObject) {
    self.buffer = buffer
    self.owner = owner
  }

  /// A copy of the bytes.
  public convenience init(_ bytes: [UInt8]) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// A copy of the text, as UTF-8.
  public convenience init(_ text: String) { self.init(Array(text.utf8)) }

  deinit {
    if owner == nil { buffer.deallocate() }
  }
}
