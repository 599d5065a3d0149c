import Ensembles
import Foundation
import Predictions
import ServingTestSupport
import Testing

@testable import Serving

@Suite struct DriftMonitorTests {
  private static func expected(
    images: Int = 1000, exits: [Int]? = [600, 400], confidences: [Int] = [300, 700],
    disagreements: Int = 100
  ) -> ExpectedService {
    TinyEnsemble.expectedService(
      images: images,
      AnswerCounts(
        exits: exits, confidenceBounds: [0.5], confidences: confidences,
        disagreements: disagreements))
  }

  private func counts(_ exits: [Int]) -> TrafficCounts {
    let images = exits.reduce(0, +)
    return TrafficCounts(
      images: images,
      AnswerCounts(
        exits: exits, confidenceBounds: [0.5], confidences: [0, images], disagreements: 0))
  }

  @Test func blocksAreCountedInTheOrderOfArrival() throws {
    let monitor = try #require(DriftMonitor(Self.expected(), members: 2))
    let slow = monitor.enter(images: 1)
    let first = (0..<63).map { _ in monitor.enter(images: 1) }
    let second = monitor.enter(images: 100)
    for ticket in first { monitor.end(ticket, with: counts([1, 0])) }
    monitor.end(second, with: counts([60, 40]))
    // One image of the first block is not answered yet.
    #expect(monitor.report.images == 0)
    monitor.end(slow, with: counts([0, 1]))
    #expect(monitor.report.images == 164)
    #expect(monitor.report.observed?.exits == [123, 41])
    // The next block is not full.
    monitor.end(monitor.enter(images: 10), with: counts([10, 0]))
    #expect(monitor.report.images == 164)
    #expect(monitor.report.state == .gathering)
  }

  @Test func aBlockBesideWhichMembersWereLostIsLeftOut() throws {
    let monitor = try #require(DriftMonitor(Self.expected(), members: 2))
    for error in [ProtocolError.membersLost(["a"]), .deadlineExceeded, .internalFault("x")] {
      let good = monitor.enter(images: 64)
      monitor.end(good, with: counts([64, 0]))
      let whole = monitor.enter(images: 40)
      let lost = monitor.enter(images: 30)
      monitor.leave(lost, because: error)
      monitor.end(whole, with: counts([40, 0]))
    }
    #expect(monitor.report.images == 192)
    #expect(monitor.report.omittedImages == 120)
    // What is wrong with a request says nothing of the others.
    for error in [ProtocolError.cancelled, .missing(key: "x", place: "y")] {
      let whole = monitor.enter(images: 40)
      monitor.leave(monitor.enter(images: 30), because: error)
      monitor.end(whole, with: counts([40, 0]))
    }
    #expect(monitor.report.images == 272)
  }

  @Test func countsThatDoNotAddUpAreNotCompared() {
    #expect(DriftMonitor(nil, members: 2) == nil)
    #expect(DriftMonitor(Self.expected(), members: 3) == nil)
    #expect(DriftMonitor(Self.expected(exits: nil), members: 3) != nil)
    #expect(DriftMonitor(Self.expected(images: 0), members: 2) == nil)
    #expect(DriftMonitor(Self.expected(images: .max), members: 2) == nil)
    #expect(DriftMonitor(Self.expected(exits: [600, 300]), members: 2) == nil)
    #expect(DriftMonitor(Self.expected(exits: [1200, -200]), members: 2) == nil)
    #expect(DriftMonitor(Self.expected(confidences: [1000]), members: 2) == nil)
    #expect(DriftMonitor(Self.expected(disagreements: 1001), members: 2) == nil)
  }

  /// What the answers of a tiny cascade look like for some images, by `Combination` alone.
  private func answers(
    _ ensemble: TinyEnsemble, _ combination: Combination, _ images: [Float]
  ) throws -> AnswerCounts {
    let count = images.count / TinyEnsemble.imageSize
    let members = try ensemble.logProbabilities(of: images).enumerated().map { index, values in
      try Predictions(
        name: "m\(index)", network: "n", multiplyAccumulates: 1, parameters: 1, split: "s",
        fingerprint: "f", logProbabilities: values, labels: [Int64](repeating: 0, count: count),
        classes: TinyEnsemble.classes)
    }
    let exits = try combination.exits(members)
    let confidences = try combination.combine(members, name: "e").withLogProbabilities { values in
      (0..<count).map { row in exp(Double(values[row * 5..<(row + 1) * 5].max() ?? 0)) }
    }
    let classes = members.map { $0.predictedClasses() }
    return AnswerCounts(
      exits: (0..<3).map { stage in exits.count { $0 == stage } }, confidenceBounds: [0.8, 0.95],
      confidences: [
        confidences.count { $0 < 0.8 }, confidences.count { $0 >= 0.8 && $0 < 0.95 },
        confidences.count { $0 >= 0.95 },
      ],
      disagreements: (0..<count).count { row in
        Set(classes[...exits[row]].map { $0[row] }).count > 1
      })
  }

  @Test func theServerComparesItsTrafficWithTheHoldOut() async throws {
    let cascade = Combination(
      cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.7, 0.985]))
    let holdOut = TinyEnsemble.images(400, seed: 21)
    let plain = try ServedTinyEnsemble(combination: cascade)
    let answers = try answers(plain.ensemble, cascade, holdOut)
    let served = try ServedTinyEnsemble(
      combination: cascade,
      expectedService: TinyEnsemble.expectedService(images: 400, answers))
    #expect(plain.server.measurements[0].drift.state == .unknown)
    func send(_ images: [Float], parameters: String = "") async throws {
      let size = 50 * TinyEnsemble.imageSize
      for start in stride(from: 0, to: images.count, by: size) {
        let request = try ServedTinyEnsemble.request(
          Array(images[start..<min(start + size, images.count)]), parameters: parameters)
        _ = try await served.answer(request).get()
      }
    }
    func report() -> DriftReport { served.server.measurements[0].drift }
    #expect(report().state == .gathering)
    try await send(holdOut)
    #expect(report().images == 400)
    #expect(report().state == .asExpected)
    // Every image is counted as the hold-out is.
    let counted = try #require(report().observed)
    #expect(report().expected?.exits == answers.exits)
    #expect(zip(counted.exits, answers.exits ?? []).allSatisfy { $0 <= $1 })
    // Other answers are none by which the traffic is judged.
    try await send(holdOut, parameters: #""max_stages": 1"#)
    try await send(holdOut, parameters: #""all_members": true"#)
    #expect(report().images == 400)
    // Loading the same directory anew forgets nothing.
    try served.server.load("tiny", from: served.ensemble.directory.path)
    #expect(report().images == 400)
    try await send(TinyEnsemble.images(600, seed: 22).map { $0 * 8 })
    #expect(report().state == .drifted)
    #expect(!report().differences.isEmpty)
  }
}
