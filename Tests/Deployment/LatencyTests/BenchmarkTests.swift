import Inference
import InferenceTestSupport
import Latency
import SearchRuns
import TestSupport
import Testing

@Suite struct BenchmarkTests {
  private static func benchmark(_ names: [String]) throws -> Benchmark {
    try Benchmark(
      files: names.map { modelFixture($0) }, imageSize: nil,
      output: ImageModel.OutputChoice())
  }

  private static func measure(_ names: [String], batches: [Int]) throws -> BenchmarkResults {
    try benchmark(names).measure(
      batches: batches, threads: [1], seconds: 0.01,
      options: InferenceOptions(threads: 1, cacheDirectory: nil), consort: "test")
  }

  /// A model that is given twice is run twice; those of one input share their images.
  @Test func modelsOfOneInputShareIt() throws {
    let names = ["logits", "softmax", "logits"]
    let results = try Self.measure(names, batches: [1, 2])
    #expect(results.modelsAtOnce == [2, 1] && results.cascade == nil)
    #expect(results.rows.map(\.batch) == [1, 2] && results.rows.allSatisfy { $0.runs > 0 })
    #expect(try Self.benchmark(names).notes.count == 1)
    #expect(try Self.benchmark(["logits", "softmax"]).notes.isEmpty)
  }

  /// What a model demands stands before what is asked for.
  @Test func aFixedBatchIsTaken() throws {
    let results = try Self.measure(["fixed-batch"], batches: [1, 8, 64])
    let fixed = try ImageModel(
      path: modelFixture("fixed-batch")
    ).input.fixedBatch
    #expect(results.rows.map(\.batch) == [try #require(fixed)])
  }

  /// Members of one network are timed once for all.
  @Test func membersOfANetworkShareATime() throws {
    var lines: [String] = []
    let found = try MemberLatencies(
      [
        TimedModel(members: ["a", "b"]) {
          try ImageModel(fixture: "logits")
        }
      ], progress: { lines.append($0) })
    #expect(Set(found.milliseconds.keys) == ["a", "b"])
    #expect(found.milliseconds["a"] == found.milliseconds["b"])
    #expect(found.conditions.contains("OpenVINO") && lines.count == 3)
  }
}

@Suite struct FinalistLatenciesTests {
  private static func read(_ text: String) throws -> FinalistLatencies? {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path)
    let name = search.finalistLatenciesPath.dropFirst(directory.path.count + 1)
    try directory.write(Array(text.utf8), to: String(name))
    do {
      return try FinalistLatencies(
        of: search, members: ["n": "n-0"], timing: .onRecord, progress: { _ in })
    } catch LatencyError.invalidLatencies(search.finalistLatenciesPath, let reason) {
      throw LatencyError.invalidLatencies(path: "record", reason: reason)
    }
  }

  @Test func whatIsOnRecordIsNotMeasured() throws {
    let found = try Self.read(#"{"conditions": "c", "milliseconds": {"n": 1.5}}"#)
    #expect(found?.conditions == "c" && found?.milliseconds == ["n": 1.5])
    #expect(
      throws: LatencyError.invalidLatencies(path: "record", reason: "a time is not above 0")
    ) { try Self.read(#"{"conditions": "c", "milliseconds": {"n": 0}}"#) }
    #expect(
      throws: LatencyError.invalidLatencies(
        path: "record", reason: "it is not as `consort report` writes it")
    ) { try Self.read("[]") }
    let directory = try TemporaryDirectory()
    #expect(
      try FinalistLatencies(
        of: SearchDirectory(path: directory.path), members: ["n": "n-0"], timing: .onRecord,
        progress: { _ in }) == nil)
  }
}
