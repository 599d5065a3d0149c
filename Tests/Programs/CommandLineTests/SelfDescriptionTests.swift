import Testing

@testable import CommandLine

/// What a program prints for shells and for man(1); Tests/Programs/try_completion.py reads it with these.
struct SelfDescriptionTests {
  private static let program = Program(
    name: "tool", summary: "Tool: paints.", version: "1.2.3",
    commands: [
      Command(
        name: "paint", summary: "Paint a wall: it's quick.",
        operands: [Operand("WALL", help: "Which wall.", isRepeated: true)],
        options: [
          CommandOption("--colour", "NAME", help: "Which colour [any]: red.", isRepeated: true),
          CommandOption("--twice", help: ".5 of it again, by C:\\paint."),
        ], discussion: "'Tis\n.done\n\n  as it stands", examples: ["tool paint 'a b' --twice"],
        run: { _ in }),
      Command(
        name: "data", summary: "Data.",
        subcommands: [Command(name: "fetch", summary: "Fetch data.", run: { _ in })]),
    ])

  @Test func theManualKeepsWhatLooksLikeRequests() {
    let lines = ManualPage(program: Self.program).text().split(separator: "\n").map(String.init)
    for line in [
      ".TH TOOL 1 \"\" \"tool 1.2.3\" \"User Commands\"", "tool \\- paints.",
      ".SS \"tool paint WALL ... [options]\"", "\\&.5 of it again, by C:\\epaint.", "\\&'Tis",
      "\\&.done", "  as it stands", "    tool paint 'a b' \\-\\-twice",
      ".SS \"tool data fetch [options]\"",
      "\\fB\\-\\-colour\\fR \\fINAME\\fR",
    ] { #expect(lines.contains(line), "\(line)") }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func eachShellGetsCommandsAndOptions(shell: String) throws {
    let recorder = Recorder()
    #expect(recorder.run(["completion", shell], Self.program) == 0)
    for word in ["paint", "fetch", "colour", "twice", "manual"] {
      #expect(recorder.output.contains(word), "\(word)")
    }
  }

  @Test(arguments: [["completion"], ["completion", "csh"], ["completion", "bash", "zsh"]])
  func anotherShellIsMisuse(words: [String]) {
    let recorder = Recorder()
    #expect(recorder.run(words, Self.program) == 2)
    #expect(recorder.errors.contains("completion needs the name of a shell: bash, zsh, fish"))
  }

  @Test func aCommandOfThatNameComesFirst() {
    let program = Program(
      name: "x", summary: "x", version: "1",
      commands: [Command(name: "manual", summary: "By hand.", run: { _ in })])
    let recorder = Recorder()
    #expect(recorder.run(["manual"], program) == 0)
    #expect(recorder.output.isEmpty)
    #expect(!program.helpText().contains("completion"))
  }
}
