import ArchitectureSearch
import Foundation
import SearchRuns
import TestSupport
import Testing

/// Searches that several workers share.
@Suite(.serialized) struct SharedSearchTests {
  /// What a search leaves, without times.
  private struct Outcome: Equatable {
    var evaluations: [EvaluationRecord]
    var found: [[String]]
    var accuracies: [Double]
    /// The finalists' weights and predictions, by their place.
    var tensors: [String: Data?]

    init(of directory: String) throws {
      let search = SearchDirectory(path: directory + "/runs/tiny")
      evaluations = try TinySearch.records(in: directory)
      found = try search.found().map(\.networks)
      accuracies = try search.found().map(\.holdOutAccuracy)
      tensors = try FileTree(search.finalists.membersPath).contents
        .filter { $0.key.hasSuffix(".safetensors") }
    }
  }

  private static let ofOneWorker = Result {
    var outcome: Outcome?
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory, finalists: TinySearch.finalists)
      let run = try Consort(TinySearch.command + ["--jobs", "1"], directory: directory)
      guard run.status == 0 else { throw TestSupportError(run.errors) }
      outcome = try Outcome(of: directory)
    }
    return try #require(outcome)
  }

  private func start(in directory: String) throws -> [RunningConsort] {
    try TinySearch.write(in: directory, finalists: TinySearch.finalists)
    return try (0..<2).map { _ in
      try RunningConsort(TinySearch.command + ["--jobs", "1"], directory: directory)
    }
  }

  private func isShared(_ directory: String) -> Bool {
    FileManager.default.fileExists(atPath: directory + "/runs/tiny/cohorts/000001.json")
  }

  @Test func twoWorkersLeaveTheRecordOfOne() throws {
    let expected = try Self.ofOneWorker.get()
    #expect(expected.evaluations.count >= 20 && !expected.tensors.isEmpty)
    try Consort.withDirectory { directory in
      for worker in try start(in: directory) {
        let run = try worker.finish()
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("report: runs/tiny/report/report.html"))
      }
      #expect(isShared(directory))
      #expect(try Outcome(of: directory) == expected)
      let names = try FileManager.default.contentsOfDirectory(atPath: directory + "/runs/tiny")
      #expect(Set(names).isDisjoint(with: ["workers", "leases", "tasks"]))
    }
  }

  /// One of them leads, and one of them helps: each is killed once.
  @Test(arguments: [0, 1]) func aWorkerThatIsKilledChangesNothing(number: Int) throws {
    let expected = try Self.ofOneWorker.get()
    try Consort.withDirectory { directory in
      let workers = try start(in: directory)
      #expect(workers[number].wait { _ in isShared(directory) })
      try workers[number].sendToTrainer(SIGKILL)
      #expect(try workers[number].finish().endedByKill)
      let run = try workers[1 - number].finish()
      #expect(run.status == 0, "\(run.errors)")
      #expect(try Outcome(of: directory) == expected)
    }
  }
}
