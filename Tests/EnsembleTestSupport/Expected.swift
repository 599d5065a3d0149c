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
package struct Expected: Decodable {
  package struct Subset: Decodable {
    package let rule: CombinationRule
    package let members: [Int]
    package let metrics: Metrics
  }

  package struct Point: Decodable {
    package let mean: Metrics
    package let median, minimum, maximum, deviation: Double
  }

  package struct Comparison: Decodable {
    package let count: Int
    package let smallAccuracy, largeAccuracy, difference, pairDifference, low, high, pValue: Double
  }

  package struct Analysis: Decodable {
    package let curves: [String: [Point]]
    package let comparisons: [Comparison]
  }

  package let subsets: [Subset]
  package let frontiers: [String: Analysis]
  package let combined: [String: [[Double]]]
  package let disagreement, doubleFault: [[Double]]

  package static func load() throws -> Expected {
    let bytes = try MappedFile(path: fixture("expected.json", of: "Ensembles/EnsemblesTests"))
      .withBytes { Data($0) }
    return try JSONDecoder().decode(Expected.self, from: bytes)
  }
}

/// The six members of the fixtures: four of "small", two of "large".
package func fixtureMembers() throws -> [Predictions] {
  try (0..<6).map {
    try Predictions(path: fixture("member-\($0).safetensors", of: "Ensembles/EnsemblesTests"))
  }
}

/// Expects each metric to be the same within 1e-9.
package func expectClose(
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
package func member(
  _ name: String, network: String = "net", macs: Int = 10, parameters: Int = 5,
  split: String = "test", fingerprint: String = "data", _ rows: [[Double]], labels: [Int64]
) throws -> Predictions {
  try Predictions(
    name: name, network: network, multiplyAccumulates: macs, parameters: parameters, split: split,
    fingerprint: fingerprint, logProbabilities: rows.flatMap { $0.map { Float(log($0)) } },
    labels: labels, classes: rows.first?.count ?? 1)
}
