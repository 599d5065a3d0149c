import Formatting
import Testing

@Suite struct ShorteningTests {
  @Test func whatIsNotVeryLongStaysWhole() {
    for count in [0, 10, 4000] {
      let text = String(repeating: "x", count: count)
      #expect(Terminal.shortened(text) == text)
    }
  }

  @Test func ofAVeryLongTextTheEndsStay() {
    let text = "begin" + String(repeating: "x", count: 9990) + "ended"
    let shown = Terminal.shortened(text)
    #expect(
      shown == "begin" + String(repeating: "x", count: 995) + " ... (8,500 bytes more) ... "
        + String(repeating: "x", count: 495) + "ended")
  }

  /// One letter with a hundred thousand accents is one character.
  @Test func aVeryLongCharacterIsCutToo() {
    let accents = String(repeating: "\u{301}", count: 100_000)
    for text in ["a" + accents, String(repeating: "b", count: 2000) + accents] {
      #expect(Terminal.shortened(text).utf8.count < 20_000)
    }
  }
}
