import Deployment

import Foundation
import Predictions
import ServingTestSupport
import Statistics
import TestSupport
import Testing

@testable import Ensembles
@testable import Serving

/// Sets and abstentions in a server's answers.
@Suite struct AnswerLimitsTests {
  private static let cascade = Combination(
    cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.5, 0.9]))

  /// Sets of one to some classes, and answers above a probability that some of the random images have.
  private static func limits(isPromised: Bool, threshold: Double = 0.6) throws -> AnswerLimits {
    let calibration = try Predictions(
      name: "c", network: "n", multiplyAccumulates: 1, parameters: 1, split: "s",
      fingerprint: "f", logProbabilities: [0, -.infinity], labels: [0], classes: 2)
    return AnswerLimits(
      calibration: calibration.identity, isPromised: isPromised,
      sets: ConformalPredictor(
        score: ConformalScore(.adaptive), missRate: 0.1, groupOfClass: nil,
        groups: [(images: 100, threshold: 0.8)]),
      abstention: AbstentionRule(
        threshold: threshold, error: 0.05, confidence: 0.95, images: 100, answered: 80, wrong: 0,
        levels: 1))
  }

  private static func load(_ limits: AnswerLimits, into served: ServedTinyEnsemble) throws {
    var manifest = served.ensemble.directory.manifest
    manifest.version = EnsembleManifest.knownVersions.upperBound
    manifest.answerLimits = limits
    let path = served.ensemble.directory.path
    try JSONEncoder().encode(manifest).write(
      to: URL(fileURLWithPath: "\(path)/\(EnsembleDirectory.manifestName)"))
    try served.server.load("tiny", from: path)
  }

  private struct Answer {
    let values: [[Float]]
    let sets: [[Bool]]
    let abstains: [Bool]
    let parameters: Parameters
  }

  private func answer(
    _ served: ServedTinyEnsemble, _ images: [Float], parameters: String = ""
  ) async throws -> Answer {
    let request = try ServedTinyEnsemble.request(
      images, outputs: ["log_probabilities", "prediction_set", "abstain"],
      parameters: parameters)
    let answer = try await served.answer(request).get()
    func rows<Element>(_ all: [Element]) -> [[Element]] {
      stride(from: 0, to: all.count, by: 5).map { Array(all[$0..<$0 + 5]) }
    }
    func flags(_ place: Int) -> [Bool] {
      let tensor = answer.outputs[place].tensor
      return tensor.type == .bool ? tensor.bytes.withBytes { $0.map { $0 == 1 } } : []
    }
    let values: [Float] = try #require(answer.outputs[0].tensor.values())
    return Answer(
      values: rows(values), sets: rows(flags(1)), abstains: flags(2),
      parameters: answer.parameters)
  }

  /// Where costs make another class the answer, sureness stays that of the most probable one, and nothing is promised of answers.
  @Test func costsLeaveNoPromiseOfAnswers() async throws {
    let costs = try ErrorCosts(
      names: ["a", "b", "c", "d", "e"],
      rows: (0..<5).map { label in (0..<5).map { $0 == label ? 0.0 : label == 2 ? 200 : 1 } })
    let served = try ServedTinyEnsemble(errorCosts: costs)
    let limits = try Self.limits(isPromised: true)
    try Self.load(limits, into: served)
    let found = try await answer(served, TinyEnsemble.images(12, seed: 3))
    let rule = try #require(limits.abstention)
    #expect(
      found.abstains == found.values.map { !rule.answers(Double(exp($0.max() ?? 0))) })
    #expect(found.parameters["promised"] == .boolean(false))
  }

  @Test(arguments: [true, false])
  func areThoseOfTheLibrary(_ isPromised: Bool) async throws {
    let served = try ServedTinyEnsemble(combination: Self.cascade)
    let limits = try Self.limits(isPromised: isPromised)
    try Self.load(limits, into: served)
    let found = try await answer(served, TinyEnsemble.images(12, seed: 3))
    #expect(found.sets.count == 12 && found.abstains.count == 12)
    for (row, values) in found.values.enumerated() {
      let classes = (0..<5).filter { found.sets[row][$0] }
      #expect(classes == limits.sets.classes(values).sorted())
      let rule = try #require(limits.abstention)
      #expect(found.abstains[row] != rule.answers(Double(exp(values.max() ?? 0))))
    }
    #expect(Set(found.abstains) == [true, false], "the images must differ for a test")
    #expect(
      found.parameters == [
        "promised": .boolean(isPromised), "coverage": .number(0.9), "error": .number(0.05),
        "confidence": .number(0.95),
      ])
  }

  @Test func areListedAndGivenOnlyWhereTheyAreAsked() async throws {
    let served = try ServedTinyEnsemble()
    func names() throws -> [String] { try served.server.metadata(of: "tiny").outputs.map(\.name) }
    #expect(try !names().contains("prediction_set"))
    let asked = try ServedTinyEnsemble.request(
      TinyEnsemble.images(1, seed: 1), outputs: ["prediction_set"])
    #expect(await served.answer(asked).failure != nil)
    try Self.load(Self.limits(isPromised: true), into: served)
    #expect(try names().suffix(2) == ["prediction_set", "abstain"])
    let usual = try await served.answer(
      ServedTinyEnsemble.request(TinyEnsemble.images(1, seed: 1))
    ).get()
    #expect(
      usual.outputs.map(\.tensor.name)
        == ["probabilities", "label", "exit_stage", "members_run"])
    #expect(usual.parameters.isEmpty)
  }

  @Test func promiseNothingOfACascadeThatTheRequestStops() async throws {
    let served = try ServedTinyEnsemble(combination: Self.cascade)
    try Self.load(Self.limits(isPromised: true), into: served)
    let found = try await answer(
      served, TinyEnsemble.images(4, seed: 3), parameters: #""max_stages": 1"#)
    #expect(found.sets.allSatisfy { $0 == [true, true, true, true, true] })
    #expect(found.abstains == [true, true, true, true])
    #expect(found.parameters["promised"] == .boolean(false))
  }

  @Test func promiseNothingOfImagesThatLackAMember() async throws {
    let service = TinyEnsemble.expectedService(
      images: 100,
      AnswerCounts(
        exits: nil, confidenceBounds: [0.5, 0.9], confidences: [20, 30, 50], disagreements: 10),
      reductions: [([1], Combination(temperature: 2), 0.6)])
    let served = try ServedTinyEnsemble(expectedService: service) { options in
      options.whenLost = .degrade
      options.substituteRunner = { runner, member in
        LosingRunner(runner: runner, member: member) { member == 1 && $0 == 2 }
      }
    }
    try Self.load(Self.limits(isPromised: true), into: served)
    let found = try await answer(served, TinyEnsemble.images(4, seed: 3))
    #expect(found.sets[2] == [true, true, true, true, true] && found.abstains[2])
    #expect(found.sets[1] != [true, true, true, true, true])
    #expect(found.parameters["promised"] == .boolean(false))
    #expect(found.parameters["degraded"] == .boolean(true))
  }
}
