import Files

/// Where two values differ, as people read their files.
package enum JSONDifference {
  /// The first line in which the two differ, for a message; nil where they are the same.
  package static func first(_ earlier: some Encodable, _ later: some Encodable) throws -> String? {
    let (old, new) = (try lines(of: earlier), try lines(of: later))
    guard old != new else { return nil }
    for (old, new) in zip(old, new) where old != new {
      return "there \(trimmed(old)), here \(trimmed(new))"
    }
    return "one is longer than the other"
  }

  private static func lines(of value: some Encodable) throws -> [String] {
    try value.readableJSON().split(separator: "\n").map { line in
      String(line.drop(while: { $0 == " " }).drop(while: { $0 == "," }))
    }
  }

  private static func trimmed(_ line: String) -> String {
    line.last == "," ? String(line.dropLast()) : line
  }
}
