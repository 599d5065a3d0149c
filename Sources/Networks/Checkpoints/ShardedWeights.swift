import Files
import Foundation
import Weights

/// Weights in several files beside an index, as Hugging Face's libraries write them: `model.safetensors.index.json`, or
/// `pytorch_model.bin.index.json`.
package struct ShardedWeights: WeightsSource {
  package let path: String
  package let names: [String]
  package let notes: [Note]
  private let shards: [String: any WeightsSource]

  private static let mostShards = 1000

  private struct Index: Decodable {
    let files: [String: String]

    private enum CodingKeys: String, CodingKey {
      case files = "weight_map"
    }
  }

  /// Opens every file that the index names, and makes sure that each has just the tensors that the index says.
  package init(indexPath path: String) throws {
    let index: Index
    do {
      index = try MappedFile(path: path).withBytes { bytes in
        try JSONDecoder().decode(Index.self, from: Data(bytes))
      }
    } catch is DecodingError {
      throw CheckpointError.unsupported(
        path: path, reason: "is no index of weights: it lacks \"weight_map\"",
        fix: "give model.safetensors.index.json, or a file of weights")
    }
    let files = Dictionary(grouping: index.files.keys, by: { index.files[$0] ?? "" })
    guard !files.isEmpty, files.count <= Self.mostShards else {
      throw CheckpointError.damaged(path: path, reason: "it names \(files.count) files")
    }
    let directory =
      path.contains("/") ? String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) : ""
    var shards: [String: any WeightsSource] = [:]
    var notes: [Note] = []
    for (file, names) in files.sorted(by: { $0.key < $1.key }) {
      guard Self.isPlain(file) else {
        throw CheckpointError.damaged(
          path: path, reason: "it names '\(file)', which is not a file beside it")
      }
      let shard = try WeightsFile.open(directory + file)
      try Self.check(shard, has: names, indexPath: path)
      for name in names { shards[name] = shard }
      notes += shard.notes
    }
    self.path = path
    self.names = index.files.keys.sorted()
    self.notes = notes
    self.shards = shards
  }

  /// Whether it names a file in the index's own directory.
  private static func isPlain(_ file: String) -> Bool {
    !file.isEmpty && !file.hasPrefix(".") && !file.contains("/") && !file.contains("\\")
      && !file.hasSuffix(".json")
  }

  private static func check(
    _ shard: any WeightsSource, has names: [String], indexPath: String
  ) throws {
    let found = Set(shard.names)
    if let missing = names.sorted().first(where: { !found.contains($0) }) {
      throw CheckpointError.damaged(
        path: shard.path,
        reason: "it lacks the tensor '\(missing)', which '\(indexPath)' says is in it")
    }
    if let extra = found.subtracting(names).min() {
      throw CheckpointError.damaged(
        path: shard.path,
        reason: "it has the tensor '\(extra)', which '\(indexPath)' does not say is in it")
    }
  }

  private func shard(_ name: String) throws -> any WeightsSource {
    guard let shard = shards[name] else {
      throw CheckpointError.missingTensor(path: path, tensor: name)
    }
    return shard
  }

  package func shape(of name: String) throws -> [Int] { try shard(name).shape(of: name) }

  package func dataType(of name: String) throws -> TensorDataType {
    try shard(name).dataType(of: name)
  }

  package func withBytes<R>(
    of name: String, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    try shard(name).withBytes(of: name, body)
  }
}
