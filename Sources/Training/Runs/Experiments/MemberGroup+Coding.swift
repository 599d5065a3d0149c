import Networks
import Schemas

// The network is a text where its name says it all, else the network itself as an object.

extension Experiment.MemberGroup: SchemaObject {
  /// What a group is before its keys are read.
  static let unnamed = Self(network: "", count: 1)

  /// The network by its name or as data, and the rest.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    var named = NamedNetwork(name: network, architecture: architecture)
    try fields.field("network", &named, .network, isRequired: true)
    (network, architecture) = (named.name, named.architecture)
    try fields.field("count", &count, .integer(1...10_000))
    try fields.field("weights", &weights, .text)
    try fields.field("snapshots", &snapshots, .object(EpochSelection()))
    try fields.field("average", &average, .object(EpochSelection()))
  }
}

private struct NamedNetwork {
  var name: String
  /// nil where the name says it all.
  var architecture: Network?
}

extension FieldType<NamedNetwork> {
  fileprivate static var network: Self {
    Self(
      read: { (value, place) throws(SchemaError) in
        do {
          switch value {
          case .string(let path) where path.hasSuffix(".json"):
            let network = try Network(file: path)
            return NamedNetwork(name: network.name, architecture: network)
          case .string(let name):
            _ = try Network(named: name)
            return NamedNetwork(name: name)
          case .object:
            let network = try Network(value)
            return NamedNetwork(name: network.name, architecture: network)
          default: break
          }
        } catch {
          throw place.invalid("does not work: \(error)")
        }
        throw place.wrongType(
          "a network's name, the path of a network.json, or what such a file holds", value)
      },
      write: { (network) throws(SchemaError) in
        guard let architecture = network.architecture else { return .string(network.name) }
        return try JSONValue(encoding: architecture)
      })
  }
}

extension Experiment {
  /// Makes sure that networks given as data can be trained, and that no two share a name; `file` names the experiment
  /// in errors.
  func checkNetworks(file: String) throws(SchemaError) {
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
