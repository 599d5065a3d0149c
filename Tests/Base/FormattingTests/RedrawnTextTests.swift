import Formatting
import Testing

@Suite struct RedrawnTextTests {
  @Test func redrawingCountsColumns() {
    var text = RedrawnText()
    let drawn = text.redraw(String(repeating: "日", count: 10) + "\n", width: 9, height: 24)
    #expect(drawn == "日日日日\n")
    #expect(text.redraw("x\n", width: 4, height: 24) == "\u{1B}[2F\u{1B}[Jx\n")
  }

  @Test func redrawingTakesAwayWhatWasDrawn() {
    var text = RedrawnText()
    #expect(text.redraw("one\ntwo\n", width: 80, height: 24) == "one\ntwo\n")
    #expect(text.redraw("three\n", width: 80, height: 24) == "\u{1B}[2F\u{1B}[Jthree\n")
    // Twenty characters take three rows of a terminal that has become eight wide.
    #expect(text.redraw(String(repeating: "x", count: 20), width: 80, height: 24).hasSuffix("x\n"))
    #expect(text.redraw("end\n", width: 8, height: 24) == "\u{1B}[3F\u{1B}[Jend\n")
  }

  /// Rows that have scrolled away cannot be erased.
  @Test func redrawingKeepsToTheScreen() {
    var text = RedrawnText()
    let lines = (0..<50).map { "line \($0) and more" }.joined(separator: "\n") + "\n"
    let drawn = text.redraw(lines, width: 10, height: 5)
    #expect(drawn == "line 0 and\nline 1 and\nline 2 and\n… 47 more \n")
    #expect(text.redraw("x\n", width: 10, height: 5) == "\u{1B}[4F\u{1B}[Jx\n")
    #expect(text.redraw(lines, width: 10, height: .max).hasSuffix(lines))
    // Twenty rows of a terminal that has become four wide are more than it has.
    var wide = RedrawnText()
    _ = wide.redraw(String(repeating: "x", count: 80), width: 80, height: 5)
    #expect(wide.redraw("x\n", width: 4, height: 5) == "\u{1B}[5F\u{1B}[Jx\n")
  }
}
