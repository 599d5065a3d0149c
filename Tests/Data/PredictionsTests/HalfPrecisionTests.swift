import Foundation
import Predictions
import Randomness
import Statistics
import TestSupport
import Testing
import Weights

/// Predictions at half precision, as records keep them.
@Suite struct HalfPrecisionTests {
  private static func predictions(
    images: Int, classes: Int, sharpness: Double
  ) throws -> Predictions {
    var stream = RandomStream(seed: 9, UInt64(classes))
    var values: [Float] = []
    for _ in 0..<images {
      let scores = (0..<classes).map { _ in sharpness * stream.unitInterval() }
      let total = naturalLogarithm(scores.reduce(0) { $0 + exponential($1) })
      values += scores.map { Float($0 - total) }
    }
    return try Predictions(
      name: "a", network: "n", multiplyAccumulates: 7, parameters: 8, split: "test",
      fingerprint: "f", logProbabilities: values,
      labels: (0..<images).map { Int64($0 % classes) }, classes: classes)
  }

  private static func reread(_ predictions: Predictions) throws -> (Predictions, bytes: Int) {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.safetensors"
    try predictions.write(halvesTo: path, metadata: ["training": "t"])
    #expect(try SafeTensors(path: path).metadata["training"] == "t")
    return (try Predictions(path: path), try Data(contentsOf: URL(filePath: path)).count)
  }

  // 0.01: nearly all are equal at half precision; 40: most are nearly 0 or 1.
  @Test(arguments: [(10, 0.001), (10, 5), (10, 40), (300, 5), (1, 1)] as [(Int, Double)])
  func theyAreAsGoodAsHalvesCanBe(classes: Int, sharpness: Double) throws {
    let whole = try Self.predictions(images: 500, classes: classes, sharpness: sharpness)
    let (half, bytes) = try Self.reread(whole)
    #expect(half.predictedClasses() == whole.predictedClasses())
    #expect(half.labels == whole.labels && half.fingerprint == "f" && half.network == "n")
    #expect(half.multiplyAccumulates == 7 && half.parameters == 8 && half.name == "a")
    #expect(bytes < 500 * (2 * classes + (classes > 256 ? 8 : 1)) + 1024)
    whole.withLogProbabilities { whole in
      half.withLogProbabilities { half in
        // Eleven bits, twice: rounded, and normalised by what was rounded.
        for (one, other) in zip(whole, half) {
          #expect(abs(one - other) <= 0.001 * (abs(one) + 5) + 1e-6)
        }
      }
    }
  }

  @Test func whatIsRuledOutStaysSo() throws {
    let whole = try Predictions(
      name: "a", network: "n", multiplyAccumulates: 1, parameters: 1, split: "test",
      fingerprint: "f", logProbabilities: [0, -.infinity, -90_000, -1e-9], labels: [0, 1],
      classes: 2)
    let (half, _) = try Self.reread(whole)
    half.withLogProbabilities { #expect($0[1] == -.infinity && $0[2] < -60_000 && $0[2].isFinite) }
  }

  @Test func halvesThatAreNoDistributionAreRefused() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.safetensors"
    let halves: [Float16] = [-0.1, -0.1]
    try SafeTensors.write(
      to: path,
      tensors: [
        TensorContent(
          name: "log_probabilities", dataType: .float16, shape: [1, 2],
          bytes: halves.withUnsafeBytes { Array($0) }),
        TensorContent(name: "labels", dataType: .uint8, shape: [1], bytes: [0]),
      ],
      metadata: [
        "name": "a", "network": "n", "macs": "1", "parameters": "1", "split": "test",
        "fingerprint": "f",
      ], isChecksummed: true)
    #expect(throws: EnsembleError.self) { try Predictions(path: path) }
  }
}
