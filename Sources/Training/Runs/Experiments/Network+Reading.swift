import Files
import Networks
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Why something describes no network, or none that can be trained: the place, and what is wrong there.
struct NetworkProblem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Network {
  /// Reads a `network.json`.
  ///
  /// - Throws: `ExperimentError.invalidNetworkFile`, or `FileError` where it cannot be read.
  public init(file path: String) throws {
    let file = try MappedFile(path: path)
    do {
      guard file.count <= 64 << 20 else { throw NetworkProblem("it is over 64 MiB") }
      let json = file.withBytes { Data($0) }
      try self.init(StrictJSON.decode(JSONValue.self, from: json))
    } catch {
      let reason = (error as? DecodingError)?.placeAndReason ?? "\(error)"
      throw ExperimentError.invalidNetworkFile(path: path, reason: reason)
    }
  }

  /// Takes a network from JSON, which validates it.
  init(_ value: JSONValue) throws(NetworkProblem) {
    do {
      self = try StrictJSON.decodeAll(
        Network.self, from: JSONEncoder().encode(value), isOptional: Self.keysOfDefaults.contains)
    } catch {
      throw NetworkProblem((error as? DecodingError)?.placeAndReason ?? "\(error)")
    }
  }

  /// Of a convolution: they are left out when written where they say nothing new.
  private static let keysOfDefaults: Set = ["groups", "bias"]

  /// Makes sure that the network, which is given as data, can be trained under its name.
  func checkTraining() throws(NetworkProblem) {
    guard DirectoryName.isValid(name) else {
      throw NetworkProblem("its name is '\(name)', but must be \(DirectoryName.rule)")
    }
    if let layer = layers.first(where: { !DirectoryName.isValid($0.name) }) {
      // Checkpoints put a word and a slash before the layers' names.
      throw NetworkProblem(
        "the name of its layer '\(layer.name)' must be \(DirectoryName.rule)")
    }
    guard totals.multiplyAccumulates > 0 else {
      throw NetworkProblem("it has no weights to train: add a convolution or a linear layer")
    }
    if let known = try? Network(named: name, classes: classes),
      known.layers != layers || known.initialization != initialization
    {
      throw NetworkProblem("it is not the network that is known as '\(name)': give it another name")
    }
  }
}
