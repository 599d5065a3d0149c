/// A tar archive written by hand, also a wrong one.
struct Archive {
  private(set) var bytes: [UInt8] = []

  /// Adds a header and, padded to whole blocks, the data.
  mutating func add(
    _ name: String, _ data: [UInt8] = [], type: Character = "0", prefix: String = "",
    magic: String = "ustar\u{0}00", size: [UInt8]? = nil, wrongChecksum: Bool = false
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: some Sequence<UInt8>, at place: Int) {
      for (offset, byte) in text.enumerated() { header[place + offset] = byte }
    }
    put(name.utf8.prefix(100), at: 0)
    put("0000644\0".utf8, at: 100)
    put(size ?? Self.octal(data.count, digits: 11), at: 124)
    put("        ".utf8, at: 148)
    put([type.asciiValue ?? 0], at: 156)
    put(magic.utf8, at: 257)
    put(prefix.utf8, at: 345)
    let sum = header.reduce(0) { $0 + Int($1) } + (wrongChecksum ? 1 : 0)
    put(Self.octal(sum, digits: 6) + [0], at: 148)
    bytes += header + data
    bytes += [UInt8](repeating: 0, count: -data.count & 511)
  }

  /// The archive with its end mark.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  static func octal(_ value: Int, digits: Int) -> [UInt8] {
    let text = String(value, radix: 8)
    return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
  }

  /// A pax record, `LENGTH KEY=VALUE\n`.
  static func record(_ key: String, _ value: String) -> [UInt8] {
    let rest = " \(key)=\(value)\n"
    var length = rest.utf8.count + 1
    while "\(length)\(rest)".utf8.count != length { length += 1 }
    return Array("\(length)\(rest)".utf8)
  }
}
