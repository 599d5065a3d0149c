import Files

/// The bytes of a split's images, in memory or mapped from a file.
public final class ImageBytes: Sendable {
  private enum Storage: Sendable {
    case resident([UInt8])
    case mapped(MappedFile, offset: Int)
  }

  /// The number of bytes.
  public let count: Int
  private let storage: Storage

  /// Holds `bytes` in memory.
  public init(_ bytes: [UInt8]) {
    count = bytes.count
    storage = .resident(bytes)
  }

  /// Shows `count` bytes of `file` from `offset`, which must lie within it.
  init(file: MappedFile, offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && offset <= file.count - count)
    self.count = count
    storage = .mapped(file, offset: offset)
  }

  /// Calls `body` with the bytes, which are valid during the call only.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch storage {
    case .resident(let bytes): try bytes.withUnsafeBytes(body)
    case .mapped(let file, let offset):
      try file.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
    }
  }
}
