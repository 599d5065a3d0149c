import Ensembles
import Predictions
import Randomness
import ServingTestSupport
import Synchronization
import Testing

@testable import Serving

/// Loses a member for some images, as if it were elsewhere and did not answer.
struct LosingRunner: BatchRunner {
  let runner: any BatchRunner
  let member: Int
  let isLost: @Sendable (_ row: Int) -> Bool

  var batchSizes: [Int] { runner.batchSizes }

  func run(_ rows: [WaitingRow], isAlone: Bool) {
    var others: [WaitingRow] = []
    for row in rows {
      if isLost(row.row) {
        row.job.lose([row.row], of: member, because: .unreachable, "no answer")
      } else {
        others.append(row)
      }
    }
    if !others.isEmpty { runner.run(others, isAlone: isAlone) }
  }
}

/// Rounding differs a little from one size of a batch to another.
private let tolerance: Float = 1e-6

/// What is answered where members are lost.
@Suite struct MemberLossTests {
  private static let cascade = Combination(
    cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.7, 0.985]))
  private static let outputs = [
    "log_probabilities", "exit_stage", "members_run", "members_missing", "members",
  ]

  /// A combination of the others that differs from that of the whole.
  private static func reduction(without missing: [Int], of whole: Combination) -> Combination {
    var reduced = Combination(rule: whole.rule, temperature: 1.5 + Double(missing[0]))
    if whole.cascade != nil {
      // Before the lost member an image stops as it does in the whole.
      reduced.cascade = CascadeStops(
        confidence: .maximumProbability, confidenceThresholds: [missing[0] == 0 ? 0.9 : 0.7])
    }
    return reduced
  }

  private static func expectedService(
    of whole: Combination, reductions: [[Int]]
  ) -> ExpectedService {
    TinyEnsemble.expectedService(
      images: 100,
      AnswerCounts(
        exits: whole.cascade == nil ? nil : [50, 30, 20], confidenceBounds: [0.5, 0.9],
        confidences: [20, 30, 50], disagreements: 10),
      reductions: reductions.map {
        ($0, reduction(without: $0, of: whole), 0.5 + Double($0[0]) / 10)
      })
  }

  /// A server whose members are lost for the images that `isLost` names.
  private func served(
    _ combination: Combination = Combination(), reductions: [[Int]] = [[0], [1], [2]],
    whenLost: LossPolicy = .degrade,
    isLost: @escaping @Sendable (_ member: Int, _ row: Int) -> Bool
  ) throws -> ServedTinyEnsemble {
    try ServedTinyEnsemble(
      combination: combination,
      expectedService: Self.expectedService(of: combination, reductions: reductions)
    ) { options in
      options.whenLost = whenLost
      options.substituteRunner = { runner, member in
        LosingRunner(runner: runner, member: member) { isLost(member, $0) }
      }
    }
  }

  private func predictions(
    _ logProbabilities: [[Float]], rows: [Int], members: [Int]
  ) throws -> [Predictions] {
    try members.map { member in
      try Predictions(
        name: "m\(member)", network: "n", multiplyAccumulates: 1, parameters: 1, split: "s",
        fingerprint: "f",
        logProbabilities: rows.flatMap { logProbabilities[member][$0 * 5..<($0 + 1) * 5] },
        labels: [Int64](repeating: 0, count: rows.count), classes: 5)
    }
  }

  /// What `combination` makes of one image of some members: log-probabilities, and the exit among them.
  private func expected(
    _ combination: Combination, _ logProbabilities: [[Float]], row: Int, members: [Int]
  ) throws -> (values: [Float], exit: Int) {
    let parts = try predictions(logProbabilities, rows: [row], members: members)
    return (
      try combination.combine(parts, name: "e").withLogProbabilities { Array($0) },
      try combination.exits(parts)[0]
    )
  }

  private struct Answer {
    let values: [[Float]]
    let exits, run: [Int]
    let missing: [String]
    let members: [Float]
    let parameters: Parameters
  }

  private func answer(
    _ served: ServedTinyEnsemble, _ images: [Float], parameters: String = ""
  ) async throws -> Answer {
    let request = try ServedTinyEnsemble.request(
      images, outputs: Self.outputs, parameters: parameters)
    let answer = try await served.answer(request).get()
    let found = answer.outputs.map(\.tensor)
    let values: [Float] = try #require(found[0].values())
    let exits: [Int32] = try #require(found[1].values())
    let run: [Int32] = try #require(found[2].values())
    return Answer(
      values: stride(from: 0, to: values.count, by: 5).map { Array(values[$0..<$0 + 5]) },
      exits: exits.map(Int.init), run: run.map(Int.init),
      missing: (0..<exits.count).map { row in
        String(decoding: found[3].elements?[row].array ?? [], as: UTF8.self)
      },
      members: try #require(found[4].values()), parameters: answer.parameters)
  }

  private func expectSame(
    _ found: [Float], _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest <= tolerance, sourceLocation: sourceLocation)
  }

  @Test func imagesAreAnsweredByWhatIsLeftForEach() async throws {
    let served = try served { member, row in member == row % 4 }
    let images = TinyEnsemble.images(8, seed: 3)
    let said = try served.ensemble.logProbabilities(of: images)
    let answer = try await answer(served, images)
    for row in 0..<8 {
      let missing = row % 4
      let left = (0..<3).filter { $0 != missing }
      let combination =
        missing == 3
        ? Combination() : Self.reduction(without: [missing], of: Combination())
      expectSame(
        answer.values[row], try expected(combination, said, row: row, members: left).values)
      #expect(answer.missing[row] == (missing == 3 ? "" : "member-\(missing)"))
      #expect(answer.run[row] == left.count)
      #expect(answer.exits[row] == (missing == 2 ? 2 : 3))
      for member in 0..<3 {
        let place = (row * 3 + member) * 5
        let sum = answer.members[place..<place + 5].reduce(0, +)
        #expect(member == missing ? sum == 0 : abs(sum - 1) < 1e-5)
      }
    }
    #expect(
      answer.parameters == [
        "degraded": .boolean(true), "members_missing": .string("member-0,member-1,member-2"),
        "expected_accuracy": .number(0.5),
      ])
    let measured = try #require(served.server.measurements.first)
    #expect(
      measured.degraded
        == (0..<3).map {
          DegradedCount(
            missing: ["member-\($0)"], images: 2, expectedAccuracy: 0.5 + Double($0) / 10)
        })
    #expect(measured.losses == [["unreachable": 2], ["unreachable": 2], ["unreachable": 2]])
    #expect(measured.memberImages == [6, 6, 6])
    #expect(measured.lossDetails == ["no answer", "no answer", "no answer"])
  }

  @Test func imagesThatLackNothingHaveTheVerySameAnswer() async throws {
    let images = TinyEnsemble.images(6, seed: 3)
    let whole = try await answer(try self.served { _, _ in false }, images)
    #expect(whole.parameters.isEmpty)
    #expect(whole.missing == [String](repeating: "", count: 6))
    // A batch of one has other bits than one of four: the images that lack nothing are the same in both.
    let degraded = try await answer(
      try self.served { member, row in member == 1 && row == 5 }, images)
    for row in 0..<5 { expectSame(degraded.values[row], whole.values[row]) }
    #expect(degraded.values[5] != whole.values[5])
    #expect(degraded.parameters["members_missing"] == .string("member-1"))
    #expect(degraded.parameters["expected_accuracy"] == .number(0.6))
  }

  @Test func withoutAMeasuredReductionNothingIsAnswered() async throws {
    let images = try ServedTinyEnsemble.request(TinyEnsemble.images(4, seed: 3))
    let lacking = try served(reductions: [[0], [2]]) { member, _ in member == 1 }
    #expect(await lacking.answer(images).failure == .membersLost(["member-1"]))
    let failing = try served(whenLost: .fail) { member, _ in member == 1 }
    #expect(await failing.answer(images).failure == .membersLost(["member-1"]))
    #expect(failing.server.measurements[0].failures[.backend] == 1)
    #expect(failing.server.imageCount == 0)
    #expect(failing.server.isReady)
  }

  @Test func twoMembersLostOnOneImageAreNamed() async throws {
    let images = TinyEnsemble.images(4, seed: 3)
    let served = try served { member, row in member != 1 && row == 2 }
    let request = try ServedTinyEnsemble.request(images)
    #expect(await served.answer(request).failure == .membersLost(["member-0", "member-2"]))
    // Of different images they may be two.
    let other = try self.served { member, row in member == row && row != 1 }
    #expect(try await answer(other, images).missing == ["member-0", "", "member-2", ""])
  }

  @Test(arguments: 0..<3) func aCascadeSkipsALostStage(_ lost: Int) async throws {
    let images = TinyEnsemble.images(40, seed: 4)
    let served = try served(Self.cascade) { member, _ in member == lost }
    let said = try served.ensemble.logProbabilities(of: images)
    let answer = try await answer(served, images)
    let all = try await self.answer(served, images, parameters: #""all_members": true"#)
    let left = (0..<3).filter { $0 != lost }
    let reduced = Self.reduction(without: [lost], of: Self.cascade)
    var exits: Set<Int> = []
    for row in 0..<40 {
      let whole = try expected(Self.cascade, said, row: row, members: [0, 1, 2])
      let isWhole = whole.exit < lost
      let other = try expected(reduced, said, row: row, members: left)
      expectSame(answer.values[row], isWhole ? whole.values : other.values)
      let exit = isWhole ? whole.exit : left[other.exit]
      exits.insert(exit)
      #expect(answer.exits[row] == exit + 1)
      #expect(answer.run[row] == (0...exit).count { $0 != lost })
      #expect(answer.missing[row] == (isWhole ? "" : "member-\(lost)"))
      // With all members run the answer is the same, and each image lacks the member.
      expectSame(all.values[row], answer.values[row])
      #expect(all.exits[row] == answer.exits[row])
      #expect(all.run[row] == 2)
      #expect(all.missing[row] == "member-\(lost)")
    }
    #expect(exits.count == 2, "images stop at one stage only, and the test shows nothing")
    #expect(answer.parameters == all.parameters)
    #expect(answer.parameters["degraded"] == .boolean(true))
    let degraded = served.server.measurements[0].degraded
    #expect(degraded.map(\.missing) == [["member-\(lost)"]])
    #expect(degraded.map(\.images) == [2 * answer.missing.count { !$0.isEmpty }])
  }

  @Test func aPrefixOfACascadeIsWholeOrRefused() async throws {
    let images = TinyEnsemble.images(40, seed: 4)
    let whole = try self.served(Self.cascade) { _, _ in false }
    let short = #""max_stages": 2"#
    for more in ["", #", "all_members": true"#] {
      let before = try await answer(whole, images, parameters: short + more)
      let beyond = try self.served(Self.cascade) { member, _ in member == 2 }
      let after = try await answer(beyond, images, parameters: short + more)
      #expect(after.parameters.isEmpty)
      #expect(after.exits == before.exits)
      for row in 0..<40 { expectSame(after.values[row], before.values[row]) }
      let within = try self.served(Self.cascade) { member, _ in member == 1 }
      let request = try ServedTinyEnsemble.request(images, parameters: short + more)
      #expect(await within.answer(request).failure == .membersLost(["member-1"]))
      let first = try await answer(within, images, parameters: #""max_stages": 1"#)
      #expect(first.parameters.isEmpty)
    }
  }

  @Test(arguments: [Combination(), cascade])
  func whateverIsLostTheAnswerIsThatOfTheOthers(_ combination: Combination) async throws {
    // Another member or none for each image and request.
    let lost = Mutex(RandomStream(seed: 31))
    let served = try served(combination) { _, _ in lost.withLock { $0.integer(below: 6) == 0 } }
    let all = TinyEnsemble.images(30, seed: 32)
    let said = try served.ensemble.logProbabilities(of: all)
    try await withThrowingTaskGroup(of: (answered: Int, degraded: Int).self) { group in
      for client in 0..<8 {
        group.addTask {
          var counts = (answered: 0, degraded: 0)
          var stream = RandomStream(seed: 33, UInt64(client))
          for _ in 0..<20 {
            let first = stream.integer(below: 26)
            let rows = first..<first + 1 + stream.integer(below: 4)
            let size = TinyEnsemble.imageSize
            let images = Array(all[rows.lowerBound * size..<rows.upperBound * size])
            guard let answer = try? await answer(served, images) else { continue }
            counts.answered += 1
            for (place, row) in rows.enumerated() {
              let missing = (0..<3).filter { answer.missing[place] == "member-\($0)" }
              let used =
                missing.isEmpty
                ? combination : Self.reduction(without: missing, of: combination)
              let left = (0..<3).filter { !missing.contains($0) }
              expectSame(
                answer.values[place], try expected(used, said, row: row, members: left).values)
              counts.degraded += missing.count
            }
          }
          return counts
        }
      }
      var counts = (answered: 0, degraded: 0)
      for try await found in group {
        counts.answered += found.answered
        counts.degraded += found.degraded
      }
      let measured = served.server.measurements[0]
      #expect(counts.degraded > 0)
      #expect(counts.degraded == measured.degraded.reduce(0) { $0 + $1.images })
      #expect(counts.answered < 160, "two are lost of no image, and the test shows less")
      #expect(counts.answered == Int(measured.statistics.requests.success.count))
      #expect(160 - counts.answered == measured.failures[.backend])
    }
    #expect(served.server.imageCount == 0)
  }

  @Test func countsGoOnWhereTheSameMembersAreLoadedAnew() async throws {
    let served = try served { member, _ in member == 1 }
    let request = try ServedTinyEnsemble.request(TinyEnsemble.images(2, seed: 3))
    _ = try await served.answer(request).get()
    try served.server.load("tiny", from: served.ensemble.directory.path)
    _ = try await served.answer(request).get()
    #expect(served.server.measurements[0].statistics.inferenceCount == 4)
    #expect(served.server.measurements[0].degraded.map(\.images) == [4])
    let other = try TinyEnsemble(at: "\(served.files.path)/other", members: 2)
    try served.server.load("tiny", from: other.directory.path)
    #expect(served.server.measurements[0].statistics.inferenceCount == 0)
  }

  @Test func saysHowLongInputsAndOutputsTook() async throws {
    let served = try served { _, _ in false }
    let request = try ServedTinyEnsemble.request(TinyEnsemble.images(8, seed: 3))
    _ = try await served.answer(request).get()
    let statistics = served.server.measurements[0].statistics
    #expect(statistics.requests.computeInput.count == 1)
    #expect(statistics.requests.computeInput.nanoseconds > 0)
    #expect(statistics.requests.computeOutput.nanoseconds > 0)
    #expect(statistics.batches.contains { $0.computeInput.nanoseconds > 0 })
  }
}
