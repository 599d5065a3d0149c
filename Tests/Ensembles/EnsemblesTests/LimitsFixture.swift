import EnsembleTestSupport
import Ensembles
import Files
import Foundation
import Predictions
import TestSupport

/// What `Fixtures/make_limits.py` had outside libraries compute.
struct LimitsFixture: Decodable {
  struct Sets: Decodable {
    let kind: ConformalScore.Kind
    let missRate: Double
    let byClass: Bool?
    let threshold: Double?
    let coverage, macroCoverage, meanSize: Double
    /// The classes of each image's set, ascending.
    let sets: String
  }

  struct Risk: Decodable {
    let area, generalizedArea, excessArea, coverageAt5: Double
  }

  struct Detection: Decodable {
    let areaUnderROC, precisionOfUnlike, precisionOfKnown, falseAlarms, misses: Double
  }

  let torchUncertainty, mapie, crepes: [Sets]
  let risk: Risk
  let detection: [String: Detection]
  let entropies, mutualInformation: [Double]
  let bounds, spreads: [[Double]]

  static func load() throws -> LimitsFixture {
    let file = try MappedFile(path: fixture("candidates/limits.json"))
    return try JSONDecoder().decode(LimitsFixture.self, from: file.withBytes { Data($0) })
  }

  /// The three members of the fixtures.
  static func members(_ split: String) throws -> [Predictions] {
    Array(try candidateMembers(split).prefix(3))
  }

  /// What they make together.
  static func combined(_ split: String) throws -> Predictions {
    try Combination().combine(members(split), name: "three")
  }
}

/// Confidences and outcomes that follow a simple rule, for small cases.
func outcomes(_ rights: String) -> (confidences: [Double], isRight: [Bool]) {
  let isRight = rights.map { $0 == "+" }
  return (isRight.indices.map { 0.99 - 0.9 * Double($0) / Double(isRight.count) }, isRight)
}
