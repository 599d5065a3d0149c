import Foundation
import Randomness
import TestSupport
import Testing
import Weights

/// Damaged safetensors files, the same ones each time; CONSORT_FUZZ_INPUTS says how many.
@Suite struct WeightsFuzzTests {
  @Test func damagedFilesAreReadOrRefused() throws {
    let path = FileManager.default.temporaryDirectory.path + "/fuzz-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SafeTensors.write(
      to: path,
      tensors: [
        TensorContent(name: "a.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
        TensorContent(name: "b\u{e9}\"", shape: [], floats: [0]),
        TensorContent(name: "labels", shape: [3], int64s: [1, 2, 3]),
        TensorContent(name: "empty", shape: [0, 4], floats: []),
      ], metadata: ["name": "value", "more": "{\"x\": [1]}"], isChecksummed: true)
    let whole = try contents(path)
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 5, UInt64(number))
      try Data(Mutation.damaged(whole, from: &random)).write(to: URL(filePath: path))
      do {
        try readAll(path)
        outcomes.read += 1
      } catch {
        let error = try #require(error as? WeightsError)
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
  }

  /// Reads every tensor of floating-point numbers.
  private func readAll(_ path: String) throws {
    let file = try SafeTensors(path: path)
    for name in file.names {
      let entry = try file.entry(name)
      guard entry.dataType == .float32 else { continue }
      let values = try file.floats(named: name)
      #expect(values.count == entry.shape.reduce(1, *))
    }
  }
}
