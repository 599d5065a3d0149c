import Datasets
import Ensembles
import Foundation
import Predictions
import Randomness
import ServingTestSupport
import TestSupport
import Testing

@testable import Serving

/// Rounding differs a little from one size of a batch to another.
private let tolerance: Float = 1e-6

@Suite struct ModelServerTests {
  /// Thresholds between the confidences of the images of seed 4, so that some stop at each stage.
  private static let cascade = Combination(
    cascade: CascadeStops(
      confidence: .maximumProbability, confidenceThresholds: [0.7, 0.985]))

  private func predictions(_ logProbabilities: [[Float]]) throws -> [Predictions] {
    try logProbabilities.enumerated().map { index, values in
      try Predictions(
        name: "m\(index)", network: "n", multiplyAccumulates: 1, parameters: 1, split: "s",
        fingerprint: "f", logProbabilities: values,
        labels: [Int64](repeating: 0, count: values.count / TinyEnsemble.classes),
        classes: TinyEnsemble.classes)
    }
  }

  private func expectSame(_ found: [Float], _ expected: [Float]) {
    #expect(found.count == expected.count)
    let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest <= tolerance)
  }

  @Test func anAnswerIsTheCombinationOfTheMembers() async throws {
    let served = try ServedTinyEnsemble()
    let images = TinyEnsemble.images(7, seed: 3)
    let members = try served.ensemble.logProbabilities(of: images)
    let combined = try Combination().combine(predictions(members), name: "e")
    let request = try ServedTinyEnsemble.request(
      images, outputs: ["probabilities", "members", "label", "exit_stage", "members_run"])
    let answer = try await served.answer(request).get()
    #expect(answer.outputs.map(\.tensor.name) == request.outputs.map(\.name))
    expectSame(
      answer.outputs[0].tensor.values() ?? [],
      combined.withLogProbabilities { $0.map { exp($0) } })
    #expect(answer.outputs[1].tensor.shape.dimensions == [7, 3, 5])
    let expected = (0..<7).flatMap { row in
      members.flatMap { $0[row * 5..<(row + 1) * 5].map { exp($0) } }
    }
    expectSame(answer.outputs[1].tensor.values() ?? [], expected)
    let labels = (0..<7).map { row in
      answer.outputs[2].tensor.elements?[row].array.map { String(UnicodeScalar($0)) }.joined()
    }
    #expect(labels == combined.predictedClasses().map { ["a", "b", "c", "d", "e"][$0] })
    #expect(answer.outputs[3].tensor.values() == [Int32](repeating: 3, count: 7))
    #expect(answer.outputs[4].tensor.values() == [Int32](repeating: 3, count: 7))
  }

  /// The label is the class of the least expected cost where the ensemble says what errors cost; probabilities stay as they are.
  @Test func labelsAreDecidedByWhatErrorsCost() async throws {
    let names = ["a", "b", "c", "d", "e"]
    let costs = try ErrorCosts(
      names: names,
      rows: (0..<5).map { label in (0..<5).map { $0 == label ? 0.0 : label == 2 ? 200 : 1 } })
    let served = try ServedTinyEnsemble(errorCosts: costs)
    let images = TinyEnsemble.images(7, seed: 3)
    let members = try served.ensemble.logProbabilities(of: images)
    let combined = try Combination().combine(predictions(members), name: "e")
    let request = try ServedTinyEnsemble.request(images, outputs: ["label", "probabilities"])
    let answer = try await served.answer(request).get()
    let labels = (0..<7).map { row in
      answer.outputs[0].tensor.elements?[row].array.map { String(UnicodeScalar($0)) }.joined()
    }
    #expect(labels == costs.decisions(of: combined).map { names[$0] })
    #expect(labels != combined.predictedClasses().map { names[$0] })
    expectSame(
      answer.outputs[1].tensor.values() ?? [],
      combined.withLogProbabilities { $0.map { exp($0) } })
  }

  @Test func imagesOfACascadeStopWhereTheCombinationSays() async throws {
    let served = try ServedTinyEnsemble(combination: Self.cascade)
    let images = TinyEnsemble.images(40, seed: 4)
    let members = try predictions(served.ensemble.logProbabilities(of: images))
    let exits = try Self.cascade.exits(members)
    // All three are seen, or the test shows nothing.
    #expect(Set(exits) == [0, 1, 2])
    let combined = try Self.cascade.combine(members, name: "e")
    let request = try ServedTinyEnsemble.request(
      images, outputs: ["probabilities", "exit_stage", "members_run"])
    let answer = try await served.answer(request).get()
    let stages = exits.map { Int32($0 + 1) }
    #expect(answer.outputs[1].tensor.values() == stages)
    #expect(answer.outputs[2].tensor.values() == stages)
    expectSame(
      answer.outputs[0].tensor.values() ?? [],
      combined.withLogProbabilities { $0.map { exp($0) } })
    // With all members run, the answer is the same.
    let all = try ServedTinyEnsemble.request(
      images, outputs: ["probabilities", "exit_stage", "members_run"],
      parameters: #""all_members": true"#)
    let thorough = try await served.answer(all).get()
    #expect(thorough.outputs[1].tensor.values() == stages)
    #expect(thorough.outputs[2].tensor.values() == [Int32](repeating: 3, count: 40))
    expectSame(
      thorough.outputs[0].tensor.values() ?? [], answer.outputs[0].tensor.values() ?? [])
  }

  @Test func aCascadeEndsAfterTheStagesThatARequestAllows() async throws {
    let served = try ServedTinyEnsemble(combination: Self.cascade)
    let images = TinyEnsemble.images(40, seed: 4)
    let members = try served.ensemble.logProbabilities(of: images)
    let exits = try Self.cascade.exits(predictions(members))
    let request = try ServedTinyEnsemble.request(
      images, outputs: ["exit_stage"], parameters: #""max_stages": 2"#)
    #expect(
      try await served.values("exit_stage", request) == exits.map { Int32(min($0, 1) + 1) })
    let first = try ServedTinyEnsemble.request(
      images, outputs: ["log_probabilities"], parameters: #""max_stages": 1"#)
    expectSame(try await served.values("log_probabilities", first), members[0])
    let plain = try ServedTinyEnsemble()
    let refused = await plain.answer(
      try ServedTinyEnsemble.request(images, parameters: #""max_stages": 1"#))
    #expect(
      refused.failure == .badParameter(name: "max_stages", reason: "the model is not a cascade"))
  }

  @Test(arguments: [Combination(), cascade])
  func requestsOfManyClientsGetTheirOwnAnswers(_ combination: Combination) async throws {
    let served = try ServedTinyEnsemble(combination: combination)
    let all = TinyEnsemble.images(60, seed: 5)
    let expected = try combination.combine(
      predictions(served.ensemble.logProbabilities(of: all)), name: "e"
    ).withLogProbabilities { $0.map { exp($0) } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<8 {
        group.addTask {
          var stream = RandomStream(seed: 6, UInt64(client))
          for _ in 0..<25 {
            let first = stream.integer(below: 55)
            let count = 1 + stream.integer(below: 6)
            let places = (first..<min(first + count, 60))
            let size = TinyEnsemble.imageSize
            let request = try ServedTinyEnsemble.request(
              Array(all[places.lowerBound * size..<places.upperBound * size]),
              outputs: ["probabilities"])
            expectSame(
              try await served.values("probabilities", request),
              Array(expected[places.lowerBound * 5..<places.upperBound * 5]))
          }
        }
      }
      try await group.waitForAll()
    }
    let statistics = try served.server.statistics(of: "tiny").modelStatistics[0]
    #expect(statistics.requests.success.count == 200)
    #expect(statistics.requests.fail.count == 0)
  }

  @Test func oneFaultyRequestHarmsNoOther() async throws {
    let served = try ServedTinyEnsemble()
    var images = TinyEnsemble.images(2, seed: 7)
    let good = try ServedTinyEnsemble.request(images, outputs: ["probabilities"])
    images[TinyEnsemble.imageSize + 3] = .nan
    let bad = try ServedTinyEnsemble.request(images)
    async let first = served.answer(good)
    async let second = served.answer(bad)
    #expect(
      await second.failure
        == .badInput(name: "images", .notFinite(index: TinyEnsemble.imageSize + 3)))
    #expect(try await first.get().outputs.count == 1)
    #expect(served.server.imageCount == 0)
  }

  @Test func aFileThatIsNoImageIsNamed() async throws {
    let served = try ServedTinyEnsemble()
    let body =
      #"{"inputs": [{"name": "images", "datatype": "BYTES", "shape": [2], "data": ["x", "y"]}]}"#
    let request = try InferenceRequest(
      body: TensorBytes(copying: Array(body.utf8)), defaultID: "none")
    guard
      case .badInput(name: "images", .badImage(index: let index, _))? =
        await served.answer(request).failure
    else {
      Issue.record("another answer")
      return
    }
    #expect((0...1).contains(index))
    #expect(served.server.imageCount == 0)
  }

  @Test func whatDoesNotFitTheQueueIsRefused() async throws {
    let served = try ServedTinyEnsemble { $0.waitingImages = 3 }
    let request = try ServedTinyEnsemble.request(TinyEnsemble.images(4, seed: 1))
    #expect(
      await served.answer(request).failure
        == .badInput(name: "images", .tooManyImages(4, limit: 3)))
    #expect(
      await served.answer(try ServedTinyEnsemble.request(TinyEnsemble.images(3, seed: 1))).failure
        == nil)
  }

  @Test func aRequestWithoutTimeEndsAtOnceAndLeavesTheQueue() async throws {
    let served = try ServedTinyEnsemble(threads: 1)
    let images = TinyEnsemble.images(400, seed: 8)
    let request = try ServedTinyEnsemble.request(images, parameters: #""timeout": 1"#)
    #expect(await served.answer(request).failure == .deadlineExceeded)
    #expect(served.server.imageCount == 0)
    let after = try ServedTinyEnsemble.request(Array(images[..<TinyEnsemble.imageSize]))
    #expect(await served.answer(after).failure == nil)
  }

  @Test func aNewerEnsembleTakesThePlaceOfTheEarlier() async throws {
    let served = try ServedTinyEnsemble()
    let images = TinyEnsemble.images(2, seed: 9)
    let request = try ServedTinyEnsemble.request(images, outputs: ["log_probabilities"])
    let before: [Float] = try await served.values("log_probabilities", request)
    let other = try TinyEnsemble(at: "\(served.files.path)/other", seed: 2)
    try served.server.load("tiny", from: other.directory.path)
    let after: [Float] = try await served.values("log_probabilities", request)
    expectSame(
      after,
      try Combination().combine(
        predictions(other.logProbabilities(of: images)), name: "e"
      ).withLogProbabilities { Array($0) })
    #expect(before != after)
    #expect(throws: (any Error).self) { try served.server.load("tiny", from: "/nowhere") }
    #expect(try await served.values("log_probabilities", request) == after)
    #expect(served.server.unload("tiny"))
    #expect(!served.server.unload("tiny"))
    #expect(await served.answer(request).failure == .unknownModel("tiny"))
  }

  @Test func unknownVersionsAndOutputsAreNamed() async throws {
    let served = try ServedTinyEnsemble()
    let images = TinyEnsemble.images(1, seed: 1)
    let request = try ServedTinyEnsemble.request(images, outputs: ["logits"])
    guard case .badOutput(name: "logits", .unknown)? = await served.answer(request).failure else {
      Issue.record("another answer")
      return
    }
    #expect(
      await served.answer(try ServedTinyEnsemble.request(images), version: "2").failure
        == .unknownVersion(model: "tiny", version: "2"))
  }
}
