import CLI
import Files
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

  /// Bash and Zsh read such words back.
  @Test func namesThatAreNoTextAreQuoted() {
    let bytes: [CChar] = [0x61, 0x0A, -0x17, 0x31, 0]
    let name = SystemPath.text(bytes)
    #expect(Terminal.printable(name) == "a\\n\\xE91")
    #expect(Shell.line(["rm", name]) == "rm $'a\\012\\3511'")
    #expect(Shell.line(["./$(touch x)", "it's", ""]) == "'./$(touch x)' 'it'\\''s' ''")
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func thousandsAreGrouped(number: Int, text: String) {
    #expect(number.grouped == text)
  }
}
