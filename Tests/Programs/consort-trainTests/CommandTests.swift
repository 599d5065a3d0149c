import Foundation
import TestSupport
import Testing

/// Where `make setup` puts the dependencies.
private let dependencies = checkout.appendingPathComponent(".deps").path

@Suite struct CommandTests {
  @Test(arguments: ["train", "demo"]) func helpComesThroughConsort(command: String) throws {
    let help = try Consort(["help", command])
    #expect(help.status == 0 && help.errors == "")
    #expect(help.output.contains("usage: consort \(command) "))
    for option in ["--out DIR", "--devices NAMES", "--members NAMES", "--threads N"] {
      #expect(help.output.contains("\n  \(option) "))
    }
    #expect(help.output.contains("\n  --data DIR ") == (command == "train"))
    #expect(try Consort([command, "--help"]).output == help.output)
  }

  @Test func misuseHasStatus2() throws {
    let run = try Consort(["train"])
    #expect(run.status == 2 && run.output == "")
    #expect(run.errors.hasPrefix("consort: error: EXPERIMENT is missing"))
    #expect(try Consort(["demo", "x"]).status == 2)
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: dependencies + "/python/vl_convert"),
      "the chart renderer is not installed: run `make setup`"))
  func theFrontierOfARunIsReported() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.finishedRun().write(to: "\(directory)/runs/tiny")
      let run = try Consort(
        ["frontier", "runs/tiny"], environment: ["CONSORT_DEPS": dependencies],
        directory: directory)
      #expect(run.status == 0 && !run.errors.contains("error"), "\(run.errors)")
      let lines = run.output.split(separator: "\n").map(String.init)
      #expect(lines.first?.hasPrefix("network") == true)
      #expect(lines.filter { $0.hasPrefix("wide-resnet-10-1 ") }.count == 2)
      #expect(lines.contains("written: runs/tiny/frontier"))
      #expect(lines.last == "next: consort report runs/tiny")
      #expect(
        FileManager.default.fileExists(
          atPath: "\(directory)/runs/tiny/frontier/frontier.svg"))
    }
  }
}
