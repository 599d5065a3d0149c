import Datasets
import Ensembles
import Files
import Inference
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A directory that holds a deployed ensemble: `ensemble.json` and its members as ONNX files.
package struct EnsembleDirectory: Sendable {
  /// The directory's path.
  package let path: String
  /// What its `ensemble.json` says.
  package let manifest: EnsembleManifest

  /// The file that makes a directory an ensemble.
  package static let manifestName = "ensemble.json"
  private static let largestManifest = 64 << 20

  /// Reads and checks the `ensemble.json` in the directory at `path`; the members are read by `models`.
  ///
  /// - Throws: `InferenceError.notAnEnsemble`, or `FileError` where it cannot be read.
  package init(path: String) throws {
    self.path = path
    let file = "\(path)/\(Self.manifestName)"
    guard Directory.exists(file) else {
      throw InferenceError.notAnEnsemble(path: path, reason: "it has no \(Self.manifestName)")
    }
    let mapped = try MappedFile(path: file)
    guard mapped.count <= Self.largestManifest else {
      throw InferenceError.notAnEnsemble(path: path, reason: "\(Self.manifestName) is over 64 MiB")
    }
    let data = mapped.withBytes { Data($0) }
    try Self.checkVersion(data, path: path)
    do {
      manifest = try StrictJSON.decodeAll(EnsembleManifest.self, from: data)
    } catch let error as StrictJSON.KeyError {
      throw InferenceError.notAnEnsemble(path: path, reason: "in \(Self.manifestName), \(error)")
    } catch {
      let fault = (error as? DecodingError)?.fault ?? "\(error)"
      throw InferenceError.notAnEnsemble(path: path, reason: "in \(Self.manifestName), \(fault)")
    }
    if let fault = manifest.fault {
      throw InferenceError.notAnEnsemble(path: path, reason: fault)
    }
  }

  /// Makes sure that the version is known: the keys of another may mean something else.
  private static func checkVersion(_ data: Data, path: String) throws(InferenceError) {
    guard case .object(let object)? = try? JSONDecoder().decode(JSONValue.self, from: data) else {
      throw .notAnEnsemble(path: path, reason: "\(manifestName) is not a JSON object")
    }
    let known = EnsembleManifest.knownVersions
    guard case .integer(let version)? = object["version"], known.contains(version) else {
      throw .notAnEnsemble(
        path: path,
        reason: "its version is not in \(known.lowerBound) to \(known.upperBound), known here")
    }
  }

  /// Reads the members, each the very file that the ensemble was built with.
  ///
  /// - Throws: `InferenceError`, or `FileError` where a file cannot be read.
  package func members() throws -> [EnsembleMember] {
    try manifest.members.indices.map { try member(at: $0).member }
  }

  /// Reads the member at `index` of the manifest's, and its file, the very one that the ensemble was built with.
  ///
  /// - Throws: `InferenceError`, or `FileError` where the file cannot be read.
  package func member(at index: Int) throws -> (member: EnsembleMember, bytes: MemberBytes) {
    let entry = manifest.members[index]
    let file = try MappedFile(path: "\(path)/\(entry.file)")
    let found = try file.withBytes { bytes in
      guard sha256(of: bytes) == entry.sha256 else {
        throw InferenceError.changedMember(
          path: file.path, reason: "its SHA-256 is not the one in \(Self.manifestName)")
      }
      return try member(entry, bytes, path: file.path)
    }
    return (found, .file(file))
  }

  private func member(
    _ entry: EnsembleManifest.Member, _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> EnsembleMember {
    let side = entry.preprocessing.height
    let member = try EnsembleMember(
      ImageModel(
        bytes: bytes, source: path, imageSize: side,
        choice: .init(name: entry.output, kind: entry.outputKind)), name: entry.name,
      network: entry.network, preprocessing: entry.preprocessing, labels: manifest.labels)
    guard member.model.classes == manifest.classes else {
      throw InferenceError.changedMember(
        path: path, reason: "it has \(member.model.classes) classes of \(manifest.classes)")
    }
    guard member.model.labels == nil || member.model.labels == manifest.labels else {
      throw InferenceError.changedMember(
        path: path, reason: "it names its classes otherwise than \(Self.manifestName)")
    }
    guard member.parameters == entry.parameters,
      member.multiplyAccumulates == entry.multiplyAccumulates
    else {
      throw InferenceError.changedMember(
        path: path, reason: "its cost is not the one in \(Self.manifestName)")
    }
    return member
  }
}
