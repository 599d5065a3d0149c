import Foundation
import Predictions
import TestSupport
import Testing

/// Whole trainings without one of what replaces libtorch's own operations.
@Suite struct SubstituteTests {
  private struct Outcome {
    let weights: Data
    let logProbabilities: [Float]
    let libtorch: String?

    /// Trains with this variable at 0.
    init(without variable: String?) throws {
      let directory = try TemporaryDirectory()
      try TinyExperiment.write(TinyExperiment.json(), in: directory.path)
      let environment = variable.map { [$0: "0"] } ?? [:]
      let run = try TinyExperiment.start(in: directory.path, environment: environment).finish()
      try #require(run.status == 0, "\(run.errors)")
      let path = "\(directory.path)/runs/tiny"
      let member = "\(path)/members/\(TinyExperiment.members[0])"
      weights = try Data(contentsOf: URL(filePath: "\(member)/weights.safetensors"))
      logProbabilities = try Predictions(path: "\(member)/predictions-test.safetensors")
        .withLogProbabilities { Array($0) }
      let record = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: "\(path)/environment.json")))
      let versions = (record as? [String: Any])?["versions"] as? [String: String]
      libtorch = versions?["libtorch"]
    }
  }

  @Test func trainingsAgreeAndSayWhatIsOff() throws {
    let all = try Outcome(without: nil)
    #expect(all.libtorch == "2.11.0")
    for (variable, name) in [
      ("CONSORT_WINOGRAD", "Winograd's convolution"),
      ("CONSORT_FUSED_NORMALIZATION", "fused normalization"),
      ("CONSORT_CACHING_ALLOCATOR", "the caching allocator"),
    ] {
      let other = try Outcome(without: variable)
      #expect(other.libtorch == "2.11.0 without \(name)")
      // Memory changes no bit; sums in another order do, which shows that the variable turned something off.
      #expect((other.weights == all.weights) == (variable == "CONSORT_CACHING_ALLOCATOR"))
      let differences = zip(all.logProbabilities, other.logProbabilities).map { abs($0 - $1) }
      #expect(differences.count == 600)
      let greatest = differences.max() ?? .infinity
      #expect(greatest < 1e-3, "\(variable): \(greatest)")
    }
  }
}
