import EnsembleTestSupport
import Files
import Predictions
import TestSupport
import Testing

@testable import Ensembles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `Fixtures/make_errors.py` computed.
private struct ExpectedErrors: Decodable {
  struct Share: Decodable {
    let name: String
    let images: Int
    let accuracy: Double
    let own, interval: [Double]
  }

  struct Decided: Decodable {
    let predicted: [Int]
    let meanCost, meanCostOfMostProbable: Double
  }

  struct Profile: Decodable {
    let confusion: [[Int]]
    let balancedAccuracy: Double
    let recalls, precisions: [Double]
    let byClass, byPrediction: [Share]
    let costs, nearlyZeroOne: Decided
  }

  struct Difference: Decodable {
    let name: String
    let images, onlyFirst, onlySecond: Int
    let pValue, correctedPValue: Double
    let interval: [Double]
  }

  let labels: [Int64]
  let groups: [String]
  let first, second: [[Float]]
  let costs, nearlyZeroOne: [[Double]]
  let firstProfile, secondProfile: Profile
  let byClass, byGroup: [Difference]

  static func load() throws -> ExpectedErrors {
    let file = try MappedFile(path: fixture("errors.json", of: "Ensembles/EnsemblesTests"))
    return try JSONDecoder().decode(ExpectedErrors.self, from: file.withBytes { Data($0) })
  }

  func predictions(_ rows: [[Float]]) throws -> Predictions {
    try Predictions(
      name: "net", network: "net", multiplyAccumulates: 1, parameters: 1, split: "test",
      fingerprint: "data", logProbabilities: rows.flatMap(\.self), labels: labels, classes: 8)
  }
}

/// By class and by group, as scikit-learn and statsmodels have it.
@Suite struct ErrorTests {
  private let expected: ExpectedErrors
  private let names = (0..<8).map(String.init)

  init() throws { expected = try ExpectedErrors.load() }

  private func pairs() throws -> [(Predictions, ExpectedErrors.Profile)] {
    [
      (try expected.predictions(expected.first), expected.firstProfile),
      (try expected.predictions(expected.second), expected.secondProfile),
    ]
  }

  @Test func confusionMatrices() throws {
    for (predictions, expected) in try pairs() {
      let matrix = ConfusionMatrix(of: predictions)
      var dense = Array(repeating: Array(repeating: 0, count: 8), count: 8)
      for cell in matrix.cells { dense[cell.label][cell.predicted] = cell.count }
      #expect(dense == expected.confusion)
      #expect(matrix.cells.allSatisfy { $0.count > 0 })
      expectClose(matrix.balancedAccuracy, expected.balancedAccuracy, within: 1e-12)
      let worst = expected.confusion.enumerated().flatMap { label, row in
        row.enumerated().filter { $0.offset != label }.map(\.element)
      }
      #expect(matrix.confusions.map(\.count) == worst.filter { $0 > 0 }.sorted(by: >))
    }
  }

  @Test func recallsAndPrecisions() throws {
    for (predictions, expected) in try pairs() {
      let matrix = ConfusionMatrix(of: predictions)
      try expectEqual(matrix.recalls(names: names), expected.byClass)
      try expectEqual(matrix.precisions(names: names), expected.byPrediction)
      for share in matrix.recalls(names: names) {
        expectClose(share.accuracy, expected.recalls[try #require(Int(share.name))], within: 1e-12)
      }
      for share in matrix.precisions(names: names) {
        expectClose(
          share.accuracy, expected.precisions[try #require(Int(share.name))], within: 1e-12)
      }
      // Class 6 has no image, and is no worst class for that.
      #expect(!matrix.recalls(names: names).contains { $0.name == "6" })
      #expect(
        matrix.recalls(names: names).worst?.accuracy == expected.byClass.map(\.accuracy).min())
    }
  }

  private func expectEqual(
    _ found: [GroupAccuracy], _ expected: [ExpectedErrors.Share],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try #require(found.map(\.name) == expected.map(\.name), sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      #expect(found.images == expected.images, sourceLocation: sourceLocation)
      for (one, other) in [
        (found.accuracy, expected.accuracy), (found.interval.lowerBound, expected.interval[0]),
        (found.interval.upperBound, expected.interval[1]),
        (found.ownInterval.lowerBound, expected.own[0]),
        (found.ownInterval.upperBound, expected.own[1]),
      ] {
        expectClose(one, other, within: 1e-10, sourceLocation: sourceLocation)
      }
    }
  }

  @Test func differencesByClassAndGroup() throws {
    let right = try pairs().map { predictions, _ in
      zip(predictions.predictedClasses(), predictions.labels).map { $0 == Int($1) }
    }
    let classes = ImageGroups(classesOf: try pairs()[0].0, names: names)
    for (groups, expected) in [
      (classes, expected.byClass), (ImageGroups(labels: expected.groups), expected.byGroup),
    ] {
      let found = GroupDifference.of(right[0], minus: right[1], in: groups)
      try #require(found.map(\.name) == expected.map(\.name))
      for (found, expected) in zip(found, expected) {
        #expect(found.images == expected.images)
        #expect(found.onlyFirst == expected.onlyFirst && found.onlySecond == expected.onlySecond)
        expectClose(found.pValue, expected.pValue, within: 1e-12)
        expectClose(found.correctedPValue, expected.correctedPValue, within: 1e-12)
        expectClose(found.interval.lowerBound, expected.interval[0], within: 1e-10)
        expectClose(found.interval.upperBound, expected.interval[1], within: 1e-10)
      }
    }
    let found = GroupDifference.of(right[0], minus: right[1], in: classes)
    #expect(found.filter(\.isShownLoss).map(\.name) == ["4"])
    #expect(found.filter(\.isShownGain).map(\.name) == ["0", "5"])
    #expect(found.largestLoss?.name == "4")
  }

  /// An interval that leaves out 0 where the exact test shows nothing would contradict it.
  @Test func intervalsClaimNoMoreThanTheExactTest() {
    for images in [1, 2, 3, 5, 8, 20, 60] {
      for onlySecond in 0...images {
        let right = (0..<images).map { $0 >= onlySecond }
        let groups = ImageGroups(labels: (0..<images).map { _ in "all" })
        let always = [Bool](repeating: true, count: images)
        let found = GroupDifference.of(right, minus: always, in: groups)[0]
        let holdsZero = found.interval.lowerBound <= 0 && found.interval.upperBound >= 0
        #expect(found.isShown == !holdsZero, "\(onlySecond) of \(images)")
        // Six images are the fewest that show something.
        #expect(found.isShown == (onlySecond >= 6))
        #expect(found.interval.lowerBound <= found.difference)
        #expect(found.interval.upperBound >= found.difference)
      }
    }
  }

  @Test func decisionsByCosts() throws {
    let tables = [
      (expected.costs, \ExpectedErrors.Profile.costs), (expected.nearlyZeroOne, \.nearlyZeroOne),
    ]
    for (rows, key) in tables {
      let costs = try ErrorCosts(names: names, rows: rows)
      for (predictions, profile) in try pairs() {
        let expected = profile[keyPath: key]
        #expect(costs.decisions(of: predictions) == expected.predicted)
        let bayes = Objective.errorCosts(costs)
        expectClose(bayes.meanCost(of: predictions), expected.meanCost)
        expectClose(
          Objective.errorCosts(costs, .mostProbable).meanCost(of: predictions),
          expected.meanCostOfMostProbable)
        let losses = bayes.losses(of: predictions)
        #expect(losses.allSatisfy { (0...1).contains($0) })
        #expect(losses.count == predictions.count)
      }
    }
  }

  /// Where every error costs the same, the most probable class is what costs least; of equals the first.
  @Test func equalCostsDecideAsProbabilitiesDo() throws {
    let rows = (0..<8).map { label in (0..<8).map { $0 == label ? -1.5 : 2.5 } }
    let costs = try ErrorCosts(names: names, rows: rows)
    for (predictions, _) in try pairs() {
      #expect(costs.decisions(of: predictions) == predictions.predictedClasses())
      let losses = Objective.errorCosts(costs).losses(of: predictions)
      #expect(losses == Objective.accuracy.losses(of: predictions))
    }
    let even = try member(
      "even", [Array(repeating: 0.125, count: 8), [0, 0, 0, 1, 0, 0, 0, 0]], labels: [3, 3])
    #expect(costs.decisions(of: even) == [0, 3])
    #expect(Objective.errorCosts(costs).meanCost(of: even) == 0.5)
  }

  @Test(arguments: [
    [[0.0, 1], [1, .nan]], [[0, 1], [1, .infinity]], [[0, 1], [1]], [[0, 1]], [[2, 1], [1, 0]],
    [[1, 1], [1, 1]], [[0, 1, 1], [1, 0, 1]],
  ])
  func unfitCosts(_ rows: [[Double]]) {
    #expect(throws: EnsembleError.self) { try ErrorCosts(names: ["a", "b"], rows: rows) }
  }

  @Test func costsAsJSON() throws {
    let costs = try ErrorCosts(names: ["a", "b"], rows: [[-1, 2], [5.5, 0]])
    let data = try JSONEncoder().encode(costs)
    #expect(try JSONDecoder().decode(ErrorCosts.self, from: data) == costs)
    let spoilt = String(decoding: data, as: UTF8.self).replacing("5.5", with: "-5.5")
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ErrorCosts.self, from: Data(spoilt.utf8))
    }
  }
}
