import Concurrency
import Datasets
import Leases
import Runs
import Synchronization

/// The members that wait to be trained, here or by other workers, and what there is to report about them.
final class MemberQueue: Sendable {
  let work: WorkQueue<Experiment.Member>
  /// The processes that train each member together; nil for this one alone.
  let group: TrainingGroup?
  private let units: SharedUnits
  private let report: MemberReport

  /// - Parameter waits: Whether to wait for members that others train.
  init(
    _ members: [Experiment.Member], _ units: SharedUnits, waits: Bool,
    group: TrainingGroup? = nil,
    stopIsWished: @escaping @Sendable () -> Bool,
    observe: @escaping @Sendable (TrainingEvent) -> Void
  ) {
    let report = MemberReport(members, observe)
    (self.units, self.report, self.group) = (units, report, group)
    work = WorkQueue(stopIsWished: stopIsWished) { queue in
      let found = try units.next(waits: waits, shouldStop: queue.shouldStop) {
        report.take($0, awaited: $1)
      }
      guard case .unit(let name, let lostBy) = found, let member = report.member(name) else {
        return nil
      }
      if let lostBy {
        report.tell(.takenOver(member, host: units.session.record(of: lostBy)?.host ?? lostBy))
      }
      return member
    }
  }

  /// Whether the worker should save where it stands and end.
  func shouldStop() -> Bool { work.shouldStop() }

  /// Reports to the observer, one event at a time.
  func report(_ event: TrainingEvent) { report.tell(event) }

  /// Reports to the observer an image that cannot be decoded, the first time that one of the members meets it.
  func reportSkipped(_ image: SkippedImage) { report.tellSkipped(image) }

  /// The right to write a member's files.
  func claim(of member: Experiment.Member) -> MemberClaim {
    let (units, name) = (units, member.name)
    return MemberClaim(
      confirm: { try units.confirm(name) }, isCertain: { units.isCertain(name) })
  }

  /// Takes note that a member is another worker's, which may have finished it.
  func lose(_ member: Experiment.Member, isComplete: Bool) throws {
    report(.memberLost(member))
    guard isComplete else { return units.stop(member.name) }
    try units.end(member.name, .complete)
  }

  /// Says how a member ended, to the other workers too. One that stopped by itself concerns no other.
  func end(_ member: Experiment.Member, _ ending: LeaseEnding) throws {
    report.end(member, ending)
    try units.end(member.name, ending)
  }

  /// How the work ended, once all workers have.
  func outcome() throws -> TrainingRun.Outcome {
    guard try work.isDone() else { return .interrupted }
    // What a member of this process ended as is known; of the others, what was seen last.
    return report.outcome
  }
}

/// What is reported of members to an observer, one event at a time.
private final class MemberReport: Sendable {
  private struct State {
    /// How members ended, here or elsewhere.
    var endings: [String: LeaseEnding] = [:]
    var skipped: Set<String> = []
    /// So many members are waited for.
    var awaited = 0
  }

  private let state = Mutex(State())
  private let members: [String: Experiment.Member]
  private let observe: @Sendable (TrainingEvent) -> Void

  init(
    _ members: [Experiment.Member], _ observe: @escaping @Sendable (TrainingEvent) -> Void
  ) {
    self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0) })
    self.observe = observe
  }

  func member(_ name: String) -> Experiment.Member? { members[name] }

  func tell(_ event: TrainingEvent) {
    // Under the lock, so that an observer need not be made for several threads.
    state.withLock { _ in observe(event) }
  }

  func tellSkipped(_ image: SkippedImage) {
    state.withLock { state in
      guard state.skipped.insert(image.name).inserted else { return }
      observe(.imageSkipped(image, soFar: state.skipped.count))
    }
  }

  func end(_ member: Experiment.Member, _ ending: LeaseEnding) {
    state.withLock { $0.endings[member.name] = ending }
  }

  /// Takes note of what other workers did, and of how many members are waited for.
  func take(_ board: LeaseBoard, awaited: Int) {
    state.withLock { state in
      for (name, unit) in zip(board.names, board.units) {
        guard let ending = unit.ending, state.endings[name] != ending, let member = members[name]
        else { continue }
        if state.endings.updateValue(ending, forKey: name) == nil {
          observe(.endedElsewhere(member, isComplete: ending == .complete))
        }
      }
      if awaited != state.awaited, awaited > 0 { observe(.waiting(members: awaited)) }
      state.awaited = awaited
    }
  }

  var outcome: TrainingRun.Outcome {
    state.withLock { state in
      let failed = state.endings.filter { $0.value == .failed }.keys.sorted()
      guard failed.isEmpty else { return .membersFailed(failed) }
      let left = members.count - state.endings.count
      return left > 0 ? .leftToOthers(members: left) : .complete
    }
  }
}
