/// A terminal's screen, as far as the display of a training uses it.
struct Screen {
  private(set) var lines: [String] = [""]
  /// What stood there each time before something was erased.
  private(set) var frames: [[String]] = []
  /// Control sequences that it does not know.
  private(set) var strange: [String] = []
  private var row = 0

  init(showing text: String) {
    var rest = Substring(text)
    while let character = rest.popFirst() {
      switch character {
      case "\u{1B}": control(&rest)
      case "\r": break
      case "\n", "\r\n": newLine()
      default: lines[row].append(character)
      }
    }
    if lines.last == "" { lines.removeLast() }
  }

  private mutating func newLine() {
    row += 1
    if row == lines.count { lines.append("") }
  }

  private mutating func control(_ rest: inout Substring) {
    let parameters = rest.dropFirst().prefix { $0.isNumber || $0 == ";" }
    let end = rest.dropFirst(1 + parameters.count)
    switch end.first {
    case "F": row = max(0, row - (Int(parameters) ?? 1))
    case "J" where parameters.isEmpty:
      frames.append(lines)
      lines[row...] = [""]
    default: strange.append(String(rest.prefix(2 + parameters.count)))
    }
    rest = end.dropFirst()
  }
}
