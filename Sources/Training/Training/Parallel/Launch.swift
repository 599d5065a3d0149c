import Files

/// This process's place among those that train together, as a launcher or the user says it.
public struct Launch: Hashable, Sendable {
  /// From 0, and how many there are.
  public let rank, size: Int
  /// The same among those of this host.
  public let localRank, localSize: Int
  /// Where they meet.
  public let host: String
  /// Of that host.
  public let port: Int
  /// Whether this process holds the store there; torchrun's agent may hold it, and is then there before all of them.
  public let holdsStore: Bool
  /// What sets this start's keys apart from those of others in the same store.
  public let keyPrefix: String
  /// Where torchrun wants to read why this process failed.
  public let errorFile: String?
  /// What the host, and the port, were taken from.
  let hostName, portName: String

  /// What the user gives in place of a launcher.
  public struct Options: Hashable, Sendable {
    /// HOST:PORT.
    public var rendezvous: String?
    /// This process's number, and how many there are.
    public var rank, size: Int?

    /// What is given.
    public init(rendezvous: String? = nil, rank: Int? = nil, size: Int? = nil) {
      (self.rendezvous, self.rank, self.size) = (rendezvous, rank, size)
    }
  }

  /// Finds this process's place; nil where it trains alone.
  ///
  /// Options go before torchrun's variables, and these before those of a Slurm step. The variables of a Slurm allocation
  /// alone mean nothing: they are there also where no step has started the process.
  ///
  /// - Throws: `ParallelError` naming a variable or option that is missing or makes no sense.
  public static func find(
    _ options: Options, environment: [String: String]
  ) throws(ParallelError) -> Launch? {
    let variables = Variables(environment)
    let place: (rank: Int, size: Int, localRank: Int, localSize: Int)
    let isSlurm: Bool
    if options.rank != nil || options.size != nil {
      guard let rank = options.rank, let size = options.size, options.rendezvous != nil || size == 1
      else {
        throw .unusableValue(
          name: "--rank", value: options.rank.map(String.init) ?? "",
          reason: "--rendezvous, --rank and --world-size go together")
      }
      let local = try variables.integer("LOCAL_RANK") ?? 0
      place = (rank, size, local, try variables.integer("LOCAL_WORLD_SIZE") ?? local + 1)
      isSlurm = false
    } else if let size = try variables.integer("WORLD_SIZE") {
      guard size > 1 else { return nil }
      guard let rank = try variables.integer("RANK") else {
        throw .missingVariable(name: "RANK", beside: "WORLD_SIZE")
      }
      let local = try variables.integer("LOCAL_RANK") ?? 0
      place = (rank, size, local, try variables.integer("LOCAL_WORLD_SIZE") ?? local + 1)
      isSlurm = false
    } else if let step = try variables.slurmStep() {
      place = step
      isSlurm = true
    } else {
      guard options.rendezvous == nil else {
        throw .unusableValue(
          name: "--rendezvous", value: options.rendezvous ?? "",
          reason: "give --rank and --world-size beside it, or start with torchrun")
      }
      return nil
    }
    guard place.size > 0, (0..<place.size).contains(place.rank) else {
      throw .unusableValue(
        name: isSlurm ? "SLURM_PROCID" : options.rank == nil ? "RANK" : "--rank",
        value: "\(place.rank)", reason: "processes are counted from 0 to \(place.size - 1)")
    }
    guard place.size > 1 else { return nil }
    return try Launch(place, options, variables, isSlurm: isSlurm)
  }

  private init(
    _ place: (rank: Int, size: Int, localRank: Int, localSize: Int), _ options: Options,
    _ variables: Variables, isSlurm: Bool
  ) throws(ParallelError) {
    (rank, size, localRank, localSize) = place
    if let address = options.rendezvous {
      (host, port) = try Self.parse(address)
      (hostName, portName) = ("--rendezvous", "--rendezvous")
    } else if let address = variables["MASTER_ADDR"] {
      host = address
      guard let number = try variables.port(isSlurm: isSlurm) else {
        throw .missingVariable(name: "MASTER_PORT", beside: "WORLD_SIZE")
      }
      port = number
      (hostName, portName) = ("MASTER_ADDR", "MASTER_PORT")
    } else if isSlurm {
      let nodes = variables["SLURM_STEP_NODELIST"] ?? ""
      guard let first = SlurmNodes.first(of: nodes), let number = try variables.port(isSlurm: true)
      else {
        throw .unusableValue(
          name: "SLURM_STEP_NODELIST", value: nodes, reason: "it names no host; set MASTER_ADDR")
      }
      host = first
      port = number
      (hostName, portName) = ("SLURM_STEP_NODELIST", "MASTER_PORT")
    } else {
      throw .missingVariable(name: "MASTER_ADDR", beside: "WORLD_SIZE")
    }
    guard (1...65_535).contains(port) else {
      throw .unusableValue(name: portName, value: "\(port)", reason: "a port is 1 to 65535")
    }
    holdsStore = rank == 0 && variables["TORCHELASTIC_USE_AGENT_STORE"] != "True"
    let run = variables["TORCHELASTIC_RUN_ID"] ?? variables["SLURM_JOB_ID"] ?? ""
    let restart =
      variables["TORCHELASTIC_RESTART_COUNT"] ?? variables["SLURM_RESTART_COUNT"] ?? "0"
    keyPrefix = "consort/\(run)/\(restart)"
    errorFile = variables["TORCHELASTIC_ERROR_FILE"]
  }

  private static func parse(_ address: String) throws(ParallelError) -> (host: String, port: Int) {
    guard let colon = address.lastIndex(of: ":"), colon != address.startIndex,
      let port = Int(address[address.index(after: colon)...])
    else {
      throw .unusableValue(
        name: "--rendezvous", value: address, reason: "it takes HOST:PORT, such as node1:29500")
    }
    var host = address[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return (String(host), port)
  }
}

/// Variables, those that are empty left out.
private struct Variables {
  private let values: [String: String]

  init(_ environment: [String: String]) { values = environment.filter { !$0.value.isEmpty } }

  subscript(_ name: String) -> String? { values[name] }

  func integer(_ name: String) throws(ParallelError) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw .unusableValue(name: name, value: text, reason: "it takes a whole number from 0")
    }
    return number
  }

  /// `MASTER_PORT`; without it, one that all processes of a Slurm step choose alike, and two jobs on a host differently.
  func port(isSlurm: Bool) throws(ParallelError) -> Int? {
    if let port = try integer("MASTER_PORT") { return port }
    guard isSlurm else { return nil }
    let job = try integer("SLURM_JOB_ID") ?? 0
    let step = try integer("SLURM_STEP_ID") ?? 0
    return 15_000 + (job &* 8 &+ step) % 15_000
  }

  /// A step with several tasks that has started this process.
  func slurmStep() throws(ParallelError)
    -> (rank: Int, size: Int, localRank: Int, localSize: Int)?
  {
    guard values["SLURM_STEP_ID"] != nil, let rank = try integer("SLURM_PROCID"),
      let size = try integer("SLURM_STEP_NUM_TASKS"), size > 1
    else { return nil }
    let local = try integer("SLURM_LOCALID") ?? 0
    // Such as "2(x3),1"; of this node.
    let node = try integer("SLURM_NODEID") ?? 0
    let counts = SlurmNodes.tasks(values["SLURM_STEP_TASKS_PER_NODE"] ?? "")
    return (rank, size, local, node < counts.count ? counts[node] : local + 1)
  }
}

/// Slurm's short forms of lists.
enum SlurmNodes {
  /// The first host of a list such as "node[003-010,12],login".
  static func first(of list: String) -> String? {
    guard let bracket = list.firstIndex(of: "["),
      !list[..<bracket].contains(",")
    else {
      let first = list.split(separator: ",").first.map(String.init)
      return first?.isEmpty ?? true ? nil : first
    }
    let number = list[list.index(after: bracket)...].prefix { $0.isNumber }
    guard !number.isEmpty, let end = list.firstIndex(of: "]") else { return nil }
    let rest = list[list.index(after: end)...].prefix { $0 != "," }
    return String(list[..<bracket] + number + rest)
  }

  /// How many tasks each node has, of a text such as "2(x3),1"; empty where it is none.
  static func tasks(_ text: String) -> [Int] {
    text.split(separator: ",").flatMap { part -> [Int] in
      let count = part.prefix { $0.isNumber }
      let times = part.dropFirst(count.count).filter(\.isNumber)
      guard let count = Int(count) else { return [] }
      return [Int](repeating: count, count: min(Int(times) ?? 1, 65_536))
    }
  }
}
