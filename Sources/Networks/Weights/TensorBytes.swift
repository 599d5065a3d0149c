import Files

/// The bytes of one tensor in a mapped file, which stays mapped as long as this value lives.
public struct TensorBytes: Sendable {
  let file: MappedFile
  let range: Range<Int>

  /// The number of bytes.
  public var count: Int { range.count }

  /// Calls `body` with the bytes, which are valid during the call only.
  ///
  /// The address may be less aligned than the elements.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try file.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Lets the system take back the memory of these bytes, counted from the tensor's first; the next read brings them in
  /// again.
  public func release(_ part: Range<Int>) {
    let bytes = part.clamped(to: 0..<count)
    file.release(range.lowerBound + bytes.lowerBound..<range.lowerBound + bytes.upperBound)
  }
}
