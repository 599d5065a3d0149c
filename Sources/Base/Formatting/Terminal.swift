import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The user's terminal.
public enum Terminal {
  /// Whether the file descriptor leads to a terminal, and not to a file or another program.
  public static func isTerminal(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1
  }

  /// The width of the terminal in columns: what the terminal says, else the variable COLUMNS, else 80.
  public static var width: Int {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO]
    where isTerminal(descriptor) && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
      && size.ws_col > 0
    {
      return Int(size.ws_col)
    }
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return min(columns, 10_000)
    }
    return 80
  }

  /// The lines of the terminal on standard output; 24 where it does not say.
  public static var height: Int {
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0
      ? Int(size.ws_row) : 24
  }

  /// Whether `descriptor` is a terminal that understands movements of the cursor; TERM=dumb says that it does not.
  public static func canRedraw(_ descriptor: Int32) -> Bool {
    guard isTerminal(descriptor), let term = getenv("TERM") else { return false }
    return !["", "dumb"].contains(String(cString: term))
  }

  /// The columns within which sentences on standard output are wrapped: the terminal's, or COLUMNS, at most 100.
  public static var textWidth: Int { max(20, min(100, tableWidth ?? 100)) }

  /// The columns that a table on standard output has: the terminal's, or COLUMNS; nil where nothing bounds it, as in a
  /// file.
  public static var tableWidth: Int? {
    isTerminal(STDOUT_FILENO) || getenv("COLUMNS") != nil ? width : nil
  }

  /// Writes `text`, shortened where it is very long, and a line's end to standard error, control characters made harmless.
  ///
  /// On a terminal sentences are broken between words.
  public static func writeError(_ text: String) {
    let shown = printable(shortened(text), keepsNewlines: true)
    let lines = isTerminal(STDERR_FILENO) ? sentences(shown, width: width) : shown
    let bytes = Array((lines + "\n").utf8)
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes { raw in
        write(STDERR_FILENO, raw.baseAddress?.advanced(by: offset), raw.count - offset)
      }
      if written < 0 {
        if errno == EINTR { continue }
        return
      }
      offset += written
    }
  }

  /// Writes a line for each of `notes` to standard error: what was inferred, and is no error.
  public static func writeNotes(_ notes: [String]) {
    for note in notes { writeError("note: \(note)") }
  }

  /// The text with "?" for each control character, so that a name from a file cannot steer the terminal; those of the
  /// system's names as a programmer writes them, such as `\n`.
  public static func printable(_ text: String, keepsNewlines: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    for scalar in SystemPath.readable(text).unicodeScalars {
      let isKept = !Shell.isHidden(scalar) || scalar == "\n" && keepsNewlines
      result.append(isKept ? scalar : "?")
    }
    return String(result)
  }

  /// The text, of which lines that are wider are broken at spaces; not those with a command, which is to be copied.
  package static func sentences(_ text: String, width: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let isCopied = ["`", ": consort ", "python3 -c"].contains { line.contains($0) }
      guard line.columns > width, !isCopied else { return String(line) }
      // Blanks that follow one another may be part of a name.
      return wrapped(String(line), width: width, keepsBlanks: true).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// The text in lines of at most `width` columns, broken at spaces; a longer word stands alone.
  ///
  /// - Parameter keepsBlanks: Whether blanks that follow one another stay as many.
  public static func wrapped(_ text: String, width: Int, keepsBlanks: Bool = false) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ", omittingEmptySubsequences: !keepsBlanks) {
      if let last = lines.last, last.columns + 1 + word.columns <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

extension Terminal {
  /// The longest message that is shown whole, in bytes.
  private static let longestMessage = 4000
  /// What is shown of a longer one, in characters.
  private static let shownOfLong = (head: 1000, tail: 500)

  /// The text, or of a very long one its beginning and its end, where the advice is: a file may hold a name of any length,
  /// and messages quote it.
  package static func shortened(_ text: String) -> String {
    let count = text.utf8.count
    guard count > longestMessage else { return text }
    let (head, tail) = (text.prefix(shownOfLong.head), text.suffix(shownOfLong.tail))
    let hidden = count - head.utf8.count - tail.utf8.count
    // A character may be of any length, too.
    guard hidden > 0, head.utf8.count + tail.utf8.count <= 4 * longestMessage else {
      let bytes = text.utf8
      return String(decoding: bytes.prefix(shownOfLong.head), as: UTF8.self)
        + " ... " + String(decoding: bytes.suffix(shownOfLong.tail), as: UTF8.self)
    }
    return "\(head) ... (\(hidden.grouped) bytes more) ... \(tail)"
  }
}
