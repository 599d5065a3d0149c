/// Command lines as any POSIX shell reads them.
public enum Shell {
  /// This program's command line, with its short name.
  public static func commandLine() -> String {
    line(["consort"] + SystemPath.arguments.dropFirst())
  }

  /// The words as text that gives them back: one line, unless a word ends in a line feed.
  public static func line(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }

  /// A path that no program takes for an option.
  public static func operand(_ path: String) -> String {
    path.hasPrefix("-") ? "./" + path : path
  }

  /// Whether a scalar steers a terminal, hides, turns the direction of text round, or is no text: none is shown as it is.
  public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    // The joiner within an emoji, such as that of a family.
    case .format: scalar != "\u{200D}"
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: SystemPath.byte(of: scalar) != nil
    }
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
    return word.unicodeScalars.contains(where: isHidden) ? printed(word) : apostrophes(word)
  }

  private static func apostrophes(_ word: String) -> String {
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: "'\\''") + "'"
  }

  /// The word as `"$(printf '…')"`, in which every shell reads `\351`; `$'…'` is Bash's and Zsh's alone.
  private static func printed(_ word: String) -> String {
    let scalars = Array(word.unicodeScalars)
    let head = scalars.prefix((scalars.lastIndex { !isLineFeed($0) } ?? -1) + 1)
    // The shell takes line feeds at the end of what is printed away.
    let end = scalars.count > head.count ? apostrophes(lineFeeds(scalars.count - head.count)) : ""
    return (head.isEmpty ? "" : "\"$(printf '\(format(head))')\"") + end
  }

  private static func isLineFeed(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || SystemPath.byte(of: scalar) == UInt8(ascii: "\n")
  }

  private static func lineFeeds(_ count: Int) -> String { String(repeating: "\n", count: count) }

  /// What `printf` makes the scalars of.
  private static func format(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    scalars.enumerated().map { index, scalar in
      if let byte = SystemPath.byte(of: scalar) { return octal(byte) }
      // A dash in front would begin an option.
      if isHidden(scalar) || index == 0 && scalar == "-" {
        return String(scalar).utf8.map(octal).joined()
      }
      switch scalar {
      case "'": return "'\\''"
      case "\\": return "\\\\"
      case "%": return "%%"
      default: return String(scalar)
      }
    }.joined()
  }

  /// Such as `\351`: exactly three digits, so that no next one joins them.
  private static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }
}
