import Testing

@testable import CommandLine

@Suite struct HelpWidthTests {
  private static let command = Command(
    name: "paint", summary: "Paint all the walls of a house in the colours that are given.",
    operands: [Operand("WALL", help: "Which walls are to be painted.", isRepeated: true)],
    options: [
      CommandOption(
        "--channel-order", "ORDER", help: "In which order the colours are mixed (default: rgb)."),
      CommandOption("--twice", help: String(repeating: "Paint it twice. ", count: 12)),
    ],
    discussion: """
      A first paragraph that is long enough to be broken on any terminal that is as narrow as forty
      columns.

          {"a": 1}

      The last.
      """, examples: ["tool paint north south --channel-order bgr --twice"], run: { _ in })

  @Test(arguments: [40, 60, 80, 100, 140])
  func helpFitsTheTerminal(width: Int) {
    let program = Program(
      name: "tool", summary: "A tool that paints walls, and nothing else.", version: "1",
      commands: [Self.command])
    let texts = [
      program.helpText(width: width),
      program.helpText(for: Self.command, path: ["paint"], width: width),
    ]
    for line in texts.joined().split(separator: "\n") { #expect(line.count <= width, "\(line)") }
    #expect(texts[1].contains("\n    {\"a\": 1}\n\nThe last.\n"))
    let words = texts[1].split { " \n\\".contains($0) }
    #expect(words.contains("--channel-order") && words.contains("colours"))
    // An example can be pasted into a shell as it stands.
    let example = texts[1].components(after: "examples:\n")
    #expect(example.hasPrefix("  tool paint north") && !example.contains("\\ "))
  }
}

extension String {
  fileprivate func components(after head: String) -> String {
    guard let range = firstRange(of: head) else { return "" }
    return String(self[range.upperBound...])
  }
}
