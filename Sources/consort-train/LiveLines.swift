import CLI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The lines at a terminal's end that are drawn again and again; nothing where standard output is no terminal, or
/// one that cannot redraw.
struct LiveLines {
  let isLive = Terminal.canRedraw(STDOUT_FILENO)
  private var drawnLines = 0
  private var lastDrawing = ContinuousClock.now - .seconds(1)

  /// Draws what `lines` gives for a width, in place of what was drawn before; not oftener than the eye can follow,
  /// unless it is for `now`.
  mutating func redraw(now: Bool, _ lines: (_ width: Int) -> [String]) {
    guard isLive, now || lastDrawing.duration(to: .now) > .milliseconds(100) else { return }
    lastDrawing = .now
    erase()
    // A line as wide as the terminal would wrap on some.
    let width = max(20, Terminal.width - 1)
    let lines = lines(width)
    for line in lines { print(String(line.prefix(width))) }
    drawnLines = lines.count
    fflush(nil)
  }

  /// Takes the lines away.
  mutating func erase() {
    guard isLive, drawnLines > 0 else { return }
    // Up to the first drawn line, then clear to the screen's end.
    print("\u{1B}[\(drawnLines)F\u{1B}[J", terminator: "")
    drawnLines = 0
  }
}
