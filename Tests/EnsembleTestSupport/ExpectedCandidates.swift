import Decisions
import Ensembles
import Files
import Predictions
import TestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `Fixtures/make_candidates.py` computed.
package struct ExpectedCandidates: Decodable {
  /// Accuracy and mean negative log-likelihood.
  package typealias Scores = [Double]

  package struct Subset: Decodable {
    package let members: [Int]
    package let isSameNetwork: Bool
    package let holdOut, test, shifted: Scores
    package let difference, pValue: Double
  }

  package struct Fitted: Decodable {
    package let kind: Candidate.Kind
    package let members: [Int]
    package let weights: [Double]
    package let holdOut, test: Scores
  }

  package struct Frontiers: Decodable {
    package let all, same: [[Int]]
  }

  package struct Choice: Decodable {
    package struct Best: Decodable {
      package let members: [Int]
      package let kind: String
    }

    package let cost: CostMeasure
    package let budget, needed: Double?
    /// Among single members and ensembles of one network; among all but cascades.
    package let same, all: Best?
  }

  package struct FixedCascade: Decodable {
    package let rule: CombinationRule
    package let confidence: CascadeConfidence
    package let thresholds: [Double?]
    package let members: [Int]
    package let accuracy, negativeLogLikelihood, cost, latency: Double
    package let exitFractions: [Double]
    /// Of the first images.
    package let exits: [Int]
  }

  package struct Calibrated: Decodable {
    package let members: [Int]
    package let memberTemperatures: [Double]
    package let temperature: Double
    package let holdOut, test: [String: Scores]
  }

  package let names: [String]
  package let latencies: [String: Double]
  package let subsets: [Subset]
  package let fitted: [Fitted]
  package let reference: String
  package let frontiers: [String: Frontiers]
  package let choices: [Choice]
  package let cascades: [FixedCascade]
  package let combinations: [String: [[Double]]]
  package let calibrations: [Calibrated]
  package let wilson: [[Double]]

  package static func load() throws -> ExpectedCandidates {
    let file = try MappedFile(
      path: fixture("candidates/expected.json", of: "Ensembles/EnsemblesTests"))
    return try JSONDecoder().decode(ExpectedCandidates.self, from: file.withBytes { Data($0) })
  }

  /// Such as "small-0" and "large-0".
  package func names(_ members: [Int]) -> [String] { members.map { names[$0] } }
}

/// The six members of the fixtures for candidates, on "hold-out", "test" or "shifted".
package func candidateMembers(_ split: String) throws -> [Predictions] {
  try (0..<6).map {
    try Predictions(
      path: fixture("candidates/\(split)-\($0).safetensors", of: "Ensembles/EnsemblesTests"))
  }
}

/// All that the fixtures for candidates have.
package func candidateSets() throws -> PredictionSets {
  try PredictionSets(
    holdOut: candidateMembers("hold-out"), test: candidateMembers("test"),
    shifted: candidateMembers("shifted"), latencies: ExpectedCandidates.load().latencies)
}

/// JSON of a value that is the same for the same value.
package func json<Value: Encodable>(_ value: Value) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
