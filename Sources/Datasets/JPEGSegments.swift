/// The segments that a JPEG file is made of. Source: ITU-T T.81, annex B.1.1.
enum JPEGSegments {
  private enum Marker {
    static let endOfImage: UInt8 = 0xD9
    static let startOfScan: UInt8 = 0xDA
    static let restarts: ClosedRange<UInt8> = 0xD0...0xD7
    static let temporary: UInt8 = 0x01
    static let introducer: UInt8 = 0xFF
  }

  /// Returns the JPEG file in `bytes` without what stands between its segments, where nothing may stand.
  ///
  /// What ends early stays so, and a scan's coded data stays whole, with whatever follows it up to a marker.
  static func withoutStrayBytes(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var result = Array(bytes.prefix(2))
    var position = 2
    while let start = nextMarker(in: bytes, from: position) {
      let marker = bytes[start + 1]
      guard marker != Marker.endOfImage else { return result + bytes[start...] }
      var end = segmentEnd(in: bytes, markerAt: start)
      if marker == Marker.startOfScan { end = codedDataEnd(in: bytes, from: end) }
      result += bytes[start..<end]
      position = end
    }
    return result
  }

  /// Where the next marker's 0xFF is, with which it begins.
  private static func nextMarker(in bytes: UnsafeRawBufferPointer, from position: Int) -> Int? {
    var position = position
    while position + 1 < bytes.count {
      let code = bytes[position + 1]
      if bytes[position] == Marker.introducer, code != 0, code != Marker.introducer {
        return position
      }
      position += 1
    }
    return nil
  }

  private static func segmentEnd(in bytes: UnsafeRawBufferPointer, markerAt start: Int) -> Int {
    let marker = bytes[start + 1]
    if Marker.restarts.contains(marker) || marker == Marker.temporary { return start + 2 }
    guard start + 3 < bytes.count else { return bytes.count }
    let length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
    return min(start + 2 + max(length, 2), bytes.count)
  }

  /// Where the marker begins that ends a scan's coded data; restart markers belong to the data.
  private static func codedDataEnd(in bytes: UnsafeRawBufferPointer, from position: Int) -> Int {
    var position = position
    while let start = nextMarker(in: bytes, from: position) {
      guard Marker.restarts.contains(bytes[start + 1]) else { return start }
      position = start + 2
    }
    return bytes.count
  }
}
