import Datasets
import Files
import Runs
import Schemas
import Torch

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
  /// evaluates it says so meanwhile. A process that ends is noticed at once, a host that is lost after this time.
  private static let secondsToAnswer = 600.0

  /// Meets the other processes in the store.
  ///
  /// - Parameter interface: The value of `GLOO_SOCKET_IFNAME`, which then decides this host's address.
  /// - Throws: `ParallelError`.
  public init(_ launch: Launch, interface: String?) throws {
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
      address = try Self.address(own, interface, launch, store)
    } catch let error as TorchError {
      let text = error.message
      if launch.holdsStore, text.contains("EADDRINUSE") || text.contains("already in use") {
        throw ParallelError.portInUse(port: port, name: launch.portName)
      }
      throw ParallelError.unreachable(
        host: host, port: port, reason: String(text.prefix { $0 != "\n" }))
    }
  }

  /// An address of this host at which all other processes reach it.
  private static func address(
    _ own: String?, _ interface: String?, _ launch: Launch, _ store: ProcessStore
  ) throws -> String? {
    try store.set("address/\(launch.rank)", "\(launch.size) \(own ?? "")")
    // One after another: where their numbers differ, some are never there.
    let all = try (0..<launch.size).map { rank in
      let told = try store.get("address/\(rank)").split(separator: " ", maxSplits: 1)
      try check(size: told.first.flatMap { Int($0) }, of: rank, launch, store)
      return told.count > 1 ? String(told[1]) : ""
    }
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
  ///   - device: This process's.
  ///   - version: Of the program.
  /// - Throws: `ParallelError`.
  public func connect(
    for experiment: Experiment, on images: RunImages, device: Device, version: String
  ) throws -> TrainingGroup {
    if experiment.recipe.reproducible == true, launch.size > BatchCut.reproducibleShards {
      throw ParallelError.tooManyProcesses(launch.size, shards: BatchCut.reproducibleShards)
    }
    do {
      try compare(Self.work(experiment, images, version))
      let groups = try ["control", "gradients"].map { name in
        try ProcessGroup(
          store.prefixed(name), rank: launch.rank, size: launch.size, device: device,
          address: address, seconds: Self.secondsToAnswer)
      }
      let group = TrainingGroup(control: groups[0], gradients: groups[1])
      group.keepListeners()
      return group
    } catch let error as TorchError {
      throw ParallelError.processLost(reason: String(error.message.prefix { $0 != "\n" }))
    }
  }

  /// What must be the same everywhere, by what differs where it is not.
  private static func work(
    _ experiment: Experiment, _ images: RunImages, _ version: String
  ) throws -> [(what: String, digest: String)] {
    var hasher = SHA256Hasher()
    hasher.update(try experiment.readableJSON())
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
