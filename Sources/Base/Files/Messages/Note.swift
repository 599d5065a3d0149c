/// What was inferred from a file of another program, for the user to see.
///
/// A reader that infers says so in its `notes`; a command prints them once its work is done.
public struct Note: Hashable, Codable, Sendable {
  /// The file, or the directory.
  public let source: String
  /// What was understood and why, such as "scores are probabilities: rows sum to 1".
  public let text: String

  /// Creates a note.
  public init(source: String, text: String) {
    self.source = source
    self.text = text
  }

  /// A line for each text, in the order of the first source that has it.
  public static func lines(_ notes: [Note]) -> [String] {
    var sources: [String: [String]] = [:]
    var texts: [String] = []
    for note in notes {
      if sources[note.text] == nil { texts.append(note.text) }
      if sources[note.text]?.contains(note.source) != true {
        sources[note.text, default: []].append(note.source)
      }
    }
    return texts.map { text in
      let named = sources[text] ?? []
      let others = named.count > 2 ? " and \(named.count - 1) others" : ""
      let first = named.count > 2 ? named[0] : named.joined(separator: ", ")
      return "\(first)\(others): \(text)"
    }
  }
}
