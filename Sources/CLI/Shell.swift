import Files

/// Command lines as a shell reads them.
public enum Shell {
  /// This program's command line, with its short name.
  public static func commandLine() -> String {
    line(["consort"] + SystemPath.arguments.dropFirst())
  }

  /// The words as one line that gives them back.
  public static func line(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }

  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-_./=,:+@%".utf8.contains(byte)
        }
      }
    guard !isPlain else { return word }
    if word.unicodeScalars.contains(where: { isSpecial($0) }) { return escaped(word) }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: "'\\''") + "'"
  }

  /// What would steer a terminal, or is no text: only its number can be printed.
  private static func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
    SystemPath.byte(of: scalar) != nil || scalar.properties.generalCategory == .control
  }

  /// The word as `$'…'`, in which Bash and Zsh read `\351`.
  private static func escaped(_ word: String) -> String {
    let text = word.unicodeScalars.map { scalar in
      if let byte = SystemPath.byte(of: scalar) { return octal(byte) }
      if scalar == "'" || scalar == "\\" { return "\\\(scalar)" }
      return isSpecial(scalar) ? String(scalar).utf8.map(octal).joined() : String(scalar)
    }
    return "$'" + text.joined() + "'"
  }

  /// Such as `\351`: exactly three digits, so that no next one joins them.
  private static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }
}
