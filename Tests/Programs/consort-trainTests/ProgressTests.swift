import Foundation
import TestSupport
import Testing

@Suite struct ProgressTests {
  private let percent = #"(100|\d+\.\d) %"#

  @Test func plainLinesElsewhereThanOnATerminal() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(), in: directory)
      let run = try TinyExperiment.train(in: directory)
      #expect(run.status == 0 && run.errors == "")
      #expect(!run.output.contains("\u{1B}") && !run.output.contains("\r"))
      let lines = run.output.split(separator: "\n").map(String.init)
      let expected =
        TinyExperiment.members.flatMap { member in
          (1...2).map { epoch in
            #"\#(member)  epoch \#(epoch)/2  loss \d\.\d{3}  train \#(percent)  hold-out \#(percent)  "#
              + #"[\d,]+ images/s  \d+:\d\d left"#
          } + ["\(member)  trained, test \(percent)"]
        } + ["next: consort report runs/tiny"]
      #expect(lines.count == expected.count)
      for (line, pattern) in zip(lines, expected) {
        #expect(try Regex(pattern).wholeMatch(in: line) != nil, "\(line)")
      }
    }
  }

  private func show(
    columns: Int, rows: Int, jobs: Int = 1, in directory: String
  ) throws -> Screen {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/in_terminal.py").path
    let command = try [Consort.path()] + TinyExperiment.command + ["--jobs", "\(jobs)"]
    let run = try Consort(
      ["python3", script, "\(columns)", "\(rows)"] + command, program: "/usr/bin/env",
      directory: directory)
    #expect(run.status == 0 && run.errors == "")
    return Screen(showing: run.output)
  }

  @Test func aLiveLineAMemberOnATerminal() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(epochs: 8), in: directory)
      let screen = try show(columns: 80, rows: 24, in: directory)
      #expect(screen.strange == [])
      // In the end there is what stays: a line a member.
      #expect(screen.lines.count == 3)
      for (line, member) in zip(screen.lines, TinyExperiment.members) {
        #expect(try Regex("\(member)  trained, test \(percent)").wholeMatch(in: line) != nil)
      }
      #expect(screen.lines.last == "next: consort report runs/tiny")
      // The heads, the member at work and the one that waits; no line reaches the last column.
      let epoch5 = try #require(screen.frames.first { $0.contains { $0.contains("  5/8  ") } })
      try #require(epoch5.count >= 3)
      #expect(
        epoch5[0]
          == "member              epoch               left   loss   train  hold-out  images/s")
      #expect(
        try Regex(
          #"wide-resnet-10-1-0    5/8  \[[= ]{6,8}\] +\d+:\d\d +\d\.\d{3} +\#(percent) +\#(percent) +[\d,]+"#
        ).wholeMatch(in: epoch5[1]) != nil, "\(epoch5[1])")
      #expect(epoch5[2] == "wide-resnet-10-1-1  waiting")
      let whole = #"0 of 2 members complete, [\d,]+ images/s, about \d+:\d\d left"#
      #expect(try Regex(whole).wholeMatch(in: try #require(epoch5.last { $0 != "" })) != nil)
      #expect(screen.frames.allSatisfy { $0.allSatisfy { $0.count < 80 } })
      // The figures of an epoch stand until the next one has some.
      #expect(!screen.frames.contains { $0.contains { $0.contains(" 0.000 ") } })
      // The first member's end stays above the second one's progress.
      let second = try #require(screen.frames.last { $0.contains { $0.contains("  8/8  ") } })
      #expect(second[0].hasPrefix("wide-resnet-10-1-0  trained, test "))
    }
  }

  @Test func namesShorterThanTheirHeadAreShown() throws {
    try Consort.withDirectory { directory in
      let network = """
        {"name": "a", "input": {"channels": 3, "height": 8, "width": 8}, "layers":
        [{"name": "p", "inputs": ["input"], "operation": {"globalAveragePool": {}}},
        {"name": "h", "inputs": ["p"], "operation": {"linear": {"outputs": 10}}}]}
        """
      try TinyExperiment.write(
        TinyExperiment.json(epochs: 8).replacing("\"wide-resnet-10-1\"", with: network),
        in: directory)
      let screen = try show(columns: 80, rows: 24, in: directory)
      #expect(screen.frames.contains { $0.contains { $0.hasPrefix("member  epoch") } })
      let lines = screen.frames.flatMap { $0 }
      #expect(lines.contains { $0.prefixMatch(of: #/a-0 {7}\d/8 /#) != nil })
      #expect(screen.lines.first?.hasPrefix("a-0     trained, test ") == true)
    }
  }

  @Test func membersSideBySideHaveALineEach() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(epochs: 8), in: directory)
      let screen = try show(columns: 80, rows: 24, jobs: 2, in: directory)
      #expect(screen.strange == [])
      #expect(screen.lines.count == 3 && screen.lines.last == "next: consort report runs/tiny")
      let both = screen.frames.first { frame in
        TinyExperiment.members.allSatisfy { member in
          frame.contains { $0.hasPrefix(member) && $0.contains("/8  [") }
        }
      }
      #expect(try #require(both)[0].hasPrefix("member "))
    }
  }

  @Test func aSmallTerminalHasTheImportantParts() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(count: 9), in: directory)
      let screen = try show(columns: 50, rows: 8, in: directory)
      #expect(screen.strange == [])
      #expect(screen.lines.count == 10)
      // What is redrawn is never higher than the terminal, or it could not be erased.
      let first = try #require(screen.frames.first { $0.contains { $0.contains("  1/2  ") } })
      #expect(first.filter { $0 != "" }.count < 8)
      #expect(first.contains("and 6 more"))
      #expect(first[0].hasPrefix("member              epoch     left   loss"))
      #expect(screen.frames.allSatisfy { $0.allSatisfy { $0.count < 50 } })
    }
  }
}
