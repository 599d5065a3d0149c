import CommandLine
import Endpoints
import Files
import HTTP
import Inference
import Serving

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension EnsembleServerOptions {
  static let options = [
    CommandOption("--port", "N", help: "The port (default: 8080; 0 lets the system choose)."),
    CommandOption(
      "--host", "ADDRESS",
      help: "The address of this machine to listen at; 0.0.0.0 for all (default: 127.0.0.1)."),
    CommandOption("--unix-socket", "PATH", help: "Listen at a Unix socket in place of a port."),
    CommandOption(
      "--threads", "N", help: "Threads that compute (default: as many as there are processors)."),
    CommandOption(
      "--precision", "P",
      help: "float32, or bfloat16 or float16 where supported (default: float32)."),
    CommandOption(
      "--max-batch", "N", help: "Images that a member computes at a time at most (default: 16)."),
    CommandOption(
      "--queue", "IMAGES",
      help: "Images that may wait or be computed; requests beyond get 503 (default: 1024)."),
    CommandOption(
      "--timeout", "SECONDS",
      help: "How long a request may take that does not say so itself (default: 60)."),
    CommandOption(
      "--when-lost", "POLICY",
      help:
        "Where a member is lost: degrade answers by the others, calibrated for just these, where the "
        + "ensemble was measured without it; fail answers 503 (default: degrade)."),
    CommandOption(
      "--max-body", "MIB", help: "Bytes of a request's body at most, in MiB (default: 64)."),
    CommandOption("--tls-certificate", "FILE", help: "Serve HTTPS with this chain, as PEM."),
    CommandOption("--tls-key", "FILE", help: "The key of the certificate, as PEM."),
    CommandOption(
      "--token-file", "FILE",
      help:
        "Answer only requests with one of these bearer tokens, one a line; or set CONSORT_TOKEN. "
        + "Health is open to all."),
    CommandOption(
      "--metrics-token-file", "FILE",
      help: "Other tokens for /metrics; or set CONSORT_METRICS_TOKEN."),
    CommandOption(
      "--admin-token-file", "FILE",
      help: "Other tokens for loading and unloading; or set CONSORT_ADMIN_TOKEN."),
    CommandOption(
      "--allow-repository", help: "Let requests load models anew, and unload them."),
    CommandOption(
      "--worker", "NAME=URL",
      help:
        "Run member NAME (MODEL/NAME where several are served) on another server that speaks the "
        + "protocol; several for one member are replicas.",
      isRepeated: true),
    CommandOption("--placement", "FILE", help: "Workers of members, as JSON."),
    CommandOption(
      "--worker-timeout", "SECONDS",
      help: "How long a worker may take for a request at most (default: 2)."),
    CommandOption(
      "--worker-ca", "FILE",
      help: "Authorities that workers' certificates are of, as PEM (default: the system's)."),
    CommandOption(
      "--worker-token-file", "FILE",
      help: "A bearer token for the workers; or set CONSORT_WORKER_TOKEN."),
    CommandOption(
      "--cors", "ORIGINS",
      help: "Let pages of these origins use the server: such as https://example.org, with commas "
        + "between, or *."),
    CommandOption(
      "--access-log", "FILE",
      help: "Write a line of JSON for each request but those of probes and /metrics to FILE; - is "
        + "standard error."),
  ]

  /// Reads the arguments of `consort serve`.
  init(_ arguments: ParsedArguments) throws {
    self.init(
      http: try Self.http(arguments), serving: try Self.serving(arguments),
      models: try Self.models(arguments.operands))
    allowsRepository = arguments.isSet("--allow-repository")
    let origins = arguments.string("--cors")?.split(separator: ",").map(String.init) ?? []
    crossOrigin = CrossOriginPolicy(origins: origins)
    accessLog = arguments.string("--access-log")
    workers = try Self.workers(arguments, models: models.map(\.name))
    tokens = { try Self.tokens(arguments) }
  }

  /// `DIR`, which is called as its last part is, or `NAME=DIR`.
  private static func models(_ operands: [String]) throws(UsageError) -> [ServedModel] {
    var models: [ServedModel] = []
    for operand in operands {
      let model = model(operand)
      guard !model.name.isEmpty, !model.path.isEmpty else {
        throw UsageError("'\(operand)' has no name: give NAME=DIR")
      }
      guard !models.contains(where: { $0.name == model.name }) else {
        throw UsageError("two models are called '\(model.name)': give one as NAME=DIR")
      }
      models.append(model)
    }
    return models
  }

  private static func model(_ operand: String) -> ServedModel {
    if !Directory.isDirectory(operand), let sign = operand.firstIndex(of: "=") {
      return ServedModel(
        name: String(operand[..<sign]), path: String(operand[operand.index(after: sign)...]))
    }
    let path = Directory.withoutSlash(operand)
    let last = path.split(separator: "/").last.map(String.init) ?? ""
    return ServedModel(name: [".", ".."].contains(last) ? "" : last, path: path)
  }

  private static func http(_ arguments: ParsedArguments) throws -> HTTPConfiguration {
    var configuration = HTTPConfiguration(
      address: try address(arguments), certificate: try certificate(arguments))
    let mebibytes = try arguments.integer("--max-body") ?? 64
    guard (1...4096).contains(mebibytes) else { throw UsageError("--max-body is from 1 to 4096") }
    configuration.limits.bodyBytes = mebibytes << 20
    return configuration
  }

  private static func address(_ arguments: ParsedArguments) throws -> HTTPAddress {
    let isNamed = ["--port", "--host", "--unix-socket"].contains { arguments.string($0) != nil }
    if !isNamed, let activated = try HTTPAddress.activated() { return activated }
    if let path = arguments.string("--unix-socket") {
      guard arguments.string("--port") == nil, arguments.string("--host") == nil else {
        throw UsageError("--unix-socket takes the place of --host and --port: leave these out")
      }
      return .unix(path: path)
    }
    let port = try arguments.integer("--port") ?? 8080
    guard let number = UInt16(exactly: port) else {
      throw UsageError("--port is from 0 to 65535")
    }
    return .tcp(host: arguments.string("--host") ?? "127.0.0.1", port: number)
  }

  private static func certificate(_ arguments: ParsedArguments) throws -> HTTPCertificate? {
    switch (arguments.string("--tls-certificate"), arguments.string("--tls-key")) {
    case (nil, nil): return nil
    case (let chain?, let key?): return HTTPCertificate(chainPath: chain, keyPath: key)
    default: throw UsageError("--tls-certificate and --tls-key go together: give both")
    }
  }

  private static func serving(_ arguments: ParsedArguments) throws -> ServingOptions {
    var options = ServingOptions(inference: try InferenceOptions(arguments))
    options.maximumBatch = try arguments.integer("--max-batch") ?? options.maximumBatch
    guard (1...1024).contains(options.maximumBatch) else {
      throw UsageError("--max-batch is from 1 to 1024")
    }
    options.waitingImages = try arguments.integer("--queue") ?? options.waitingImages
    guard options.waitingImages > 0 else { throw UsageError("--queue is at least 1") }
    options.timeoutSeconds = try arguments.number("--timeout") ?? options.timeoutSeconds
    options.whenLost = try arguments.choice("--when-lost") ?? options.whenLost
    guard options.timeoutSeconds.map({ 0 < $0 && $0 <= 86400 }) ?? true else {
      throw UsageError("--timeout is above 0, and at most 86400")
    }
    return options
  }

  private static func workers(
    _ arguments: ParsedArguments, models: [String]
  ) throws -> WorkerOptions? {
    var placement = Placement()
    do throws(PlacementError) {
      for worker in arguments.strings("--worker") { try placement.add(worker, models: models) }
    } catch {
      throw UsageError("\(error)")
    }
    if let file = arguments.string("--placement") { try placement.add(file: file, models: models) }
    guard !placement.workers.isEmpty else { return nil }
    var options = WorkerOptions(placement)
    options.timeoutSeconds = try arguments.number("--worker-timeout") ?? options.timeoutSeconds
    guard 0 < options.timeoutSeconds, options.timeoutSeconds <= 3600 else {
      throw UsageError("--worker-timeout is above 0, and at most 3600")
    }
    options.authoritiesPath = arguments.string("--worker-ca")
    if let file = arguments.string("--worker-token-file") {
      options.token = try WorkerOptions.token(inFile: file)
    } else {
      options.token = getenv("CONSORT_WORKER_TOKEN").map { String(cString: $0) }
    }
    options.report = ServingDisplay.show
    return options
  }

  private static func tokens(_ arguments: ParsedArguments) throws -> AccessTokens {
    let places: [(AccessGroup, option: String, variable: String)] = [
      (.inference, "--token-file", "CONSORT_TOKEN"),
      (.metrics, "--metrics-token-file", "CONSORT_METRICS_TOKEN"),
      (.administration, "--admin-token-file", "CONSORT_ADMIN_TOKEN"),
    ]
    var files: [AccessGroup: String] = [:]
    for (group, option, _) in places { files[group] = arguments.string(option) }
    var tokens = try AccessTokens(files: files)
    for (group, _, variable) in places {
      if let token = getenv(variable) {
        try tokens.add([String(cString: token)], to: group, source: variable)
      }
    }
    return tokens
  }
}
