import Serving
import Synchronization

/// A model that the server is started with.
package struct ServedModel: Hashable, Sendable {
  /// What clients call it.
  package let name: String
  /// The directory of its ensemble.
  package let path: String

  /// Names a model.
  package init(name: String, path: String) { (self.name, self.path) = (name, path) }
}

/// The models by name, loaded or not. Only those that the server was started with can be loaded.
final class ModelRepository: Sendable {
  let models: [ServedModel]
  private let server: ModelServer
  /// Of each model that is not ready, its state and why.
  private let states: Mutex<[String: (state: RepositoryEntry.State, reason: String)]>
  // One is loaded at a time: another would only make both slower, and could win with older files.
  private let loading = Mutex(())

  init(_ models: [ServedModel], server: ModelServer) {
    self.models = models
    self.server = server
    states = Mutex(
      Dictionary(uniqueKeysWithValues: models.map { ($0.name, (.loading, "")) }))
  }

  /// What answers for the model.
  ///
  /// - Throws: `ProtocolError.notReady` where it is known, and not loaded; `.badVersion`. Whether it is known at all is for the
  ///   server to say.
  func server(of name: String, version: String?) throws(ProtocolError) -> ModelServer {
    if let version, !version.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) {
      throw .badVersion(version)
    }
    if states.withLock({ $0[name] }) != nil { throw .notReady(model: name) }
    return server
  }

  /// Loads a model, or loads it again: the earlier one serves until the new one is warm, and goes on where that fails.
  ///
  /// - Throws: What `ModelServer.load` throws; `ProtocolError.unknownModel`.
  func load(_ name: String) throws {
    guard let model = models.first(where: { $0.name == name }) else {
      throw ProtocolError.unknownModel(name)
    }
    try loading.withLock { _ in
      states.withLock { if $0[name] != nil { $0[name] = (.loading, "") } }
      do {
        try server.load(name, from: model.path)
        states.withLock { $0[name] = nil }
      } catch {
        states.withLock { if $0[name] != nil { $0[name] = (.unavailable, "\(error)") } }
        throw error
      }
    }
  }

  /// Lets a model go.
  ///
  /// - Throws: `ProtocolError.unknownModel`, or `.notReady` where it is not loaded.
  func unload(_ name: String) throws(ProtocolError) {
    guard models.contains(where: { $0.name == name }) else { throw .unknownModel(name) }
    loading.withLock { _ in
      states.withLock { $0[name] = (.unavailable, "unloaded") }
      _ = server.unload(name)
    }
  }

  /// Whether all models are loaded that were not unloaded by request.
  var isReady: Bool {
    let isLoading = states.withLock { $0.values.contains { $0.state == .loading } }
    return !isLoading && server.isReady
  }

  /// All models, by name.
  var index: [RepositoryEntry] {
    let states = states.withLock { $0 }
    return models.map(\.name).sorted().map { name in
      let (state, reason) = states[name] ?? (.ready, "")
      return RepositoryEntry(
        name: name, version: ModelServer.version, state: state, reason: reason)
    }
  }
}
