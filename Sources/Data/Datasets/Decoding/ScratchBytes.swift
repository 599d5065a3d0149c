/// Memory that one thread uses again and again, for one thing at a time.
final class ScratchBytes {
  /// More than this is given back once a smaller need follows.
  private static let keptBytes = 64 << 20

  private var bytes = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

  deinit { bytes.deallocate() }

  /// Returns the address of at least `count` bytes, of any value, which hold until the next call.
  func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let address = bytes.baseAddress, bytes.count >= count,
      bytes.count <= max(Self.keptBytes, count)
    {
      return address
    }
    bytes.deallocate()
    let address = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    bytes = UnsafeMutableBufferPointer(start: address, count: count)
    return address
  }
}
