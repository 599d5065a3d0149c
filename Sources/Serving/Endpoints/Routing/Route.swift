/// What a path names.
enum Route: Hashable, Sendable {
  case server, live, ready
  case model(name: String, version: String?, ModelPart)
  case allStatistics
  case repositoryIndex
  case repositoryModel(name: String, RepositoryAction)
  /// A repository that the path names: there is but one, without a name.
  case namedRepository
  case logging, traceSettings
  case sharedMemoryStatus, sharedMemoryChange
  case metrics
  /// What the page shows of the server's work.
  case status
  case page(PageFile)

  /// What is asked of a model.
  enum ModelPart: String, Hashable, Sendable {
    case metadata, ready, stats, infer
    case configuration = "config"
  }

  /// What is done to a model of the repository.
  enum RepositoryAction: String, Hashable, Sendable {
    case load, unload
  }

  /// Reads a path; nil where it names nothing. Only `/v2` may have a slash at its end.
  ///
  /// - Parameter segments: What stands between the slashes, decoded.
  init?(_ segments: [String]) {
    switch segments.first {
    case nil: self = .page(.html)
    case "page.js" where segments.count == 1: self = .page(.script)
    case "page.css" where segments.count == 1: self = .page(.style)
    case "v2": self.init(protocolPath: segments.dropFirst())
    case "metrics" where segments.count == 1: self = .metrics
    case "status" where segments.count == 1: self = .status
    default: return nil
    }
  }

  private init?(protocolPath path: ArraySlice<String>) {
    switch path.first {
    case nil: self = .server
    case "" where path.count == 1: self = .server
    case "health": self.init(health: path.dropFirst())
    case "models": self.init(models: path.dropFirst())
    case "repository": self.init(repository: Array(path.dropFirst()))
    case "logging" where path.count == 1: self = .logging
    case "trace" where Array(path) == ["trace", "setting"]: self = .traceSettings
    case "systemsharedmemory", "cudasharedmemory": self.init(sharedMemory: path.dropFirst())
    default: return nil
    }
  }

  private init?(health path: ArraySlice<String>) {
    switch Array(path) {
    case ["live"]: self = .live
    case ["ready"]: self = .ready
    default: return nil
    }
  }

  private init?(models path: ArraySlice<String>) {
    var rest = path
    guard let name = rest.popFirst(), !name.isEmpty else { return nil }
    if name == "stats", rest.isEmpty {
      self = .allStatistics
      return
    }
    var version: String?
    if rest.first == "versions" {
      rest.removeFirst()
      guard let number = rest.popFirst(), !number.isEmpty else { return nil }
      version = number
    }
    if Array(rest) == ["trace", "setting"], version == nil {
      self = .traceSettings
      return
    }
    guard rest.count < 2 else { return nil }
    // The metadata have no word of their own.
    guard rest.first != ModelPart.metadata.rawValue,
      let part = ModelPart(rawValue: rest.first ?? ModelPart.metadata.rawValue)
    else { return nil }
    self = .model(name: name, version: version, part)
  }

  private init?(repository path: [String]) {
    switch path.count {
    case 1 where path[0] == "index": self = .repositoryIndex
    case 2 where path[1] == "index": self = .namedRepository
    case 3 where path[0] == "models":
      guard let action = RepositoryAction(rawValue: path[2]) else { return nil }
      self = .repositoryModel(name: path[1], action)
    case 4 where path[1] == "models" && RepositoryAction(rawValue: path[3]) != nil:
      self = .namedRepository
    default: return nil
    }
  }

  private init?(sharedMemory path: ArraySlice<String>) {
    var rest = path
    if rest.first == "region" {
      guard rest.count == 3 else { return nil }
      rest = rest.dropFirst(2)
    }
    switch Array(rest) {
    case ["status"]: self = .sharedMemoryStatus
    case ["register"], ["unregister"]: self = .sharedMemoryChange
    default: return nil
    }
  }
}

extension Route {
  /// The methods that the path takes.
  var methods: [String] {
    switch self {
    case .model(_, _, .infer), .repositoryIndex, .repositoryModel, .namedRepository,
      .sharedMemoryChange:
      ["POST"]
    case .logging, .traceSettings: ["GET", "HEAD", "POST"]
    default: ["GET", "HEAD"]
    }
  }

  /// Whose token it takes; nil where everyone may ask.
  var access: AccessGroup? {
    switch self {
    // Probes and balancers have no token, and a browser has none before it has the page.
    case .live, .ready, .page: nil
    case .metrics, .status: .metrics
    case .repositoryModel, .namedRepository: .administration
    default: .inference
    }
  }

  /// Whether it is asked every few seconds by machines, and not written into the access log.
  var isProbe: Bool {
    switch self {
    case .live, .ready, .metrics, .status: true
    default: false
    }
  }
}
