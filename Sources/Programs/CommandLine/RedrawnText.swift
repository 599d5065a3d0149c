/// Text at a terminal's end that is drawn again and again.
public struct RedrawnText: Sendable {
  private var drawn: [Int] = []

  /// Begins with nothing drawn.
  public init() {}

  /// What takes the text that was drawn away and draws `text`, at most as many lines as the terminal has.
  ///
  /// Lines that were drawn may take several rows where the terminal has become narrower since.
  public mutating func redraw(_ text: String, width: Int, height: Int) -> String {
    let rows = drawn.reduce(0) { $0 + max(1, ($1 + width - 1) / max(1, width)) }
    let erasing = rows > 0 ? "\u{1B}[\(min(rows, height))F\u{1B}[J" : ""
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    // What has scrolled off the top could not be taken away again.
    let most = max(2, height == .max ? .max : height - 1)
    if lines.count > most {
      lines = lines.prefix(most - 1) + ["… \(lines.count - most + 1) more lines"]
    }
    if height != .max { lines = lines.map { $0.prefix(columns: width) } }
    drawn = lines.map(\.columns)
    return erasing + lines.map { $0 + "\n" }.joined()
  }
}
