import Testing

@testable import Formatting

@Suite struct WidthTests {
  private static func table() -> TextTable {
    var table = TextTable(columns: [
      .init("network", isKept: true), .init("n", .right, isKept: true), .init("FLOPs", .right),
      .init("test %", .right, isKept: true), .init("NLL", .right),
    ])
    table.append(["wide-resnet-16-1-0", "1", "53.4 M", "91.30", "0.2811"])
    return table
  }

  @Test func aTableIsWholeWhereNothingBoundsIt() {
    #expect(
      Self.table().text(width: nil) == """
        network             n   FLOPs  test %     NLL
        wide-resnet-16-1-0  1  53.4 M   91.30  0.2811

        """)
  }

  @Test func columnsAreLeftOutWhereTheTerminalIsNarrow() {
    #expect(
      Self.table().text(width: 40) == """
        network             n   FLOPs  test %
        wide-resnet-16-1-0  1  53.4 M   91.30
        (too narrow for: NLL)

        """)
    #expect(
      Self.table().text(width: 32) == """
        network             n  test %
        wide-resnet-16-1-0  1   91.30
        (too narrow for: FLOPs, NLL)

        """)
  }

  @Test func aLongNameIsShortenedInItsMiddle() {
    #expect(
      Self.table().text(width: 16) == """
        network        n
        wide-r…16-1-0  1
        (too narrow for:
        FLOPs, test %,
        NLL)

        """)
  }

  /// Two columns of a wide character, and two names that are long at once.
  @Test func wideAndLongNamesStayInTheirColumns() {
    var table = TextTable(columns: [
      .init("network", isKept: true), .init("n", .right, isKept: true),
      .init("members", isKept: true),
    ])
    table.append(["日本語", "1", "emoji 👍"])
    table.append(["plain", "10", "x"])
    #expect(table.text(width: nil) == "network   n  members\n日本語    1  emoji 👍\nplain    10  x\n")
    table.append([String(repeating: "日", count: 100), "2", String(repeating: "long ", count: 40)])
    for width in [24, 40, 60, 80] {
      let lines = table.text(width: width).split(separator: "\n")
      #expect(lines.count == 4)
      for line in lines { #expect(line.columns <= width, "\(line)") }
    }
  }

  /// But not a command, which is to be copied, nor a name with two blanks.
  @Test func errorsAreBrokenBetweenWords() {
    #expect(
      Terminal.sentences("cannot read 'a  b': no such file\nx", width: 16)
        == "cannot read 'a \nb': no such file\nx")
    for command in ["run `consort train x.json` again", "to go on: consort train x.json"] {
      #expect(Terminal.sentences(command, width: 16) == command)
    }
  }

  @Test func sentencesWithWideCharactersAreWrapped() {
    #expect(Terminal.wrapped("日本 日本 日本", width: 9) == ["日本 日本", "日本"])
  }
}
