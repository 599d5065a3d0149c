import Randomness

/// Random damage to a file.
public enum Mutation {
  private static let telling: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x2D, 0x20]

  /// Returns `whole` with one to six places damaged.
  public static func damaged(_ whole: [UInt8], from random: inout RandomStream) -> [UInt8] {
    var bytes = whole
    for _ in 0..<1 + random.integer(below: 6) { damage(&bytes, from: &random) }
    return bytes
  }

  private static func damage(_ bytes: inout [UInt8], from random: inout RandomStream) {
    guard !bytes.isEmpty else { return bytes.append(UInt8(random.integer(below: 256))) }
    let place = random.integer(below: bytes.count)
    let end = min(place + 1 + random.integer(below: 24), bytes.count)
    switch random.integer(below: 16) {
    case 0..<5: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
    case 5..<8: bytes[place] = UInt8(random.integer(below: 256))
    case 8..<10: bytes[place] = telling[random.integer(below: telling.count)]
    case 10:
      let value = telling[random.integer(below: telling.count)]
      for index in place..<end { bytes[index] = value }
    case 11: bytes.removeSubrange(place..<end)
    case 12: bytes.insert(contentsOf: bytes[place..<end], at: random.integer(below: bytes.count))
    case 13:
      let other = random.integer(below: bytes.count)
      let length = min(end - place, bytes.count - other)
      bytes.replaceSubrange(place..<min(place + length, end), with: bytes[other..<other + length])
    case 14: bytes[random.integer(below: min(bytes.count, 64))] = UInt8(random.integer(below: 256))
    default: bytes.removeLast(min(bytes.count, 1 + random.integer(below: bytes.count)))
    }
  }
}
