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
