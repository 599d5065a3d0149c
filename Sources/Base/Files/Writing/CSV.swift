/// Comma-separated values (RFC 4180, lines ended by a line feed).
///
/// A file's name keeps its control characters, quoted; bytes that are no UTF-8 are written as `\xE9`.
public struct CSV: Sendable {
  /// All lines so far.
  public private(set) var text: String

  /// Begins with a line of names.
  public init(_ names: [String]) { text = Self.line(names) }

  /// Appends a line; what is nil stays empty.
  public mutating func append(_ cells: [String?]) { text += Self.line(cells.map { $0 ?? "" }) }

  /// One line, with its end.
  public static func line(_ cells: [String]) -> String {
    cells.map(field).joined(separator: ",") + "\n"
  }

  private static func field(_ text: String) -> String {
    let text = SystemPath.withControls(text)
    // Bytes, because a line feed after a carriage return is one character with it.
    guard text.utf8.contains(where: ",\"\r\n".utf8.contains) else { return text }
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + parts.joined(separator: "\"\"") + "\""
  }
}
