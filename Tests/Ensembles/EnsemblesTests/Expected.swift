import Ensembles
import Files
import Predictions
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What `Fixtures/make_fixtures.py` computed.
struct Expected: Decodable {
  struct Subset: Decodable {
    let rule: CombinationRule
    let members: [Int]
    let metrics: Metrics
  }

  struct Point: Decodable {
    let mean: Metrics
    let median, minimum, maximum, deviation: Double
  }

  struct Comparison: Decodable {
    let count: Int
    let smallAccuracy, largeAccuracy, difference, pairDifference, low, high, pValue: Double
  }

  struct Analysis: Decodable {
    let curves: [String: [Point]]
    let comparisons: [Comparison]
  }

  let subsets: [Subset]
  let frontiers: [String: Analysis]
  let combined: [String: [[Double]]]
  let disagreement, doubleFault: [[Double]]

  static func load() throws -> Expected {
    let bytes = try MappedFile(path: fixture("expected.json")).withBytes { Data($0) }
    return try JSONDecoder().decode(Expected.self, from: bytes)
  }
}

/// The six members of the fixtures: four of "small", two of "large".
func fixtureMembers() throws -> [Predictions] {
  try (0..<6).map { try Predictions(path: fixture("member-\($0).safetensors")) }
}

/// Expects each metric to be the same within 1e-9.
func expectClose(
  _ actual: Metrics, _ expected: Metrics, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let metrics: [(Metrics) -> Double] = [
    \.top1Accuracy, \.topKAccuracy, \.negativeLogLikelihood, \.brierScore,
    \.expectedCalibrationError,
  ]
  for metric in metrics {
    expectClose(
      metric(actual), metric(expected), within: 1e-9, comment, sourceLocation: sourceLocation)
  }
}

/// A member with these probabilities, one row an image.
func member(
  _ name: String, network: String = "net", macs: Int = 10, parameters: Int = 5,
  split: String = "test", fingerprint: String = "data", _ rows: [[Double]], labels: [Int64]
) throws -> Predictions {
  try Predictions(
    name: name, network: network, multiplyAccumulates: macs, parameters: parameters, split: split,
    fingerprint: fingerprint, logProbabilities: rows.flatMap { $0.map { Float(log($0)) } },
    labels: labels, classes: rows.first?.count ?? 1)
}
