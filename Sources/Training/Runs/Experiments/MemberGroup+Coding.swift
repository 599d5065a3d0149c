import Files
import Networks

// The network is a text where its name says it all, else the network itself as an object.

extension Experiment.MemberGroup: Encodable {
  private enum CodingKeys: CodingKey {
    case network, count, weights
  }

  /// Encodes the network's name, or the network itself, and the rest as far as there is any.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if let architecture {
      try container.encode(architecture, forKey: .network)
    } else {
      try container.encode(network, forKey: .network)
    }
    try container.encode(count, forKey: .count)
    try container.encodeIfPresent(weights, forKey: .weights)
  }
}

extension Experiment.MemberGroup {
  package init(_ reader: inout ObjectReader) throws(ExperimentError) {
    let (name, architecture) = try Self.network(&reader)
    let count = try reader.optionalInteger("count", in: 1...10_000) ?? 1
    let weights = try reader.optionalString("weights")
    try reader.finish()
    if let architecture {
      self.init(network: architecture, count: count, weights: weights)
    } else {
      self.init(network: name, count: count, weights: weights)
    }
  }

  private static func network(
    _ reader: inout ObjectReader
  ) throws(ExperimentError) -> (name: String, architecture: Network?) {
    let value = try reader.json("network")
    do {
      switch value {
      case .string(let path) where path.hasSuffix(".json"):
        let network = try Network(file: path)
        return (network.name, network)
      case .string(let name):
        _ = try Network(named: name)
        return (name, nil)
      case .object:
        let network = try Network(value)
        return (network.name, network)
      default: break
      }
    } catch {
      throw reader.invalid("network", "does not work: \(error)")
    }
    throw reader.wrongType(
      "network", "a network's name, the path of a network.json, or what such a file holds", value)
  }
}

extension Experiment {
  /// Makes sure that networks given as data can be trained, and that no two share a name; `file` names the experiment
  /// in errors.
  func checkNetworks(file: String) throws(ExperimentError) {
    var groups: [String: Int] = [:]
    for (index, group) in members.enumerated() {
      let key = "members[\(index)].network"
      do {
        try group.architecture?.checkTraining()
      } catch {
        throw .invalid(file: file, key: key, reason: "does not work: \(error)")
      }
      let first = groups[group.network] ?? index
      groups[group.network] = first
      guard members[first].architecture == group.architecture else {
        throw .invalid(
          file: file, key: key,
          reason: "is not the same as members[\(first)].network, which is called "
            + "'\(group.network)' too: give one of them another name, or give both the same network"
        )
      }
    }
  }
}
