import EnsembleTestSupport
import Foundation
import Predictions
import Statistics
import TestSupport
import Testing

@testable import Ensembles

@Suite struct NoveltyTests {
  private func check(
    _ found: NoveltyDetection, _ expected: LimitsFixture.Detection?, _ name: String
  ) throws {
    let expected = try #require(expected)
    let comment: Comment = "\(name)"
    expectClose(found.areaUnderROC, expected.areaUnderROC, within: 1e-6, comment)
    expectClose(found.precisionOfUnlike, expected.precisionOfUnlike, within: 1e-6, comment)
    expectClose(found.precisionOfKnown, expected.precisionOfKnown, within: 1e-6, comment)
    expectClose(found.falseAlarms, expected.falseAlarms, within: 1e-6, comment)
    expectClose(found.misses, expected.misses, within: 1e-6, comment)
    #expect(found.interval.lowerBound < found.areaUnderROC, comment)
    #expect(found.interval.upperBound > found.areaUnderROC, comment)
  }

  @Test func detectionIsScikitLearnsAndTorchUncertaintys() throws {
    let fixture = try LimitsFixture.load()
    let known = try NoveltyScores(of: LimitsFixture.members("test"), combinedBy: Combination())
    let unlike = try NoveltyScores(of: LimitsFixture.members("shifted"), combinedBy: Combination())
    #expect(Set(known.values.keys) == [.maximumProbability, .entropy, .mutualInformation])
    for (score, values) in known.values {
      let others = try #require(unlike.values[score])
      try check(
        NoveltyDetection(known: values, unlike: others), fixture.detection[score.rawValue],
        score.rawValue)
    }
    for (found, expected) in zip(known.values[.entropy] ?? [], fixture.entropies) {
      expectClose(found, expected, within: 1e-6)
    }
    for (found, expected) in zip(
      known.values[.mutualInformation] ?? [], fixture.mutualInformation)
    {
      expectClose(found, expected, within: 1e-6)
    }
    func rounded(_ values: [Double]) -> [Double] { values.map { ($0 * 10).rounded() / 10 } }
    try check(
      NoveltyDetection(
        known: rounded(known.values[.entropy] ?? []),
        unlike: rounded(unlike.values[.entropy] ?? [])), fixture.detection["rounded"], "rounded")
  }

  @Test func logitsGiveEnergyAndTheGreatestLogit() throws {
    let logits = [[2.0, 1, -1], [5, 5, 0]]
    let normalizers = logits.map { row in Float(log(row.map { exp($0) }.reduce(0, +))) }
    let probabilities = logits.map { row in
      row.map { exp($0) / row.map { exp($0) }.reduce(0, +) }
    }
    let known = try member("m", probabilities, labels: [0, 1]).withLogNormalizers(normalizers)
    let scores = try NoveltyScores(of: [known], combinedBy: Combination())
    #expect(scores.values[.mutualInformation] == nil)
    for (found, row) in zip(try #require(scores.values[.maximumLogit]), logits) {
      expectClose(found, -(row.max() ?? 0), within: 1e-6)
    }
    for (found, normalizer) in zip(try #require(scores.values[.energy]), normalizers) {
      expectClose(found, -Double(normalizer), within: 1e-6)
    }
    // One member's logits alone say nothing of the ensemble.
    let other = try member("n", probabilities, labels: [0, 1])
    let both = try NoveltyScores(of: [known, other], combinedBy: Combination())
    #expect(both.values[.energy] == nil && both.values[.mutualInformation] != nil)
  }

  @Test func aCascadeIsScoredByTheMembersThatRan() throws {
    let sure = try member("a", [[0.99, 0.01], [0.6, 0.4]], labels: [0, 0])
    let other = try member("b", [[0.01, 0.99], [0.2, 0.8]], labels: [0, 0])
    let cascade = Combination(
      cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.9]))
    let scores = try NoveltyScores(of: [sure, other], combinedBy: cascade)
    let information = try #require(scores.values[.mutualInformation])
    #expect(abs(information[0]) < 1e-9 && information[1] > 0.05)
    expectClose(try #require(scores.values[.maximumProbability])[0], 0.01, within: 1e-6)
  }

  @Test func figuresOfOneImageAndOfEqualsAreFinite() throws {
    for (known, unlike, area) in [
      ([1.0], [2.0], 1.0), ([2], [1], 0), ([1], [1], 0.5), ([1, 1, 1], [1, 1], 0.5),
    ] {
      let found = NoveltyDetection(known: known, unlike: unlike)
      #expect(found.areaUnderROC == area)
      #expect(found.interval.lowerBound >= 0 && found.interval.upperBound <= 1)
      let shares = [found.falseAlarms, found.misses].filter { $0 >= 0 && $0 <= 1 }
      #expect(shares.count == 2)
      #expect(found.precisionOfUnlike > 0 && found.precisionOfUnlike <= 1)
    }
    let certain = try member("m", [[1, 0], [0, 1]], labels: [0, 1])
    let other = try member("n", [[0, 1], [0, 1]], labels: [0, 1])
    let scores = try NoveltyScores(
      of: [certain, other], combinedBy: Combination(rule: .arithmeticMean))
    for values in scores.values.values { #expect(values.filter { $0.isFinite }.count == 2) }
    expectClose(try #require(scores.values[.mutualInformation])[0], log(2), within: 1e-6)
    #expect(scores.values[.mutualInformation]?[1] == 0)
  }

  @Test func logNormalizersAreWrittenAndRead() throws {
    let folder = try TemporaryDirectory()
    let known = try member("m", [[0.5, 0.5], [0.2, 0.8]], labels: [0, 1])
      .withLogNormalizers([1.5, -2])
    try known.write(to: "\(folder.path)/m.safetensors")
    let read = try Predictions(path: "\(folder.path)/m.safetensors")
    #expect(read.logNormalizers == [1.5, -2])
    #expect(try read.selecting([1]).logNormalizers == [-2])
    #expect(try read.renamed("n").inSplit("other").logNormalizers == [1.5, -2])
    #expect(throws: EnsembleError.self) { try known.withLogNormalizers([1]) }
    #expect(throws: EnsembleError.self) { try known.withLogNormalizers([1, .infinity]) }
  }
}
