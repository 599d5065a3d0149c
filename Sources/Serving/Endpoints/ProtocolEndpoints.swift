import Formatting
import HTTP
import Serving
import Synchronization

/// What clients may do at a server.
struct EndpointRules: Sendable {
  /// Whether models may be loaded and unloaded by requests.
  var allowsRepository = false
  /// Which pages of other origins may use the server.
  var crossOrigin = CrossOriginPolicy()
  /// The most bytes of a body, also of one that was decompressed.
  var bodyLimit = HTTPLimits().bodyBytes
}

/// The paths of the Open Inference Protocol, and what is behind each.
///
/// Nothing here waits: what takes time is done by the threads of `workers`, of `administration`, or of the models.
final class ProtocolEndpoints: Sendable {
  private let models: ModelRepository
  private let server: ModelServer
  private let rules: EndpointRules
  private let tokens: Mutex<AccessTokens>
  private let log: AccessLog?
  private let workers: WorkerPool
  private let administration: WorkerPool
  private let responses = ResponseCounts()
  /// What the server of the network has counted; set once it is there.
  let httpStatistics = Mutex<(@Sendable () -> HTTPStatistics?)?>(nil)

  init(
    _ models: ModelRepository, server: ModelServer, rules: EndpointRules, tokens: AccessTokens,
    log: AccessLog?
  ) throws {
    self.models = models
    self.server = server
    self.rules = rules
    self.tokens = Mutex(tokens)
    self.log = log
    workers = try WorkerPool(count: 2)
    administration = try WorkerPool(count: 1)
  }

  /// Takes other tokens, for requests to come.
  func replaceTokens(_ tokens: AccessTokens) { self.tokens.withLock { $0 = tokens } }

  /// Answers a request, now or later.
  func handle(_ exchange: HTTPExchange) {
    let route = Route(exchange.request.pathSegments)
    let isLogged = route?.isProbe != true
    let call = Call(exchange) { [self] call, response, entry in
      responses.add(response.status)
      if isLogged || response.status == 401 { log?.add(entry) }
      var response = response
      rules.crossOrigin.mark(&response.headers, for: call.request)
      call.exchange.respond(response)
    }
    do throws(ProtocolError) {
      let route = try permitted(call.request, route)
      if call.request.method == "OPTIONS" {
        return call.answer(rules.crossOrigin.preflight(methods: route.methods))
      }
      try perform(route, call)
    } catch {
      call.fail(error)
    }
  }

  /// Refuses by its head a request whose body has yet to come.
  ///
  /// - Returns: The answer; nil where the request may go on.
  func screen(_ request: HTTPRequest) -> HTTPResponse? {
    do throws(ProtocolError) {
      _ = try permitted(request, Route(request.pathSegments))
      return nil
    } catch {
      var response = HTTPResponse(error)
      responses.add(response.status)
      log?.add(
        AccessLogEntry(
          peer: request.peer, method: request.method, path: request.target,
          id: request.headers["X-Request-ID"], status: response.status, error: error.description))
      rules.crossOrigin.mark(&response.headers, for: request)
      return response
    }
  }

  /// Takes note of a request that was no valid HTTP, or beyond the limits.
  func note(_ refusal: HTTPRefusal) {
    let parts = refusal.requestLine.split(separator: " ", maxSplits: 2).map(String.init)
    log?.add(
      AccessLogEntry(
        peer: refusal.peer, method: parts.first ?? "", path: parts.count > 1 ? parts[1] : "",
        status: refusal.status, error: refusal.reason))
  }

  /// What a request asks for, where it may.
  private func permitted(
    _ request: HTTPRequest, _ route: Route?
  ) throws(ProtocolError) -> Route {
    guard let route else { throw .unknownPath }
    // Browsers ask without a token what they may send.
    if request.method == "OPTIONS", rules.crossOrigin.isEnabled { return route }
    guard route.methods.contains(request.method) else {
      throw .wrongMethod(allowed: route.methods)
    }
    guard let group = route.access else { return route }
    let authorization = request.headers["Authorization"]
    let tokens = tokens.withLock { $0 }
    guard
      tokens.permits(group, authorization: authorization)
        || route == .status && tokens.permits(.inference, authorization: authorization)
    else { throw .unauthorized }
    return route
  }

  private func perform(_ route: Route, _ call: Call) throws(ProtocolError) {
    switch route {
    case .server:
      call.answer(
        ServerMetadata(
          name: "consort", version: consortVersion, hasRepository: rules.allowsRepository))
    case .live: call.answer(Liveness(live: true))
    case .ready: answerReadiness(call)
    case .model(let name, let version, .infer):
      let inference = InferenceCall(
        call: call, models: models, name: name, version: version, bodyLimit: rules.bodyLimit)
      if inference.isSmall { inference.run() } else { workers.submit { inference.run() } }
    case .model(let name, let version, let part):
      try answer(part, of: name, version: version, call)
    case .allStatistics: call.answer(try server.statistics())
    case .repositoryIndex:
      let onlyReady = try RepositoryIndexRequest(body: call.body).onlyReady
      call.answer(models.index.filter { !onlyReady || $0.state == .ready })
    case .repositoryModel(let name, let action): try perform(action, on: name, call)
    case .namedRepository: throw .unsupported("the name of a repository in the path")
    case .logging, .traceSettings: try answerSettings(route, call)
    case .sharedMemoryStatus: call.answer([String]())
    case .sharedMemoryChange: throw .unsupported("shared memory")
    case .metrics: answerMetrics(call)
    case .status: call.answer(ServerStatus(server.measurements))
    case .page(let file): call.answer(file.response)
    }
  }

  // MARK: Health and models

  /// KServe's client reads the flag, others the status, and people the reason.
  private struct ReadinessReport: Encodable {
    let ready: Bool
    var name: String?
    var error: String?
  }

  private func answerReadiness(_ call: Call) {
    let isReady = models.isReady
    let reason =
      isReady
      ? nil : "a model is being loaded or lacks members, or the server is about to end"
    call.answer(ReadinessReport(ready: isReady, error: reason), status: isReady ? 200 : 503)
  }

  private func answer(
    _ part: Route.ModelPart, of name: String, version: String?, _ call: Call
  ) throws(ProtocolError) {
    let server = try models.server(of: name, version: version)
    switch part {
    case .metadata: call.answer(try server.metadata(of: name, version: version))
    case .configuration: call.answer(try server.configuration(of: name, version: version))
    case .stats: call.answer(try server.statistics(of: name, version: version))
    case .ready:
      let lost = try server.irreplaceableMembers(of: name, version: version)
      guard lost.isEmpty else { throw .membersLost(lost) }
      call.answer(ReadinessReport(ready: true, name: name))
    case .infer: preconditionFailure("inference has a way of its own")
    }
  }

  // MARK: Administration

  private func perform(
    _ action: Route.RepositoryAction, on name: String, _ call: Call
  ) throws(ProtocolError) {
    guard rules.allowsRepository else { throw .disabled("loading and unloading of models") }
    call.note { $0.model = name }
    if action == .load { try RepositoryLoadRequest.check(call.body) }
    administration.submit { [models] in
      do {
        switch action {
        case .load: try models.load(name)
        case .unload: try models.unload(name)
        }
        call.answer(HTTPResponse())
      } catch let error as ProtocolError {
        call.fail(error)
      } catch {
        call.fail(.internalFault("\(error)"))
      }
    }
  }

  private func answerSettings(_ route: Route, _ call: Call) throws(ProtocolError) {
    let isTrace = route == .traceSettings
    guard call.request.method != "POST" else {
      throw .unsupported(isTrace ? "changing the trace settings" : "changing the log settings")
    }
    if isTrace { call.answer(TraceSettings()) } else { call.answer(LogSettings()) }
  }

  // MARK: Metrics

  private func answerMetrics(_ call: Call) {
    var text = PrometheusText()
    text.addModels(server.measurements)
    text.addServer(
      responses.snapshot, http: httpStatistics.withLock { $0 }?(), waitingImages: server.imageCount,
      omittedLogLines: log?.omitted ?? 0)
    call.answer(
      HTTPResponse(
        contentType: PrometheusText.contentType, HTTPBytes(text.text)))
  }
}

/// Triton's settings of traces, of which there are none here.
private struct TraceSettings: Encodable {
  let level = ["OFF"]
  let rate = "1000"
  let count = "-1"
  let logFrequency = "0"
  let file = ""
  let mode = "triton"

  private enum CodingKeys: String, CodingKey {
    case level = "trace_level"
    case rate = "trace_rate"
    case count = "trace_count"
    case logFrequency = "log_frequency"
    case file = "trace_file"
    case mode = "trace_mode"
  }
}

/// Triton's settings of logs.
private struct LogSettings: Encodable {
  let file = ""
  let hasInfo = true
  let hasWarning = true
  let hasError = true
  let verboseLevel = 0
  let format = "default"

  private enum CodingKeys: String, CodingKey {
    case file = "log_file"
    case hasInfo = "log_info"
    case hasWarning = "log_warning"
    case hasError = "log_error"
    case verboseLevel = "log_verbose_level"
    case format = "log_format"
  }
}
