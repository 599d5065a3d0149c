#if canImport(Glibc)
  import Glibc
  private let systemWrite = Glibc.write
#elseif canImport(Musl)
  import Musl
  private let systemWrite = Musl.write
#else
  import Darwin
  private let systemWrite = Darwin.write
#endif

/// Text at a terminal's end that is drawn again and again.
package struct RedrawnText: Sendable {
  private var drawn: [Int] = []

  /// Begins with nothing drawn.
  package init() {}

  /// What takes the text that was drawn away and draws `text`, at most as many lines as the terminal has.
  ///
  /// Lines that were drawn may take several rows where the terminal has become narrower since.
  package mutating func redraw(_ text: String, width: Int, height: Int) -> String {
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

/// The lines at a terminal's end that are drawn again and again; nothing where standard output is no terminal, or
/// one that cannot redraw.
package struct LiveLines {
  /// Whether anything is drawn.
  package let isLive = Terminal.canRedraw(STDOUT_FILENO)
  private var screen = RedrawnText()
  private var lastDrawing = ContinuousClock.now - .seconds(1)

  /// Begins with nothing drawn.
  package init() {}

  /// Draws what `lines` gives for a width, in place of what was drawn before; not oftener than the eye can follow,
  /// unless it is for `now`.
  package mutating func redraw(now: Bool, _ lines: (_ width: Int) -> [String]) {
    guard isLive, now || lastDrawing.duration(to: .now) > .milliseconds(100) else { return }
    lastDrawing = .now
    // A line as wide as the terminal would wrap on some.
    let width = max(20, Terminal.width - 1)
    draw(lines(width).map { $0.prefix(columns: width) + "\n" }.joined())
  }

  /// Takes the lines away.
  package mutating func erase() {
    guard isLive else { return }
    draw("")
  }

  private mutating func draw(_ text: String) {
    print(
      screen.redraw(text, width: Terminal.width, height: Terminal.height), terminator: "")
    fflush(nil)
  }
}

/// How far something is, on standard error: a line that changes on a terminal, one every ten seconds elsewhere.
package struct ProgressLine {
  private let subject: String
  private let isTerminal = Terminal.canRedraw(STDERR_FILENO)
  private var next = ContinuousClock.now.advanced(by: .milliseconds(500))
  private var isShown = false

  /// - Parameter subject: What is counted, such as "images".
  package init(_ subject: String) { self.subject = subject }

  /// Shows that `done` of `total` are done, and how long the rest may take, where it is time.
  package mutating func show(_ done: Int, of total: Int, secondsLeft: Double? = nil) {
    guard ContinuousClock.now >= next else { return }
    next = ContinuousClock.now.advanced(by: isTerminal ? .milliseconds(200) : .seconds(10))
    let text =
      "\(done.grouped) of \(total.grouped) \(subject)"
      + (secondsLeft.map { ", about \(NumberFormat.duration($0)) left" } ?? "")
    if isTerminal {
      // A line that wraps could not be taken away again.
      Self.write("\r\(text.prefix(columns: max(20, Terminal.width - 1)))\u{1B}[K")
      isShown = true
    } else {
      Terminal.writeError(text)
    }
  }

  /// Takes the line away.
  package mutating func end() {
    if isShown { Self.write("\r\u{1B}[K") }
    isShown = false
  }

  /// Writes what steers the terminal; a terminal that takes no more loses the line only.
  private static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = systemWrite(STDERR_FILENO, bytes, bytes.count)
  }
}
