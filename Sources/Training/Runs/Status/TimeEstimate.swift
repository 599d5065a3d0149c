import Networks

/// How far a member is.
public enum MemberState: String, Codable, Hashable, Sendable, CaseIterable {
  /// Trained, and its test images are predicted.
  case complete
  /// A process trains it.
  case running
  /// Its training stopped by itself.
  case failed
  /// Its training was begun, and no process goes on with it at the moment.
  case stopped
  /// Its training has not begun.
  case waiting
}

/// How long members still take, estimated from the pace of those that are, or were, trained.
///
/// - A running member's own time left is what its trainer says.
/// - A whole training of a network takes the mean of what complete members of that network took and what running ones
///   will have taken at their pace; where there are none, of what stopped and failed ones would have.
/// - Where members are trained on different numbers of images, all of this is in proportion to them.
/// - A network without any such member takes as long for each multiply-accumulate as those with some, all together.
///   That is rough: networks of equal cost differ in speed.
/// - A member that waits or was stopped takes the share of the whole training that is still to be done.
/// - The run's members that wait or were stopped follow, in their order, whenever one of those side by side is over; as
///   many are side by side as are running, or one where none is. Failed members are left out: they fail again.
///
/// All of it assumes the pace so far, with as much else going on.
public struct TimeEstimate: Hashable, Sendable {
  /// What is known of a member.
  public struct Member: Hashable, Sendable {
    /// The network's name.
    public var network: String
    /// How far it is.
    public var state: MemberState
    /// The share of its training that is done, in 0...1.
    public var doneShare: Double
    /// Seconds until it is complete, as its trainer says, or said last; nil where it does not.
    public var ownSecondsLeft: Double?
    /// The mean over its epochs that are over, times the number of all of them; nil where none is.
    public var secondsByEpochs: Double?
    /// How many images it is trained on, epoch by epoch, against others: 1 where all have as many.
    public var images: Double

    /// Says what is known of a member; a share outside of 0...1 is brought into it.
    public init(
      network: String, state: MemberState, doneShare: Double = 0, ownSecondsLeft: Double? = nil,
      secondsByEpochs: Double? = nil, images: Double = 1
    ) {
      self.network = network
      self.state = state
      self.doneShare = min(1, max(0, doneShare))
      self.ownSecondsLeft = ownSecondsLeft
      self.secondsByEpochs = secondsByEpochs
      self.images = max(images, .leastNormalMagnitude)
    }
  }

  /// Seconds of work that each member still needs, from its start where it waits: 0 for a complete one, nil where
  /// nothing is known and for a failed one.
  public let memberSecondsLeft: [Double?]
  /// Seconds until all but the failed members are complete; nil where the time of one of them is not known.
  public let secondsLeft: Double?
  /// How many members are side by side in this.
  public let membersAtOnce: Int

  /// Estimates the time of `members`, which are in the order of their training.
  public init(_ members: [Member], costs: NetworkCosts) {
    let pace = Pace(of: members, costs: costs)
    let times = members.map { pace.secondsLeft(of: $0) }
    let running = members.indices.filter { members[$0].state == .running }
    let following = members.indices.filter { [.stopped, .waiting].contains(members[$0].state) }
    memberSecondsLeft = times
    membersAtOnce = max(1, running.count)
    let (first, then) = (running.compactMap { times[$0] }, following.compactMap { times[$0] })
    secondsLeft =
      first.count == running.count && then.count == following.count
      ? Self.end(of: first, then: then) : nil
  }

  /// When the last one ends, if `first` run side by side and each of `then` begins as soon as one is over.
  private static func end(of first: [Double], then: [Double]) -> Double {
    var ends = first.isEmpty ? [0] : first
    for seconds in then {
      guard let next = ends.indices.min(by: { ends[$0] < ends[$1] }) else { break }
      ends[next] += seconds
    }
    return ends.max() ?? 0
  }
}

/// What the networks of an experiment cost, counted once.
public struct NetworkCosts: Hashable, Sendable {
  /// Multiply-accumulates for one image by the network's name; only their ratio matters here, so for images of the
  /// network's usual size.
  private var multiplyAccumulates: [String: Int] = [:]

  /// Counts the networks of these names; one that does not exist has no cost.
  public init(of networks: some Sequence<String>) {
    for name in networks { count(name) { try Network(named: name) } }
  }

  /// Counts the networks of `members`, by name or as they are given.
  public init(ofMembers members: [Experiment.Member]) { add(members) }

  /// Counts the networks of further members.
  public mutating func add(_ members: [Experiment.Member]) {
    for member in members {
      count(member.network) { try member.architecture ?? Network(named: member.network) }
    }
  }

  private mutating func count(_ name: String, _ network: () throws -> Network) {
    guard multiplyAccumulates[name] == nil else { return }
    multiplyAccumulates[name] = (try? network())?.totals.multiplyAccumulates
  }

  /// The cost of the network of that name, more than 0; nil where it was not counted.
  package func cost(of network: String) -> Double? {
    multiplyAccumulates[network].flatMap { $0 > 0 ? Double($0) : nil }
  }
}

/// How long whole trainings take for each image.
private struct Pace {
  private var meanSeconds: [String: Double] = [:]
  private var secondsPerMultiplyAccumulate: Double?
  private let costs: NetworkCosts

  init(of members: [TimeEstimate.Member], costs: NetworkCosts) {
    self.costs = costs
    var (current, earlier) = ([String: [Double]](), [String: [Double]]())
    for member in members {
      guard let seconds = member.wholeSeconds.map({ $0 / member.images }) else { continue }
      switch member.state {
      case .complete, .running: current[member.network, default: []].append(seconds)
      case .failed, .stopped, .waiting: earlier[member.network, default: []].append(seconds)
      }
    }
    meanSeconds = current.merging(earlier) { now, _ in now }
      .mapValues { $0.reduce(0, +) / Double($0.count) }
    var (seconds, cost) = (0.0, 0.0)
    // In a fixed order, so that the sums are always the same.
    for (network, mean) in meanSeconds.sorted(by: { $0.key < $1.key }) {
      guard let counted = costs.cost(of: network) else { continue }
      seconds += mean
      cost += counted
    }
    secondsPerMultiplyAccumulate = cost > 0 ? seconds / cost : nil
  }

  func secondsLeft(of member: TimeEstimate.Member) -> Double? {
    switch member.state {
    case .complete: return 0
    case .failed: return nil
    case .running where member.ownSecondsLeft != nil: return member.ownSecondsLeft
    case .running, .stopped, .waiting:
      return seconds(of: member.network).map { $0 * member.images * (1 - member.doneShare) }
    }
  }

  private func seconds(of network: String) -> Double? {
    if let mean = meanSeconds[network] { return mean }
    guard let pace = secondsPerMultiplyAccumulate, let cost = costs.cost(of: network) else {
      return nil
    }
    return pace * cost
  }
}

extension TimeEstimate.Member {
  /// Seconds of its whole training; nil where it does not show.
  fileprivate var wholeSeconds: Double? {
    if state != .complete, let left = ownSecondsLeft, left > 0, doneShare > 0, doneShare < 1 {
      return left / (1 - doneShare)
    }
    return secondsByEpochs
  }
}
