extension StringProtocol {
  /// The columns that a terminal gives the text: two for a character of East Asia or an emoji, none for what joins another.
  public var columns: Int { reduce(0) { $0 + $1.columns } }

  /// The longest beginning within so many columns; no character is cut.
  public func prefix(columns limit: Int) -> String {
    var (result, used) = ("", 0)
    for character in self {
      used += character.columns
      guard used <= limit else { break }
      result.append(character)
    }
    return result
  }

  /// The beginning and the end, because names often differ there, within so many columns; the text where it has no more.
  public func shortened(columns limit: Int) -> String {
    guard columns > limit else { return String(self) }
    let end = Swift.max(0, (limit - 1) / 2)
    let tail = String(String(reversed()).prefix(columns: end).reversed())
    return prefix(columns: limit - 1 - end) + "…" + tail
  }

  /// The text with spaces behind it, up to so many columns.
  public func padded(columns count: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, count - columns))
  }
}

extension Character {
  fileprivate var columns: Int {
    if let byte = asciiValue { return byte < 0x20 || byte == 0x7F ? 0 : 1 }
    // With U+FE0F a sign is drawn as an emoji; whatever is joined to an emoji is one picture with it.
    if unicodeScalars.contains(where: { $0.properties.isEmojiPresentation || $0 == "\u{FE0F}" }) {
      return 2
    }
    return unicodeScalars.reduce(0) { $0 + Self.columns(of: $1) }
  }

  private static func columns(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .control: return 0
    case .format: return 0
    default: break
    }
    // The vowels and endings of Korean syllables stand in the consonant's columns.
    if (0x1160...0x11FF).contains(scalar.value) { return 0 }
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  /// What is wide or fullwidth in Unicode's EastAsianWidth, by blocks; emoji are known by their property.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD,
  ]
}
