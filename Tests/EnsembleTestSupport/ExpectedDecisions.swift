import Ensembles
import Files
import Predictions
import TestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `Fixtures/make_decisions.py` computed.
package struct ExpectedDecisions: Decodable {
  package struct Greedy: Decodable {
    package let measure: GreedySelection.Measure
    package let rule: CombinationRule
    package let rounds: [Int]
    package let scores: [Double]
    package let length: Int
  }

  package struct Reliability: Decodable {
    package let negativeLogLikelihood, brier, equalWidth, equalMass, classwise: Double
    package let massBins: [[Double]]
  }

  package struct Added: Decodable {
    package let last: Double
    package let mean: [Double]
  }

  package struct Stages: Decodable {
    package let isRight: [[Int]]
    package let confidence: [String: [[Double]]]
  }

  package struct BestCascade: Decodable {
    package let order: [Int]
    package let measure: CascadeConfidence
    package let goal: String
    package let target, accuracy, cost: Double
  }

  package let stages: [String: Stages]
  package let cascades: [BestCascade]
  package let weights: [Double]
  package let weightedLikelihood, weightedTest: Double
  package let greedy: [Greedy]
  package let temperatures: [Double]
  package let ensembleTemperature: Double
  package let uncalibrated, before, after: [String: Reliability]
  package let qStatistic, errorCorrelation: [[Double]]
  package let added: [Added]

  package static func load() throws -> ExpectedDecisions {
    let file = try MappedFile(
      path: fixture("decisions/expected.json", of: "Ensembles/EnsemblesTests"))
    return try JSONDecoder().decode(ExpectedDecisions.self, from: file.withBytes { Data($0) })
  }
}

/// The five members of the fixtures for decisions, on "hold-out" or "test".
package func decisionMembers(_ split: String) throws -> [Predictions] {
  try (0..<5).map {
    try Predictions(
      path: fixture("decisions/\(split)-\($0).safetensors", of: "Ensembles/EnsemblesTests"))
  }
}

/// What JSON makes of a value, and the other way.
package func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
  try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}
