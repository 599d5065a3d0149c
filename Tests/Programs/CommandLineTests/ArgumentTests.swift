import Files
import Testing

@testable import CommandLine
@testable import Formatting

@Suite struct ArgumentTests {
  private static let command = Command(
    name: "draw", summary: "Draw.",
    operands: [Operand("IN", help: "What is read."), Operand("OUT", help: "x", isOptional: true)],
    options: [
      CommandOption("--size", "N", help: "x"), CommandOption("--name", "TEXT", help: "x"),
      CommandOption("--json", help: "x"),
      CommandOption("--each", "TEXT", help: "x", isRepeated: true),
    ],
    run: { _ in })

  private func parse(_ arguments: String...) throws -> ParsedArguments {
    try Self.command.parse(arguments)
  }

  private func message(_ arguments: String...) -> String? {
    do {
      _ = try Self.command.parse(arguments)
      return nil
    } catch {
      return error.message
    }
  }

  @Test func valuesComeAttachedOrApart() throws {
    let apart = try parse("in.json", "--size", "12", "--json", "out.json")
    #expect(apart.operand(0) == "in.json")
    #expect(apart.operand(1) == "out.json")
    #expect(apart.operand(2) == nil)
    #expect(try apart.integer("--size") == 12)
    #expect(apart.isSet("--json"))
    let attached = try parse("--size=-3", "--name=a=b", "in.json")
    #expect(try attached.integer("--size") == -3)
    #expect(attached.string("--name") == "a=b")
    #expect(!attached.isSet("--json"))
    #expect(try attached.integer("--other") == nil)
  }

  @Test func someOptionsMayComeSeveralTimes() throws {
    let arguments = try parse("in", "--each", "b", "--name", "x", "--each=a", "--name", "y")
    #expect(arguments.strings("--each") == ["b", "a"])
    #expect(arguments.string("--name") == "y")
    #expect(arguments.strings("--name") == ["y"])
    #expect(arguments.strings("--size").isEmpty)
    #expect(arguments.others(than: "--name") == ["in", "b", "a"])
    #expect(
      arguments.words(of: Self.command.options) == ["--name", "y", "--each", "b", "--each", "a"])
  }

  @Test func theLastOperandMayComeSeveralTimes() throws {
    let command = Command(
      name: "join", summary: "Join.",
      operands: [
        Operand("OUT", help: "x"), Operand("IN", help: "What is read.", isRepeated: true),
      ], options: [CommandOption("--json", help: "x")], run: { _ in })
    #expect(
      try command.parse(["out", "a", "--json", "b", "c"]).operands == ["out", "a", "b", "c"])
    #expect(throws: UsageError("IN is missing: What is read.")) { try command.parse(["out"]) }
    let program = Program(name: "x", summary: "x", version: "1", commands: [command])
    #expect(
      program.helpText(for: command, path: ["join"]).contains("usage: x join OUT IN ... [--json]"))
  }

  @Test func theLastValueCounts() throws {
    #expect(try parse("in", "--size", "1", "--size=2").integer("--size") == 2)
  }

  @Test func twoDashesEndTheOptions() throws {
    let arguments = try parse("--json", "--", "--size", "-")
    #expect(arguments.operands == ["--size", "-"])
    #expect(try parse("-").operands == ["-"])
  }

  @Test func aValueMayHoldDashesWhereItIsAttached() throws {
    #expect(try parse("in", "--name=--json").string("--name") == "--json")
    #expect(try parse("in", "--size", "-4").integer("--size") == -4)
    #expect(message("in", "--name", "--json") == "--name needs a value: --name TEXT")
  }

  @Test func mistakesAreNamed() {
    #expect(message() == "IN is missing: What is read.")
    #expect(message("a", "b", "c") == "'c' is one operand too many")
    #expect(message("a", "--size") == "--size needs a value: --size N")
    #expect(message("a", "--json=yes") == "--json takes no value")
    #expect(message("a", "--sise", "1") == "there is no option '--sise' (did you mean '--size'?)")
    #expect(message("a", "-x") == "there is no option '-x'")
    #expect(message("a", "--completely-different") == "there is no option '--completely-different'")
  }

  @Test func numbersAreChecked() throws {
    let arguments = try parse("in", "--size", "12.5", "--name", "inf")
    #expect(throws: UsageError.self) { try arguments.integer("--size") }
    #expect(try arguments.number("--size") == 12.5)
    #expect(throws: UsageError.self) { try arguments.number("--name") }
  }

  @Test(arguments: [
    ("cost", "cost", 0), ("cst", "cost", 1), ("csot", "cost", 1), ("", "cost", 4),
    ("kitten", "sitting", 3),
  ])
  func editDistances(first: String, second: String, distance: Int) {
    #expect(Spelling.distance(first, second) == distance)
    #expect(Spelling.distance(second, first) == distance)
  }

  @Test func onlyNearNamesAreSuggested() {
    let names = ["frontier", "cost", "train"]
    #expect(Spelling.suggestion(for: "frontir", among: names) == " (did you mean 'frontier'?)")
    #expect(Spelling.suggestion(for: "fro", among: names) == " (did you mean 'frontier'?)")
    #expect(Spelling.suggestion(for: "zebra", among: names) == "")
    #expect(Spelling.suggestion(for: String(repeating: "c", count: 5000), among: names) == "")
  }
}
