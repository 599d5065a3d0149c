import Files
import Formatting
import TestSupport
import Testing

@Suite struct TextTests {
  @Test func tablesAlign() {
    var table = TextTable(columns: [.init("name"), .init("count", .right), .init("note")])
    table.append(["a", "12,345", "x"])
    table.append(["größer", "1"])
    #expect(
      table.text() == """
        name     count  note
        a       12,345  x
        größer       1

        """)
  }

  @Test func tablesNeedNoHead() {
    var table = TextTable(columns: [.init(""), .init("", .right)])
    table.append(["a", "1"])
    table.append(["b", "10"])
    #expect(table.text() == "a   1\nb  10\n")
  }

  @Test func controlCharactersAreMadeHarmless() {
    #expect(Terminal.printable("a\u{1b}[31mb\nc\u{202e}d é 日") == "a?[31mb?c?d é 日")
    #expect(Terminal.printable("a\nb\t", keepsNewlines: true) == "a\nb?")
    var table = TextTable(columns: [.init("x")])
    table.append(["\u{1b}]0;title\u{7}"])
    #expect(table.text() == "x\n?]0;title?\n")
  }

  @Test func namesThatAreNoTextAreQuoted() {
    let bytes: [CChar] = [0x61, 0x0A, -0x17, 0x31, 0]
    let name = SystemPath.text(bytes)
    #expect(Terminal.printable(name) == "a\\n\\xE91")
    #expect(Shell.line(["rm", name]) == #"rm "$(printf 'a\012\3511')""#)
    #expect(Shell.line(["./$(touch x)", "it's", ""]) == "'./$(touch x)' 'it'\\''s' ''")
  }

  private static let hostileNames: [String] = [
    "a b", "it's", "$(touch x)", "`x`", "\"q\"", "*", "~", "a\\b", "#a", "!!", "{a,b}", "", "a\nb",
    "a\n", "\n", "\n\na\n\n", "-n\n-", "100%\ts\\", "it's\r", "a\u{202E}b", "\u{FEFF}a", "日本/é 👨‍👩‍👧",
  ]

  /// Any POSIX shell gives the very bytes back.
  @Test(arguments: ["/bin/sh", "/bin/bash"])
  func shellsReadWordsBack(shell: String) throws {
    let invalid = SystemPath.text([0x61, -0x17, 0x31, 0x0A, 0x27, -1, 0x0A, 0] as [CChar])
    let words = Self.hostileNames + [invalid]
    let printed = try Consort(["-c", "printf '%s\\0' \(Shell.line(words))"], program: shell)
    #expect([UInt8](printed.bytes) == words.flatMap { SystemPath.bytes($0) + [0] })
    // Nothing in it steers a terminal, and nothing is lost when it is printed.
    #expect(Terminal.printable(Shell.line(words), keepsNewlines: true) == Shell.line(words))
  }

  @Test func anOperandIsNoOption() {
    #expect(Shell.operand("-x") == "./-x" && Shell.operand("x-") == "x-")
  }

  /// What xterm, VTE and tmux give these texts.
  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("한글", 4),
    ("\u{1112}\u{1161}\u{11AB}", 2),
    ("👍", 2), ("👨‍👩‍👧", 2), ("❤️", 2), ("❤", 1), ("🇩🇪", 2), ("שלום", 4), ("سلام", 4), ("ＡＢ", 4), ("ｱ", 1),
    ("× – … ●", 7), ("नि", 2),
  ])
  func columnsAreThoseOfTheTerminal(text: String, columns: Int) {
    #expect(text.columns == columns)
  }

  @Test func textIsCutAtWholeCharacters() {
    #expect("日本語".prefix(columns: 5) == "日本")
    #expect("日本語の名前".shortened(columns: 8) == "日本…前")
    #expect("abc".shortened(columns: 3) == "abc" && "日".padded(columns: 4) == "日  ")
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func thousandsAreGrouped(number: Int, text: String) {
    #expect(number.grouped == text)
  }
}
