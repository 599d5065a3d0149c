import ArchitectureSearch
import Foundation
import SearchRuns
import TestSupport
import Testing

/// Whole searches of a few tiny networks, as a user runs them.
@Suite struct SearchTests {
  #if os(Linux)
    @Test func aKilledSearchEndsAsItWouldHaveWhateverTheJobs() throws {
      try Consort.withDirectory { directory in
        try TinySearch.write(in: directory, finalists: TinySearch.finalists)
        let whole = try Consort(TinySearch.command + ["--jobs", "1"], directory: directory)
        #expect(whole.status == 0, "\(whole.errors)")
        let expected = try TinySearch.records(in: directory)
        let search = SearchDirectory(path: directory + "/runs/tiny")
        let found = try search.found().map(\.networks)
        let predictions = try Data(
          contentsOf: URL(
            filePath: search.finalists.member(found[0][0] + "-1")
              .predictionsPath(split: "test")))
        try FileManager.default.removeItem(atPath: directory + "/runs")
        for kill in 1...6 {
          let killed = try Consort(
            TinySearch.command + ["--jobs", "2"],
            environment: KillSwitch.environment(.rename, 2 * kill),
            directory: directory)
          #expect(killed.endedByKill, "\(kill): \(killed.errors)")
        }
        let resumed = try Consort(TinySearch.command + ["--jobs", "2"], directory: directory)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try TinySearch.records(in: directory) == expected)
        #expect(try search.found().map(\.networks) == found)
        let again = try Data(
          contentsOf: URL(
            filePath: search.finalists.member(found[0][0] + "-1")
              .predictionsPath(split: "test")))
        #expect(again == predictions)
      }
    }
  #endif

  @Test func sharedWeightsThatWereKilledInTrainingEndAsTheyWouldHave() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory, evaluator: TinySearch.supernetwork)
      let whole = try Consort(TinySearch.command, directory: directory)
      #expect(whole.status == 0, "\(whole.errors)")
      let expected = try TinySearch.records(in: directory)
      #expect(expected.count == 24)
      try FileManager.default.removeItem(atPath: directory + "/runs")
      let running = try RunningConsort(TinySearch.command, directory: directory)
      let weights = directory + "/runs/tiny/supernetworks/0"
      #expect(running.wait { _ in FileManager.default.fileExists(atPath: weights) })
      running.send(SIGINT)
      #expect(try running.finish().status == 85)
      let resumed = try Consort(TinySearch.command, directory: directory)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(try TinySearch.records(in: directory) == expected)
    }
  }

  @Test func candidatesThatDivergeAreRecordedAndTheSearchGoesOn() throws {
    try Consort.withDirectory { directory in
      let diverging = TinySearch.proxy.replacingOccurrences(
        of: "\"batchSize\": 16",
        with:
          "\"batchSize\": 16, \"learningRate\": {\"kind\": \"oneCycle\", \"peak\": 1000, \"warmUp\": 0.1}"
      )
      try TinySearch.write(in: directory, evaluator: diverging)
      let result = try Consort(TinySearch.command, directory: directory)
      let records = try TinySearch.records(in: directory)
      // Two stages of eight and one of four; a second member has nothing to stand beside.
      #expect(records.count == 20)
      let failed = records.filter { $0.failure != nil }
      #expect(!failed.isEmpty)
      #expect(failed.allSatisfy { $0.failure?.contains("the loss is not finite") == true })
      #expect(failed.allSatisfy { $0.accuracy == nil })
      #expect(result.output.contains("failed"))
    }
  }

  @Test func aChangedSpaceIsRefusedOnResume() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory)
      #expect(try Consort(TinySearch.command, directory: directory).status == 0)
      let expected = try TinySearch.records(in: directory)
      try TinySearch.write(in: directory, channels: "[8, 12, 20]")
      let changed = try Consort(TinySearch.command, directory: directory)
      #expect(changed.status == 1)
      #expect(
        changed.errors.contains(
          "'runs/tiny' was made by another experiment (there 16, here 20): give another name or --out, or remove it"
        ), "\(changed.errors)")
      #expect(try TinySearch.records(in: directory) == expected)
    }
  }

  @Test func aTargetThatNoNetworkMeetsIsRefusedBeforeAnythingIsWritten() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory, target: 600_000_000)
      let result = try Consort(TinySearch.command, directory: directory)
      #expect(result.status == 1)
      #expect(
        result.errors.contains(
          "no network of the search space meets the cost target, 300.0 M MACs"),
        "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: directory + "/runs"))
    }
  }

  /// A table from `consort latencies`, whose range an impossible target is told; a target within it is searched for.
  @Test func aLatencyIsSearchedForByATable() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory, measure: "latency", target: 1e-6)
      let measured = try Consort(
        ["latencies", "plan.json", "--seconds", "0.01"], directory: directory)
      #expect(measured.status == 0, "\(measured.errors)")
      #expect(measured.output.contains("error on 16 whole networks: "))
      let byTable = TinySearch.command + ["--latencies", "latencies.json"]
      let impossible = try Consort(byTable, directory: directory)
      #expect(impossible.status == 1)
      let range = try #require(
        impossible.errors.firstMatch(of: /it reaches from ([0-9.]+) ms to ([0-9.]+) ms/))
      let bounds = [range.1, range.2].compactMap { Double($0) }
      // Of two members, each of the n-th part.
      try TinySearch.write(in: directory, measure: "latency", target: bounds[0] + bounds[1])
      let search = try Consort(byTable, directory: directory)
      #expect(search.status == 0, "\(search.errors)")
      let records = try TinySearch.records(in: directory)
      #expect(records.count == 24)
      let table = try JSONDecoder().decode(
        LatencyTable.self, from: Data(contentsOf: URL(filePath: directory + "/latencies.json")))
      let space = try SearchPlan(path: directory + "/plan.json").space.space
      for record in records {
        var cost = 0.0
        for member in record.members {
          cost += try #require(try table.latency(of: space.network(member)))
        }
        #expect(abs(record.cost - cost) < 1e-9 * cost)
      }
    }
  }

  #if os(Linux)
    @Test func aSearchKilledWhileItMeasuresLeavesNoneBehind() throws {
      try Consort.withDirectory { directory in
        try TinySearch.write(in: directory, measure: "latency", target: 1)
        let first = try RunningConsort(TinySearch.command, directory: directory)
        #expect(first.wait { $0.output.hasPrefix("measuring how long") })
        let latencies = directory + "/runs/tiny/latencies.json"
        // Another one waits, and measures once the first is gone.
        let second = try RunningConsort(TinySearch.command, directory: directory)
        #expect(second.wait { $0.output == "another worker measures: waiting for it\n" })
        first.send(SIGKILL)
        _ = try first.finish()
        #expect(!FileManager.default.fileExists(atPath: latencies))
        #expect(second.wait { $0.output.contains("\nmeasuring how long") })
        second.send(SIGKILL)
        _ = try second.finish()
        try DirectoryProcesses.waitForEnd(in: directory)
        #expect(!FileManager.default.fileExists(atPath: latencies))
      }
    }
  #endif

  /// Damaged files of architectures change nothing of what is found.
  @Test func damagedCandidatesAreTrainedAnew() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory)
      #expect(try Consort(TinySearch.command, directory: directory).status == 0)
      let expected = try TinySearch.records(in: directory)
      let candidates = directory + "/runs/tiny/candidates"
      let names = try FileManager.default.contentsOfDirectory(atPath: candidates)
      for name in names {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(candidates)/\(name)")
        // Also of those that stopped early.
        #expect(!files.contains { $0.hasPrefix("checkpoint-") }, "\(files)")
        for file in files where file.hasPrefix("predictions") {
          let url = URL(filePath: "\(candidates)/\(name)/\(file)")
          var bytes = try Data(contentsOf: url)
          bytes[bytes.count / 2] ^= 1
          try bytes.write(to: url)
        }
        // A checkpoint of nothing that can be used.
        try Data([1, 2, 3]).write(
          to: URL(filePath: "\(candidates)/\(name)/checkpoint-00000001.safetensors"))
      }
      try FileManager.default.removeItem(atPath: directory + "/runs/tiny/evaluations.jsonl")
      let again = try Consort(TinySearch.command, directory: directory)
      #expect(again.status == 0, "\(again.errors)")
      #expect(again.output.contains("it is trained again"))
      #expect(try TinySearch.records(in: directory) == expected)
    }
  }

  @Test func aTableForCountedCostsIsRefused() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory)
      let result = try Consort(
        TinySearch.command + ["--latencies", "l.json"], directory: directory)
      #expect(result.status == 2)
      #expect(
        result.errors.contains("'plan.json' counts multiply-accumulates: leave --latencies out"))
    }
  }
}
