import Files
import Foundation
import TestSupport
import Testing
import Weights

@testable import Checkpoints

/// The bytes of every tensor are those that `torch.load` reads: `Fixtures/make_checkpoints.py` wrote files and values.
@Suite struct CheckpointTests {
  struct Expected: Decodable, Sendable {
    let kind, file: String
    let key: String?
    let sha256: [String: String]
    /// Name, type, shape, SHA-256 of the elements.
    let tensors: [Tensor]

    struct Tensor: Decodable, Sendable {
      let name, type: String
      let shape: [Int]
      let sha256: String

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        name = try values.decode(String.self)
        type = try values.decode(String.self)
        shape = try values.decode([Int].self)
        sha256 = try values.decode(String.self)
      }
    }
  }

  private struct Manifest: Decodable {
    let checkpoints: [Expected]
  }

  static let checkpoints: [Expected] = {
    let data = try? Data(contentsOf: URL(filePath: fixture("expected.json")))
    return data.flatMap { try? JSONDecoder().decode(Manifest.self, from: $0) }?.checkpoints ?? []
  }()

  @Test func thereAreThirtyKindsAndMore() {
    #expect(Set(Self.checkpoints.map(\.file)).count >= 30)
  }

  @Test(arguments: checkpoints)
  func tensorsAreThoseThatPyTorchReads(_ expected: Expected) throws {
    for (file, sum) in expected.sha256 {
      let bytes = try Data(contentsOf: URL(filePath: fixture(file)))
      #expect(
        bytes.withUnsafeBytes(Files.sha256) == sum, "\(file) is not the one that PyTorch read")
    }
    let weights = try WeightsFile.open(
      fixture(expected.file), WeightsFile.Options(key: expected.key))
    let isIndex = expected.file.hasSuffix(".json")
    let names = expected.tensors.map(\.name)
    #expect(weights.names == (isIndex ? names.sorted() : names), "\(expected.kind)")
    for tensor in expected.tensors {
      #expect(try weights.dataType(of: tensor.name).rawValue == tensor.type, "\(tensor.name)")
      #expect(try weights.shape(of: tensor.name) == tensor.shape, "\(tensor.name)")
      let sum = try weights.withBytes(of: tensor.name) { Files.sha256(of: $0) }
      #expect(sum == tensor.sha256, "\(expected.kind) \(tensor.name)")
    }
  }

  @Test func severalSetsAreNamedAndNoneIsGuessed() throws {
    let path = fixture("zip-average.pth")
    #expect(throws: CheckpointError.severalSets(path: path, keys: ["model", "model_ema"])) {
      try Checkpoint(path: path)
    }
    #expect(try Checkpoint(path: path, key: "model_ema").names.first == "module.conv.weight")
    let error = CheckpointError.unknownKey(
      path: path, key: "ema", known: ["model", "model_ema"])
    #expect(throws: error) { try Checkpoint(path: path, key: "ema") }
    #expect(
      error.description.contains("'model_ema'") && error.description.contains("--weights-key"))
  }

  @Test func whatWasTakenAndPassedOverIsSaid() throws {
    let notes = try Checkpoint(path: fixture("zip-training.pth")).notes.map(\.text)
    #expect(notes == ["weights are those under 'state_dict'"])
    #expect(try Checkpoint(path: fixture("zip-float32.pth")).notes.isEmpty)
  }

  @Test func objectsOfOtherTypesArePassedOverWhereTheUserSaysSo() throws {
    let path = fixture("hostile/unknown-type.pth")
    let checkpoint = try Checkpoint(path: path, skipsObjects: true)
    #expect(checkpoint.names == ["weight"])
    #expect(checkpoint.notes.map(\.text).contains { $0.contains("my.config.Config") })
  }

  @Test func typesThatNoWeightHasAreRefusedWhereTheyAreRead() throws {
    let complex = try Checkpoint(path: fixture("zip-complex-beside.pth"), key: "state")
    #expect(complex.names == ["freqs"])
    let error = #expect(throws: CheckpointError.self) { try complex.weights(named: "freqs") }
    #expect(error?.description.contains("complex64") == true)
    let integers = try Checkpoint(path: fixture("zip-integers.pth"))
    #expect(throws: WeightsError.self) { try integers.weights(named: "int32") }
  }

  /// 1 + 2^-30 is no float32, 1e300 is beyond all, and 1e-60 becomes 0.
  @Test func whatRoundingLosesIsCounted() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/w.safetensors"
    func bytes(_ values: [Double]) -> [UInt8] {
      values.flatMap { withUnsafeBytes(of: $0) { Array($0) } }
    }
    try SafeTensors.write(
      to: path,
      tensors: [
        TensorContent(
          name: "near", dataType: .float64, shape: [3], bytes: bytes([1 + 0x1p-30, 2, -0.5])),
        TensorContent(name: "beyond", dataType: .float64, shape: [1], bytes: bytes([1e300])),
        TensorContent(name: "tiny", dataType: .float64, shape: [1], bytes: bytes([1e-60])),
      ])
    let file = try SafeTensors(path: path)
    let near = try file.weights(named: "near")
    #expect(near.values == [1, 2, -0.5] && near.roundedCount == 1)
    #expect(abs(near.greatestChange - 0x1p-30) < 1e-15)
    #expect(try file.weights(named: "tiny").greatestChange == 1)
    let error = #expect(throws: WeightsError.self) { try file.weights(named: "beyond") }
    #expect(error?.description.contains("float32") == true)
  }
}
