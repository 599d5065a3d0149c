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
    where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
      return Int(size.ws_col)
    }
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return min(columns, 10_000)
    }
    return 80
  }

  /// Writes `text` and a line's end to standard error, control characters made harmless.
  public static func writeError(_ text: String) {
    let bytes = Array((printable(text, keepsNewlines: true) + "\n").utf8)
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

  /// The text with "?" for each control character, so that a name from a file cannot steer the terminal.
  public static func printable(_ text: String, keepsNewlines: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where scalar == "\n" && keepsNewlines: result.append(scalar)
      // Format characters turn the direction of text round, or hide.
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: result.append("?")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The text in lines of at most `width` characters, broken at spaces; a longer word stands alone.
  public static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
