/// Finds what a user meant to type.
public enum Spelling {
  /// " (did you mean 'NAME'?)" for the nearest name, or nothing where none is near.
  public static func suggestion(for word: String, among names: [String]) -> String {
    let ranked = names.map { name in
      // Case, blanks, dashes and underscores are no difference.
      (
        name: name,
        distance: letters(word) == letters(name)
          ? 0 : distance(word.lowercased(), name.lowercased())
      )
    }
    guard let nearest = ranked.min(by: { $0.distance < $1.distance }) else { return "" }
    let isNear = nearest.distance <= max(1, word.count / 3) && nearest.distance < word.count
    let extended = names.first {
      word.count >= 2 && word != "--" && $0.lowercased().hasPrefix(word.lowercased())
    }
    guard let name = isNear ? nearest.name : extended else { return "" }
    return " (did you mean '\(name)'?)"
  }

  /// Such as "one of a, b, c, not 'd'", with a suggestion where a name is near.
  public static func oneOf(_ names: [String], not word: String) -> String {
    "one of \(names.joined(separator: ", ")), not '\(word)'\(suggestion(for: word, among: names))"
  }

  private static func letters(_ text: String) -> [Character] {
    text.lowercased().filter { $0.isLetter || $0.isNumber }.map(\.self)
  }

  /// How many insertions, deletions, substitutions and swaps of neighbours turn one word into the other.
  ///
  /// The optimal string alignment distance, in time and memory of the product of the lengths.
  public static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    // No name that we know is this long: anything beyond it is simply far.
    guard a.count <= 100, b.count <= 100 else { return max(a.count, b.count) }
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
