import Testing

@testable import CommandLine
@testable import Formatting

@Suite struct ProgramTests {
  private struct Broken: Error, CustomStringConvertible {
    let description = "'x' is broken; fix it"
  }

  private static let program = Program(
    name: "tool", summary: "A tool.", version: "1.2.3",
    commands: [
      Command(
        name: "paint", summary: "Paint a wall.",
        operands: [Operand("WALL", help: "Which wall.", isOptional: true)],
        options: [
          CommandOption("--colour", "NAME", help: "Which colour (default: white)."),
          CommandOption("--twice", help: String(repeating: "Paint it twice. ", count: 12)),
        ],
        discussion: "More about painting.", examples: ["tool paint north"],
        run: { _ in }),
      Command(name: "break", summary: "Fail.", run: { _ in throw Broken() }),
      Command(name: "misuse", summary: "Fail.", run: { _ in throw UsageError("no") }),
      Command(
        name: "data", summary: "Data.",
        subcommands: [Command(name: "fetch", summary: "Fetch data.", run: { _ in })]),
    ])

  @Test(arguments: [
    (["paint"], ""), (["paint", "--colour", "red", "north"], ""), (["data", "fetch"], ""),
    (["paint", "--help"], "Paint a wall."), (["help", "paint"], "Paint a wall."), ([], "A tool."),
    (["help"], "A tool."), (["--help"], "A tool."), (["--version"], "tool 1.2.3\n"),
    (["help", "data", "fetch"], "Fetch data.\n\nusage: tool data fetch\n"),
    (["data", "--help"], "Data."),
  ])
  func successes(arguments: [String], output: String) {
    let recorder = Recorder()
    #expect(recorder.run(arguments, Self.program) == 0)
    #expect(recorder.output.hasPrefix(output))
    #expect(output.isEmpty == recorder.output.isEmpty)
    #expect(recorder.errors == "")
  }

  @Test(arguments: [
    (["pant"], "there is no command 'pant' (did you mean 'paint'?)\nusage: see 'tool help'\n"),
    (["paint", "a", "b"], "'b' is one operand too many\nusage: see 'tool help paint'\n"),
    (["data"], "data needs a command\nusage: see 'tool help data'\n"),
    (["data", "fetsh"], "there is no command 'data fetsh' (did you mean 'fetch'?)\n"),
    (["--verion"], "there is no option '--verion' (did you mean '--version'?)\n"),
    (["help", "pant"], "there is no command 'pant' (did you mean 'paint'?)\n"),
    (["paint", "--color", "x"], "there is no option '--color' (did you mean '--colour'?)\n"),
    (["misuse"], "no\nusage: see 'tool help misuse'\n"),
  ])
  func misuse(arguments: [String], message: String) {
    let recorder = Recorder()
    #expect(recorder.run(arguments, Self.program) == 2)
    #expect(recorder.output == "")
    #expect(recorder.errors.hasPrefix("tool: error: " + message))
  }

  @Test func aFailureHasStatus1() {
    let recorder = Recorder()
    #expect(recorder.run(["break"], Self.program) == 1)
    #expect(recorder.errors == "tool: error: 'x' is broken; fix it\n")
  }

  @Test func theHelpNamesEverything() throws {
    let overview = Self.program.helpText()
    for command in Self.program.commands {
      #expect(overview.contains("  \(command.name)"))
      #expect(overview.contains(command.summary))
    }
    let paint = try #require(Self.program.commands.first)
    let text = Self.program.helpText(for: paint, path: ["paint"])
    #expect(text.hasPrefix("Paint a wall.\n\nusage: tool paint [WALL] [--colour NAME] [--twice]\n"))
    #expect(text.contains("\n  WALL"))
    #expect(text.contains("\n  --colour NAME  Which colour (default: white).\n"))
    #expect(text.contains("\n  --help         Show this help.\n"))
    #expect(text.contains("\nMore about painting.\n"))
    #expect(text.contains("\n  tool paint north\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}
