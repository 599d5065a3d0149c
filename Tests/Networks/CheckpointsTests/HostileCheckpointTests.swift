import Foundation
import TestSupport
import Testing
import Weights

@testable import Checkpoints

/// Files that `Fixtures/make_hostile.py` wrote: those that would run something, those that lie, and archives with tricks.
@Suite struct HostileCheckpointTests {
  struct Hostile: Decodable, Sendable {
    let file: String
    let words: [String]
  }

  static let files: [Hostile] = {
    let data = try? Data(contentsOf: URL(filePath: fixture("hostile/hostile.json")))
    return data.flatMap { try? JSONDecoder().decode([Hostile].self, from: $0) } ?? []
  }()

  @Test func thereAreMany() { #expect(Self.files.count > 80) }

  /// Also where objects are to be passed over.
  @Test(arguments: files)
  func isRefusedByName(_ hostile: Hostile) throws {
    let path = fixture("hostile/\(hostile.file)")
    let error = #expect(throws: CheckpointError.self) { try readAll(path) }
    let text = error?.description ?? ""
    #expect(text.contains(path), "\(text)")
    for word in hostile.words { #expect(text.contains(word), "\(text)") }
    if hostile.file != "unknown-type.pth", hostile.file != "legacy-module.pth" {
      #expect(throws: CheckpointError.self) {
        try readAll(path, WeightsFile.Options(skipsObjects: true))
      }
    }
  }

  private func readAll(
    _ path: String, _ options: WeightsFile.Options = WeightsFile.Options()
  ) throws {
    let checkpoint = try Checkpoint(
      path: path, key: options.key, skipsObjects: options.skipsObjects)
    for name in checkpoint.names { try checkpoint.withBytes(of: name) { _ in } }
  }

  @Test func anIndexNamesFilesBesideIt() throws {
    let directory = try TemporaryDirectory()
    func refusal(_ index: String) throws -> String {
      let path = try directory.write(Array(index.utf8), to: "model.safetensors.index.json")
      let error = #expect(throws: (any Error).self) { try WeightsFile.open(path) }
      return "\(String(describing: error))"
    }
    #expect(
      try refusal(#"{"weight_map": {"a": "../x.safetensors"}}"#).contains("'../x.safetensors'"))
    #expect(try refusal(#"{"weight_map": {"a": "/etc/passwd"}}"#).contains("not a file beside it"))
    #expect(try refusal(#"{"weight_map": {"a": "index.json"}}"#).contains("not a file beside it"))
    #expect(try refusal(#"{"weight_map": {"a": "x.safetensors"}}"#).contains("x.safetensors"))
    #expect(try refusal(#"{"weight_map": {}}"#).contains("0 files"))
    #expect(try refusal(#"{"other": 1}"#).contains("weight_map"))
    try SafeTensors.write(
      to: "\(directory.path)/x.safetensors",
      tensors: [
        TensorContent(name: "a", shape: [1], floats: [1]),
        TensorContent(name: "b", shape: [1], floats: [1]),
      ])
    #expect(try refusal(#"{"weight_map": {"a": "x.safetensors"}}"#).contains("tensor 'b'"))
    #expect(
      try refusal(
        #"{"weight_map": {"a": "x.safetensors", "b": "x.safetensors", "c": "x.safetensors"}}"#
      )
      .contains("tensor 'c'"))
  }
}
