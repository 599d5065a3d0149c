import Files
import Inference
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Which members run on other servers, and where; all others run here.
package struct Placement: Hashable, Sendable {
  /// One worker of one member. Several of the same member are its replicas.
  package struct Worker: Hashable, Sendable {
    /// The model, as clients call it.
    package let model: String
    /// The member.
    package let member: String
    /// Where it runs.
    package let address: WorkerAddress
  }

  /// In the order in which they were given.
  package private(set) var workers: [Worker] = []

  /// All members run here.
  package init() {}

  /// The workers of a member.
  func addresses(of member: String, model: String) -> [WorkerAddress] {
    workers.filter { $0.model == model && $0.member == member }.map(\.address)
  }

  /// The members of a model that have workers.
  func members(of model: String) -> [String] {
    workers.filter { $0.model == model }.map(\.member)
  }

  /// Adds `NAME=URL`, where NAME is a member, or MODEL/MEMBER.
  ///
  /// - Parameter models: What is served.
  /// - Throws: `PlacementError`.
  package mutating func add(_ argument: String, models: [String]) throws(PlacementError) {
    // A URL may have '=' in it, a name before it hardly.
    guard let range = argument.firstRange(of: "=http"), range.lowerBound > argument.startIndex
    else { throw .badWorker(argument) }
    let url = String(argument[argument.index(after: range.lowerBound)...])
    let name = String(argument[..<range.lowerBound])
    let (model, member) = try Self.resolved(name, models: models)
    try add(Worker(model: model, member: member, address: WorkerAddress(url, member: member)))
  }

  /// Adds the workers that the JSON file at `path` lists.
  ///
  /// - Throws: `SchemaError`, which names the place and the file, `PlacementError`, or `FileError`.
  package mutating func add(file path: String, models: [String]) throws {
    let mapped = try MappedFile(path: path)
    var file = PlacementFile()
    try file.read(json: mapped.withBytes { Data($0) }, file: path)
    for entry in file.workers {
      let name = entry.model.map { "\($0)/\(entry.member)" } ?? entry.member
      let (model, member) = try Self.resolved(name, models: models)
      var address = try WorkerAddress(entry.url, member: member)
      (address.input, address.output) = (entry.input, entry.output)
      address.outputKind = entry.outputKind
      try add(Worker(model: model, member: member, address: address))
    }
  }

  private mutating func add(_ worker: Worker) throws(PlacementError) {
    let others = addresses(of: worker.member, model: worker.model)
    if others.contains(where: { $0.url == worker.address.url }) {
      throw .repeatedWorker(worker.address.url, member: worker.member)
    }
    workers.append(worker)
  }

  private static func resolved(
    _ name: String, models: [String]
  ) throws(PlacementError) -> (model: String, member: String) {
    for model in models where name.hasPrefix("\(model)/") {
      return (model, String(name.dropFirst(model.utf8.count + 1)))
    }
    if let slash = name.firstIndex(of: "/") {
      throw .unknownModel(String(name[..<slash]), models: models)
    }
    guard models.count == 1 else { throw .ambiguousMember(name, models: models) }
    return (models[0], name)
  }
}

/// The file of `--placement`.
private struct PlacementFile: SchemaObject {
  var workers: [Entry] = []

  struct Entry: SchemaObject {
    var member = ""
    var model: String?
    var url = ""
    var input: String?
    var output: String?
    var outputKind: ImageModel.OutputKind?

    mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
      try fields.field("member", &member, .text, isRequired: true)
      try fields.field("model", &model, .text)
      try fields.field("url", &url, .text, isRequired: true)
      try fields.field("input", &input, .text)
      try fields.field("output", &output, .text)
      try fields.field("outputKind", &outputKind, .choice)
    }
  }

  mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("workers", &workers, .list(of: .object(Entry())), isRequired: true)
  }
}
