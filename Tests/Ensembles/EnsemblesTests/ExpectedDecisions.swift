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
struct ExpectedDecisions: Decodable {
  struct Greedy: Decodable {
    let measure: GreedySelection.Measure
    let rule: CombinationRule
    let rounds: [Int]
    let scores: [Double]
    let length: Int
  }

  struct Reliability: Decodable {
    let negativeLogLikelihood, brier, equalWidth, equalMass, classwise: Double
    let massBins: [[Double]]
  }

  struct Added: Decodable {
    let last: Double
    let mean: [Double]
  }

  struct Stages: Decodable {
    let isRight: [[Int]]
    let confidence: [String: [[Double]]]
  }

  struct BestCascade: Decodable {
    let order: [Int]
    let measure: CascadeConfidence
    let goal: String
    let target, accuracy, cost: Double
  }

  let stages: [String: Stages]
  let cascades: [BestCascade]
  let weights: [Double]
  let weightedLikelihood, weightedTest: Double
  let greedy: [Greedy]
  let temperatures: [Double]
  let ensembleTemperature: Double
  let uncalibrated, before, after: [String: Reliability]
  let qStatistic, errorCorrelation: [[Double]]
  let added: [Added]

  static func load() throws -> ExpectedDecisions {
    let file = try MappedFile(path: fixture("decisions/expected.json"))
    return try JSONDecoder().decode(ExpectedDecisions.self, from: file.withBytes { Data($0) })
  }
}

/// The five members of the fixtures for decisions, on "hold-out" or "test".
func decisionMembers(_ split: String) throws -> [Predictions] {
  try (0..<5).map { try Predictions(path: fixture("decisions/\(split)-\($0).safetensors")) }
}

/// What JSON makes of a value, and the other way.
func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
  try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
}
