import HTTP
import Serving

/// All that a server is started with.
package struct EnsembleServerOptions: Sendable {
  /// Where and how it listens.
  package var http: HTTPConfiguration
  /// How models are run.
  package var serving: ServingOptions
  /// What is served, each by another name.
  package var models: [ServedModel]
  /// Whether models may be loaded and unloaded by requests.
  package var allowsRepository = false
  /// Which pages of other origins may use the server.
  package var crossOrigin = CrossOriginPolicy()
  /// Reads the tokens; called again when the server is told to reload.
  package var tokens: @Sendable () throws -> AccessTokens = { AccessTokens() }
  /// Where requests are logged; nil for nowhere.
  package var accessLog: String?
  /// Members that run on other servers; nil where all run here.
  package var workers: WorkerOptions?

  /// Serves models at an address.
  package init(http: HTTPConfiguration, serving: ServingOptions, models: [ServedModel]) {
    self.http = http
    self.serving = serving
    self.models = models
  }
}

/// A server of ensembles: from listening to the last answer.
///
/// It listens and answers probes before its models are loaded, so that an address in use is known at once, and
/// probes see it live and not ready.
package final class EnsembleServer: Sendable {
  private let options: EnsembleServerOptions
  private let models: ModelServer
  private let repository: ModelRepository
  private let endpoints: ProtocolEndpoints
  private let log: AccessLog?
  private let http: HTTPServer

  /// Begins to listen; `load` then makes it ready.
  ///
  /// - Throws: `HTTPError`, `HTTPClientError`, `AccessError`, `AccessLogError`, `FileError`, or `WorkerThread.StartError`.
  package init(_ options: EnsembleServerOptions) throws {
    precondition(Set(options.models.map(\.name)).count == options.models.count, "names differ")
    self.options = options
    let tokens = try options.tokens()
    log = try options.accessLog.map(AccessLog.init)
    var serving = options.serving
    serving.remote = try options.workers?.remote()
    models = try ModelServer(options: serving)
    repository = ModelRepository(options.models, server: models)
    var rules = EndpointRules()
    rules.allowsRepository = options.allowsRepository
    rules.crossOrigin = options.crossOrigin
    rules.bodyLimit = options.http.limits.bodyBytes
    let endpoints = try ProtocolEndpoints(
      repository, server: models, rules: rules, tokens: tokens, log: log)
    self.endpoints = endpoints
    let http = try HTTPServer(
      options.http, handler: endpoints.handle, screen: endpoints.screen, onRefusal: endpoints.note)
    self.http = http
    endpoints.httpStatistics.withLock { $0 = { [weak http] in http?.statistics } }
  }

  /// What it was started with, in order.
  var servedModels: [ServedModel] { options.models }

  /// What was measured of all models that are loaded, by name.
  var measurements: [ModelMeasurements] { models.measurements }

  /// The port that it listens at; nil for a Unix socket.
  package var port: UInt16? { http.port }

  /// Whether all models are loaded, and it is not about to end.
  package var isReady: Bool { repository.isReady }

  /// Loads a model of those that it was started with.
  ///
  /// - Throws: `InferenceError`, `PlacementError`, or `FileError`.
  package func load(_ model: ServedModel) throws { try repository.load(model.name) }

  /// Reads models, tokens and certificate again, and opens the log again. What cannot be read stays as it was.
  ///
  /// - Returns: Of each thing its name, and what went wrong with it, if anything.
  package func reload() -> [(what: String, error: (any Error)?)] {
    log?.reopen()
    var steps: [(what: String, work: () throws -> Void)] = options.models.map { model in
      ("model '\(model.name)'", { try self.load(model) })
    }
    steps.append(("tokens", { self.endpoints.replaceTokens(try self.options.tokens()) }))
    if options.http.certificate != nil {
      steps.append(("certificate", { try self.http.reloadCertificate() }))
    }
    return steps.map { step in
      do {
        try step.work()
        return (step.what, nil)
      } catch {
        return (step.what, error)
      }
    }
  }

  /// Is no longer ready, and asks clients to close their connections; it answers as before.
  package func drain() {
    models.drain()
    http.drain()
  }

  /// Accepts nothing more, and waits for the answers to what was asked.
  ///
  /// - Parameter seconds: After which the rest is answered 503.
  /// - Returns: Whether all was answered.
  @discardableResult
  package func stop(within seconds: Double) -> Bool {
    models.drain()
    let isDone = http.stop(within: seconds)
    log?.end()
    return isDone
  }
}
