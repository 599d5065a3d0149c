import Decisions
import Foundation
import Predictions
import TestSupport
import Testing

@testable import Reports

/// "Build it" on the page: a command that a shell reads back, for every kind of source.
@Suite struct BuildInstructionsTests {
  private func candidate(_ kind: Candidate.Kind) throws -> Candidate {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    return try #require(decision.candidates.first { $0.kind == kind })
  }

  private let names = Set(SyntheticMembers().memberNames)

  /// The words that bash makes of the line.
  private func words(_ line: String) throws -> [String] {
    let printed = try Consort(["-c", "printf '%s\\0' \(line)"], program: "/bin/bash")
    return printed.output.split(separator: "\0").map(String.init)
  }

  @Test(arguments: [
    "runs/a", "a b/it's", "-run", "$(touch x)", "a\nb", "`x`", "two  blanks", "\"q\"", "*.onnx",
    "é/ü",
  ])
  func aShellReadsTheCommandBack(path: String) throws {
    let build = BuildInstructions(
      origins: [MemberOrigin(path: path, members: names, holdsModels: true)],
      options: ["--mean", "0.5,0.5,0.5"], decision: path + "/decision.json")
    let single = try candidate(.single)
    let shown = path.hasPrefix("-") ? "./" + path : path
    #expect(
      try words(build.command(for: single)) == [
        "consort", "build-ensemble", shown, "--mean", "0.5,0.5,0.5", "--decision",
        shown + "/decision.json", "--candidate", single.id, "--out", "my-ensemble",
      ])
    #expect(build.advice(for: single) == nil)
  }

  @Test func onlyPlacesWithModelsAreBuiltFrom() throws {
    let mixed = try candidate(.mixed)
    let small = names.filter { $0.hasPrefix("wide-resnet-16-1") }
    let build = BuildInstructions(
      origins: [
        MemberOrigin(path: "runs/a", members: small, holdsModels: true),
        MemberOrigin(path: "others.json", members: names.subtracting(small), holdsModels: false),
      ], options: [], decision: "report/decision.json")
    let missing = build.missing(of: mixed)
    #expect(!missing.isEmpty && missing.allSatisfy { !small.contains($0) })
    #expect(build.command(for: mixed).hasPrefix("consort build-ensemble runs/a MODELS --decision"))
    let advice = try #require(build.advice(for: mixed))
    #expect(advice.contains("'\(missing[0])'") && advice.contains("in the place of MODELS"))
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let own = try #require(
      decision.candidates.first { $0.kind == .ensemble && Set($0.members).isSubset(of: small) })
    #expect(build.advice(for: own) == nil)
    #expect(build.command(for: own).hasPrefix("consort build-ensemble runs/a --decision"))
  }

  @Test func predictionsAloneAreSaidNotToBuild() throws {
    var content = try SyntheticReport.plain.get()
    content.context.origins = [
      MemberOrigin(path: "predictions", members: names, holdsModels: false)
    ]
    let decision = try #require(content.decision)
    let build = BuildInstructions(
      origins: content.context.origins, options: [], decision: "out/decision.json")
    #expect(
      build.command(for: decision.deployed)
        == "consort build-ensemble MODELS --decision out/decision.json --candidate "
        + "\(decision.chosen) --out my-ensemble")
    #expect(build.advice(for: decision.deployed)?.hasPrefix("Predictions alone cannot be") == true)
  }

  /// What was chosen is built, then served.
  @Test func whatComesNextEndsWithServing() throws {
    let content = try SyntheticReport.plain.get()
    let lines = NextSteps.text(content.decision, content.context, directory: "out")
      .split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasSuffix(" --out my-ensemble"))
    #expect(lines.last == "next: consort serve my-ensemble")
    #expect(NextSteps.text(nil, content.context, directory: "out") == "")
  }
}
