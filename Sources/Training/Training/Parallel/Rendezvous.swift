import Datasets
import Files
import Runs
import Schemas
import Torch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The processes of a launch on their way to each other: they find one another in a store, compare what they are to do,
/// and are then connected.
public final class Rendezvous {
  /// This process's place.
  public let launch: Launch
  private let store: ProcessStore
  private let address: String?

  /// How long the processes wait for each other's start.
  private static let secondsToMeet = 600.0
  /// How long a call waits for the others: for the slowest step, and for what the first process writes. Where it waits or
  /// evaluates it says so meanwhile. A process that ends is noticed at once.
  private static let secondsToAnswer = 600.0
  /// After how long without an answer a host is lost.
  private static let secondsToLoseHost: Int32 = 60

  /// Meets the other processes in the store.
  ///
  /// - Parameters:
  ///   - interface: The value of `GLOO_SOCKET_IFNAME`, which then decides this host's address.
  ///   - observe: Told once, after some seconds, which processes are not there yet.
  /// - Throws: `ParallelError`.
  public init(
    _ launch: Launch, interface: String?, observe: ([Int]) -> Void = { _ in }
  ) throws {
    self.launch = launch
    let (host, port) = (launch.host, launch.port)
    let own: String?
    do throws(NetworkAddress.Unresolvable) {
      own = try NetworkAddress.local(towards: host, port: port)
    } catch {
      throw ParallelError.unresolvableHost(
        host: host, name: launch.hostName, reason: error.reason)
    }
    do {
      let shared = try ProcessStore(
        host: host, port: UInt16(clamping: port), isHost: launch.holdsStore,
        seconds: Self.secondsToMeet)
      store = try shared.prefixed(launch.keyPrefix)
      address = Self.address(
        own, interface, launch, among: try Self.meet(launch, store, own, observe))
    } catch let error as TorchError {
      let text = error.message
      if launch.holdsStore, text.contains("EADDRINUSE") || text.contains("already in use") {
        throw ParallelError.portInUse(port: port, name: launch.portName)
      }
      throw ParallelError.unreachable(
        host: host, port: port, reason: String(text.prefix { $0 != "\n" }))
    }
  }

  /// Waits until all processes are there, each once, and count as many; returns their addresses.
  private static func meet(
    _ launch: Launch, _ store: ProcessStore, _ own: String?, _ observe: ([Int]) -> Void
  ) throws -> [String] {
    if try store.count("joined/\(launch.rank)") > 1 {
      try store.set("doubled", "\(launch.rank)")
      throw ParallelError.sameRank(launch.rank)
    }
    try store.set("address/\(launch.rank)", "\(launch.size) \(own ?? "")")
    let start = ContinuousClock.now
    var addresses: [Int: String] = [:]
    var isTold = false
    while true {
      let missing = (0..<launch.size).filter { addresses[$0] == nil }
      guard !missing.isEmpty else { return (0..<launch.size).map { addresses[$0, default: ""] } }
      // Where their numbers differ, some are never there: each is asked as it comes.
      for rank in missing where try store.has("address/\(rank)") {
        let told = try store.get("address/\(rank)").split(separator: " ", maxSplits: 1)
        try check(size: told.first.flatMap { Int($0) }, of: rank, launch, store)
        addresses[rank] = told.count > 1 ? String(told[1]) : ""
      }
      if try store.has("doubled") {
        let rank = try store.get("doubled")
        // The others ask too, and the store is gone when this process ends.
        if launch.holdsStore { usleep(1_000_000) }
        throw ParallelError.sameRank(Int(rank) ?? launch.rank)
      }
      let seconds = start.duration(to: .now) / .seconds(1)
      guard seconds < secondsToMeet else {
        throw ParallelError.missing(missing, of: launch.size, seconds: Int(secondsToMeet))
      }
      if !isTold, seconds > secondsToTell {
        observe(missing)
        isTold = true
      }
      usleep(100_000)
    }
  }

  private static let secondsToTell = 10.0

  /// An address of this host at which all other processes, of which each knows one, reach it.
  private static func address(
    _ own: String?, _ interface: String?, _ launch: Launch, among all: [String]
  ) -> String? {
    guard interface == nil, let own else { return nil }
    // A host may know its own name as a loopback address only: the way to another host says more.
    guard NetworkAddress.isLoopback(own),
      let other = all.first(where: { !$0.isEmpty && !NetworkAddress.isLoopback($0) })
    else { return own }
    return try? NetworkAddress.local(towards: other, port: launch.port) ?? own
  }

  /// Makes sure that a process counts as many as this one.
  private static func check(
    size: Int?, of rank: Int, _ launch: Launch, _ store: ProcessStore
  ) throws {
    guard size != launch.size else { return }
    try store.set("counted/\(launch.rank)", "")
    // The store is gone when the process that holds it ends.
    if launch.holdsStore { _ = try? store.get("counted/\(rank)") }
    throw ParallelError.otherWork(
      rank: rank > 0 ? rank : launch.rank, what: "another number of processes (--world-size)")
  }

  /// Connects the processes, which must all have the same work.
  ///
  /// - Parameters:
  ///   - file: The experiment or search plan in JSON, with everything spelled out.
  ///   - recipe: How its members, or the weights that they share, are trained.
  ///   - device: This process's.
  ///   - version: Of the program.
  /// - Throws: `ParallelError`.
  public func connect(
    for file: String, _ recipe: Recipe, on images: RunImages, device: Device, version: String
  ) throws -> TrainingGroup {
    if recipe.reproducible == true, launch.size > BatchCut.reproducibleShards {
      throw ParallelError.tooManyProcesses(launch.size, shards: BatchCut.reproducibleShards)
    }
    do {
      try compare(Self.work(file, images, version))
      let groups = try ["control", "gradients"].map { name in
        try ProcessGroup(
          store.prefixed(name), rank: launch.rank, size: launch.size, device: device,
          address: address, seconds: Self.secondsToAnswer)
      }
      if launch.size > 1 { try ProcessGroup.watchConnections(seconds: Self.secondsToLoseHost) }
      let group = TrainingGroup(control: groups[0], gradients: groups[1])
      group.keepListeners()
      return group
    } catch let error as TorchError {
      throw ParallelError.processLost(reason: String(error.message.prefix { $0 != "\n" }))
    }
  }

  /// What must be the same everywhere, by what differs where it is not.
  private static func work(
    _ file: String, _ images: RunImages, _ version: String
  ) -> [(what: String, digest: String)] {
    var hasher = SHA256Hasher()
    hasher.update(file)
    return [
      ("another experiment", hasher.finish()),
      ("other training images", images.splits.train.fingerprint),
      ("other test images", images.splits.test.fingerprint),
      ("another version of consort", version),
      ("another libtorch", Runtime.description),
    ]
  }

  private func compare(_ work: [(what: String, digest: String)]) throws {
    let own = work.map(\.digest).joined(separator: "\n")
    try store.set("work/\(launch.rank)", own)
    let all = try (0..<launch.size).map { rank in
      try store.get("work/\(rank)").split(separator: "\n", omittingEmptySubsequences: false)
    }
    try store.set("compared/\(launch.rank)", "")
    for (rank, other) in all.enumerated() {
      for (index, (what, _)) in work.enumerated() {
        guard index < other.count, index < all[0].count, other[index] == all[0][index] else {
          try? waitUntilAllHaveCompared()
          throw ParallelError.otherWork(rank: rank, what: what)
        }
      }
    }
  }

  /// The store is gone when the process that holds it ends.
  private func waitUntilAllHaveCompared() throws {
    guard launch.holdsStore else { return }
    for rank in 0..<launch.size { _ = try store.get("compared/\(rank)") }
  }
}
