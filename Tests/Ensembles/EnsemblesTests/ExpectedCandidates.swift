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
struct ExpectedCandidates: Decodable {
  /// Accuracy and mean negative log-likelihood.
  typealias Scores = [Double]

  struct Subset: Decodable {
    let members: [Int]
    let isSameNetwork: Bool
    let holdOut, test, shifted: Scores
    let difference, pValue: Double
  }

  struct Fitted: Decodable {
    let kind: Candidate.Kind
    let members: [Int]
    let weights: [Double]
    let holdOut, test: Scores
  }

  struct Frontiers: Decodable {
    let all, same: [[Int]]
  }

  struct Choice: Decodable {
    struct Best: Decodable {
      let members: [Int]
      let kind: String
    }

    let cost: CostMeasure
    let budget, needed: Double?
    /// Among single members and ensembles of one network; among all but cascades.
    let same, all: Best?
  }

  struct FixedCascade: Decodable {
    let rule: CombinationRule
    let confidence: CascadeConfidence
    let thresholds: [Double?]
    let members: [Int]
    let accuracy, negativeLogLikelihood, cost, latency: Double
    let exitFractions: [Double]
    /// Of the first images.
    let exits: [Int]
  }

  struct Calibrated: Decodable {
    let members: [Int]
    let memberTemperatures: [Double]
    let temperature: Double
    let holdOut, test: [String: Scores]
  }

  let names: [String]
  let latencies: [String: Double]
  let subsets: [Subset]
  let fitted: [Fitted]
  let reference: String
  let frontiers: [String: Frontiers]
  let choices: [Choice]
  let cascades: [FixedCascade]
  let combinations: [String: [[Double]]]
  let calibrations: [Calibrated]
  let wilson: [[Double]]

  static func load() throws -> ExpectedCandidates {
    let file = try MappedFile(path: fixture("candidates/expected.json"))
    return try JSONDecoder().decode(ExpectedCandidates.self, from: file.withBytes { Data($0) })
  }

  /// Such as "small-0" and "large-0".
  func names(_ members: [Int]) -> [String] { members.map { names[$0] } }
}

/// The six members of the fixtures for candidates, on "hold-out", "test" or "shifted".
func candidateMembers(_ split: String) throws -> [Predictions] {
  try (0..<6).map { try Predictions(path: fixture("candidates/\(split)-\($0).safetensors")) }
}

/// All that the fixtures for candidates have.
func candidateSets() throws -> PredictionSets {
  try PredictionSets(
    holdOut: candidateMembers("hold-out"), test: candidateMembers("test"),
    shifted: candidateMembers("shifted"), latencies: ExpectedCandidates.load().latencies)
}

/// JSON of a value that is the same for the same value.
func json<Value: Encodable>(_ value: Value) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
