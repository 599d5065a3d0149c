import CommandLine
import Formatting

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The lines at a terminal's end that are drawn again and again; nothing where standard output is no terminal, or
/// one that cannot redraw.
struct LiveLines {
  let isLive = Terminal.canRedraw(STDOUT_FILENO)
  private var screen = RedrawnText()
  private var lastDrawing = ContinuousClock.now - .seconds(1)

  /// Draws what `lines` gives for a width, in place of what was drawn before; not oftener than the eye can follow,
  /// unless it is for `now`.
  mutating func redraw(now: Bool, _ lines: (_ width: Int) -> [String]) {
    guard isLive, now || lastDrawing.duration(to: .now) > .milliseconds(100) else { return }
    lastDrawing = .now
    // A line as wide as the terminal would wrap on some.
    let width = max(20, Terminal.width - 1)
    draw(lines(width).map { $0.prefix(columns: width) + "\n" }.joined())
  }

  /// Takes the lines away.
  mutating func erase() {
    guard isLive else { return }
    draw("")
  }

  private mutating func draw(_ text: String) {
    print(
      screen.redraw(text, width: Terminal.width, height: Terminal.height), terminator: "")
    fflush(nil)
  }
}
