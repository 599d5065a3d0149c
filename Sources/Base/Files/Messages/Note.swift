/// What a reader inferred about a file that does not say it, for the user to see and to correct.
///
/// Readers collect them in their `notes` and go on; commands print them with `lines(_:)` once their work is done. What cannot
/// be inferred is an error instead.
public struct Note: Hashable, Codable, Sendable {
  /// The path of the file or directory, as the user gave it.
  public let source: String
  /// What was understood and why, in one line without a full stop, such as "scores are probabilities: rows sum to 1".
  public let text: String

  /// Creates a note about `source`; notes of the same text are printed as one.
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
