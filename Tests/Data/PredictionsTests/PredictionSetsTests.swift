import EnsembleTestSupport
import Testing

@testable import Predictions

@Suite struct PredictionSetsTests {
  private let rows = [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]]

  private func made(
    _ name: String, network: String = "net", macs: Int = 10, split: String = "test",
    fingerprint: String = "", rows: [[Double]]? = nil, labels: [Int64] = [0, 1, 1]
  ) throws -> Predictions {
    try member(
      name, network: network, macs: macs, split: split,
      fingerprint: fingerprint.isEmpty ? split : fingerprint, rows ?? self.rows, labels: labels)
  }

  private func error(
    holdOut: [Predictions], test: [Predictions], shifted: [Predictions]? = nil,
    latencies: [String: Double] = [:]
  ) -> EnsembleError? {
    #expect(throws: EnsembleError.self) {
      try PredictionSets(holdOut: holdOut, test: test, shifted: shifted, latencies: latencies)
    }
  }

  @Test func membersAreFoundByName() throws {
    let test = try ["a", "b"].map { try made($0) }
    let holdOut = try ["b", "extra", "a"].map { try made($0, split: "hold-out") }
    let sets = try PredictionSets(holdOut: holdOut, test: test, latencies: ["b": 2])
    #expect(sets.holdOut.map(\.name) == ["a", "b"] && sets.shifted == nil)
    #expect(sets.latencies(of: [1]) == [2] && sets.latencies(of: [0, 1]) == nil)
    #expect(try sets.costs(.multiplyAccumulates) == [10, 10])
    #expect(try sets.costs(.parameters) == [5, 5])
    let missing = EnsembleError.invalidArgument(
      name: "the latency of 'a'", value: "not known",
      expected:
        "a measured number of milliseconds (\"latencyMilliseconds\" of this member in the list that names 'a')"
    )
    #expect(throws: missing) { try sets.costs(.latency) }
  }

  @Test func testDataChoosesNothing() throws {
    let test = [try made("a")]
    let same = [try made("a", split: "hold-out", fingerprint: "test")]
    #expect(
      error(holdOut: same, test: test)
        == .testDataUsedToChoose(source: "a", fingerprint: "test"))
    // Known by their labels alone, which are equal.
    let labels = DataIdentity.fingerprint(ofLabels: [0, 1, 1])
    let known = [try made("a", split: "hold-out", fingerprint: labels)]
    guard case .testDataUsedToChoose = error(holdOut: known, test: test) else {
      Issue.record("equal labels are the same images")
      return
    }
    let others = [
      try made("a", split: "hold-out", fingerprint: "labels-sha256:1", labels: [1, 1, 0])
    ]
    #expect(throws: Never.self) { try PredictionSets(holdOut: others, test: test) }
    #expect(
      error(holdOut: others, test: test, shifted: others)
        == .testDataUsedToChoose(source: "a", fingerprint: "labels-sha256:1"))
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let test = try ["a", "b"].map { try made($0) }
    let holdOut = try ["a", "b"].map { try made($0, split: "hold-out") }
    #expect(error(holdOut: [], test: test) == .noMembers)
    #expect(error(holdOut: holdOut, test: []) == .noMembers)
    #expect(error(holdOut: holdOut, test: test, shifted: []) == .noMembers)
    #expect(
      error(holdOut: [holdOut[0]], test: test) == .missingMember(name: "b", given: ["a"]))
    #expect(
      error(holdOut: holdOut + [holdOut[0]], test: test)
        == .duplicateMember(name: "a", first: "a", second: "a"))
    #expect(
      error(holdOut: holdOut, test: [test[0], test[0]])
        == .duplicateMember(name: "a", first: "a", second: "a"))
    let wide = try ["a", "b"].map {
      try made(
        $0, split: "hold-out", rows: [[0.5, 0.25, 0.25], [0.5, 0.5, 0], [0, 0, 1]])
    }
    #expect(
      error(holdOut: wide, test: test)
        == .differentData(first: "a", second: "a", difference: "3 and 2 classes"))
    let unlike = [holdOut[0], try made("b", split: "hold-out", labels: [0, 1, 0])]
    #expect(
      error(holdOut: unlike, test: test)
        == .differentData(first: "a", second: "b", difference: "labels 1 and 0 of image 2"))
    let short = [holdOut[0], try made("b", split: "hold-out", rows: [[1, 0]], labels: [0])]
    #expect(
      error(holdOut: short, test: test)
        == .differentData(first: "a", second: "b", difference: "3 and 1 images"))
    let dear = [holdOut[0], try made("b", macs: 11, split: "hold-out")]
    #expect(
      error(holdOut: dear, test: test)
        == .differentCost(
          network: "net", first: "b", second: "b", difference: "network or its cost"))
    for latency in [0, -1, Double.nan, .infinity] {
      #expect(
        error(holdOut: holdOut, test: test, latencies: ["a": latency])
          == .invalidArgument(
            name: "the latency of 'a'", value: "\(latency)", expected: "a number above 0"))
    }
  }

  /// Files are named as files.
  @Test func filesAreNamed() throws {
    let (holdOut, test) = (try candidateMembers("hold-out"), try candidateMembers("test"))
    func name(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
    guard
      case .duplicateMember(_, let first, let second)? = error(
        holdOut: holdOut + [holdOut[2]], test: test),
      case .differentData(let whole, let odd, _)? = error(
        holdOut: holdOut.dropLast() + [test[5]], test: test),
      case .testDataUsedToChoose(let same, _)? = error(holdOut: test, test: test)
    else {
      Issue.record("other errors")
      return
    }
    #expect(name(first) == "hold-out-2.safetensors" && first == second)
    #expect(name(whole) == "hold-out-0.safetensors" && name(odd) == "test-5.safetensors")
    #expect(name(same) == "test-0.safetensors")
  }

  @Test func whatIsNoDistributionIsNamed() throws {
    for (row, reason) in [
      ([Double.nan, 1], "hold "), ([0.5, 0.4], "sum to 0."), ([0.9, 0.9], "sum to 1."),
    ] {
      let error = #expect(throws: EnsembleError.self) {
        try made("a", rows: [rows[0], rows[1], row])
      }
      guard case .notADistribution("a", 2, let found)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(found.contains(reason))
    }
  }
}
