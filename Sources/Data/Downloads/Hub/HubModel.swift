import Files
import Foundation

/// A model of a hub, whose files are here.
package struct HubModel: Sendable {
  /// `config.json`, which says what the model is.
  package let configurationPath: String
  /// The file of weights, or the index of several beside it.
  package let weightsPath: String

  /// The longest configuration or index that is fetched.
  private static let mostTextBytes = 64 << 20
  private static let mostShards = 1000

  /// The names that weights have, the preferred first.
  private static let weightsNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]

  /// Fetches a model's configuration and weights, as far as they are not here.
  ///
  /// - Throws: `HubError`, `DatasetError.toolMissing` or `FileError`.
  package init(_ repository: HubRepository, from hub: Hub, showsProgress: Bool = false) throws {
    let url = "hf:\(repository.owner)/\(repository.name)"
    guard
      let configuration = try hub.fetch(
        "config.json", of: repository, limit: Self.mostTextBytes)
    else { throw HubError.noFile(url: url, names: ["config.json"]) }
    configurationPath = configuration
    for name in Self.weightsNames {
      let isIndex = name.hasSuffix(".json")
      guard
        let path = try hub.fetch(
          name, of: repository, limit: isIndex ? Self.mostTextBytes : nil,
          showsProgress: showsProgress && !isIndex)
      else { continue }
      if isIndex {
        try Self.fetchShards(
          ofIndexAt: path, repository, from: hub, url: url, showsProgress: showsProgress)
      }
      weightsPath = path
      return
    }
    throw HubError.noFile(url: url, names: Self.weightsNames)
  }

  private struct Index: Decodable {
    let files: [String: String]

    private enum CodingKeys: String, CodingKey {
      case files = "weight_map"
    }
  }

  /// Whether the index makes sense is for its reader to say.
  private static func fetchShards(
    ofIndexAt path: String, _ repository: HubRepository, from hub: Hub, url: String,
    showsProgress: Bool
  ) throws {
    let index = try MappedFile(path: path).withBytes { bytes in
      try? JSONDecoder().decode(Index.self, from: Data(bytes))
    }
    let names = Set(index?.files.values.map { $0 } ?? [])
    guard names.count <= mostShards else { return }
    let directory = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex))
    for name in names.sorted()
    where !name.contains("/") && !name.contains("\\") && !name.hasPrefix(".")
      && !name.hasSuffix(".json")
    {
      guard
        try hub.fetch(name, of: repository, beside: directory, showsProgress: showsProgress) != nil
      else { throw HubError.noFile(url: url, names: [name]) }
    }
  }
}
