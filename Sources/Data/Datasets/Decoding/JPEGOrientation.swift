/// The orientation that a JPEG file's EXIF data gives.
///
/// Source: CIPA DC-008 (Exif 2.32), sections 4.5.4 and 4.6.4: tag 274, a SHORT of 1 to 8, where 1 is upright.
enum JPEGOrientation {
  private static let tag = 274

  /// Whether the file in `bytes` asks to be turned or mirrored.
  static func isTurned(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.starts(with: [0xFF, 0xD8]) else { return false }
    var place = 2
    // Segments up to the first scan: FF, a kind, and a length that counts itself.
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let kind = bytes[place + 1]
      if kind == 0xFF {
        place += 1
        continue
      }
      guard kind != 0xDA, kind != 0xD9 else { return false }
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      let end = place + 2 + length
      guard length >= 2, end <= bytes.count else { return false }
      let content = UnsafeRawBufferPointer(rebasing: bytes[place + 4..<end])
      if kind == 0xE1, content.starts(with: "Exif\0\0".utf8) {
        return (2...8).contains(
          orientation(inTIFF: UnsafeRawBufferPointer(rebasing: content[6...])))
      }
      place = end
    }
    return false
  }

  /// The value of the tag in the first directory; 0 where there is none.
  private static func orientation(inTIFF bytes: UnsafeRawBufferPointer) -> Int {
    let isLittle = bytes.starts(with: "II".utf8)
    guard isLittle || bytes.starts(with: "MM".utf8) else { return 0 }
    func number(_ place: Int, _ count: Int) -> Int? {
      guard place >= 0, place <= bytes.count - count else { return nil }
      let part = bytes[place..<place + count]
      return isLittle
        ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let start = number(4, 4), let count = number(start, 2) else { return 0 }
    for entry in 0..<count {
      let place = start + 2 + 12 * entry
      guard let found = number(place, 2) else { return 0 }
      if found == tag { return number(place + 8, 2) ?? 0 }
    }
    return 0
  }
}
