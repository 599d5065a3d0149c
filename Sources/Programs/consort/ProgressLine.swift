import Formatting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far something is, on standard error: a line that changes on a terminal, one every ten seconds elsewhere.
struct ProgressLine {
  private let subject: String
  private let isTerminal = Terminal.canRedraw(STDERR_FILENO)
  private var next = ContinuousClock.now.advanced(by: .milliseconds(500))
  private var isShown = false

  init(_ subject: String) { self.subject = subject }

  /// Shows that `done` of `total` are done, and how long the rest may take, where it is time.
  mutating func show(_ done: Int, of total: Int, secondsLeft: Double? = nil) {
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
  mutating func end() {
    if isShown { Self.write("\r\u{1B}[K") }
    isShown = false
  }

  /// Writes what steers the terminal; a terminal that takes no more loses the line only.
  private static func write(_ text: String) {
    let bytes = Array(text.utf8)
    #if canImport(Glibc)
      _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    #elseif canImport(Musl)
      _ = Musl.write(STDERR_FILENO, bytes, bytes.count)
    #else
      _ = Darwin.write(STDERR_FILENO, bytes, bytes.count)
    #endif
  }
}
