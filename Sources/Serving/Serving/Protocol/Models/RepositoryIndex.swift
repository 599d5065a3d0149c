#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A model of the repository: `POST /v2/repository/index` answers with a list of them.
package struct RepositoryEntry: Hashable, Sendable, Encodable {
  /// Whether a model can be asked.
  package enum State: String, Hashable, Sendable, Encodable {
    case ready = "READY"
    case unavailable = "UNAVAILABLE"
    case loading = "LOADING"
    case unloading = "UNLOADING"
  }

  /// The model.
  package let name: String
  /// Its version.
  package let version: String
  /// Whether it can be asked.
  package let state: State
  /// Why not; empty where it can.
  package let reason: String

  /// Describes a model.
  package init(name: String, version: String, state: State, reason: String = "") {
    (self.name, self.version, self.state, self.reason) = (name, version, state, reason)
  }
}

/// The body of `POST /v2/repository/index`.
package struct RepositoryIndexRequest: Hashable, Sendable {
  /// Whether only models that can be asked are to be listed.
  package let onlyReady: Bool

  /// Reads the body, which may be empty.
  ///
  /// - Throws: `ProtocolError`.
  package init(body: TensorBytes) throws(ProtocolError) {
    var onlyReady = false
    if body.count > 0 {
      try body.withBytes { (bytes) throws(ProtocolError) in
        var scanner = JSONScanner(bytes)
        guard try scanner.kind() == .object else { throw scanner.fault("a request is an object") }
        try scanner.object { (scanner, key) throws(ProtocolError) in
          guard key == "ready" else { return try scanner.skip() }
          guard try scanner.kind() == .boolean else {
            throw .wrongKind(key: key, expected: "true or false")
          }
          onlyReady = try scanner.boolean()
        }
        try scanner.end()
      }
    }
    self.onlyReady = onlyReady
  }
}

/// The body of `POST /v2/repository/models/NAME/load`.
package enum RepositoryLoadRequest {
  /// Reads the body, which may be empty.
  ///
  /// - Throws: `ProtocolError.unsupported` where it brings a configuration or files to be used in place of the model's own;
  ///   others where it cannot be read.
  package static func check(_ body: TensorBytes) throws(ProtocolError) {
    guard body.count > 0 else { return }
    try body.withBytes { (bytes) throws(ProtocolError) in
      var scanner = JSONScanner(bytes)
      guard try scanner.kind() == .object else { throw scanner.fault("a request is an object") }
      try scanner.object { (scanner, key) throws(ProtocolError) in
        guard key == "parameters" else { return try scanner.skip() }
        let parameters = try Parameters(&scanner)
        if parameters.keys.contains(where: { $0 == "config" || $0.hasPrefix("file:") }) {
          throw .unsupported("a model's configuration or files in the request")
        }
      }
      try scanner.end()
    }
  }
}

extension Encodable {
  /// The value as a body of JSON: no space, keys sorted.
  ///
  /// - Throws: `ProtocolError.internalFault` where a number is not finite.
  package func messageBody() throws(ProtocolError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self))
    } catch {
      throw .internalFault("the answer cannot be written: \(error)")
    }
  }
}
