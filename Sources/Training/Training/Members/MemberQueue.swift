import Concurrency
import Datasets
import Runs
import Synchronization

/// The members that wait to be trained, and what there is to report about them.
final class MemberQueue: Sendable {
  private struct Report {
    var failed: [String] = []
    var skipped: Set<String> = []
  }

  let work: WorkQueue<Experiment.Member>
  /// The processes that train each member together; nil for this one alone.
  let group: TrainingGroup?
  private let report: Mutex<Report>
  private let observe: @Sendable (TrainingEvent) -> Void

  init(
    _ members: [Experiment.Member], group: TrainingGroup? = nil,
    stopIsWished: @escaping @Sendable () -> Bool,
    observe: @escaping @Sendable (TrainingEvent) -> Void
  ) {
    self.group = group
    work = WorkQueue(members, stopIsWished: stopIsWished)
    report = Mutex(Report())
    self.observe = observe
  }

  /// Whether the worker should save where it stands and end.
  func shouldStop() -> Bool { work.shouldStop() }

  /// Reports to the observer, one event at a time.
  func report(_ event: TrainingEvent) {
    // Under the lock, so that an observer need not be made for several threads.
    report.withLock { _ in observe(event) }
  }

  /// Reports to the observer an image that cannot be decoded, the first time that one of the members meets it.
  func reportSkipped(_ image: SkippedImage) {
    report.withLock { report in
      guard report.skipped.insert(image.name).inserted else { return }
      observe(.imageSkipped(image, soFar: report.skipped.count))
    }
  }

  /// Records a member that stopped by itself, which concerns no other.
  func memberFailed(_ member: Experiment.Member) {
    report.withLock { $0.failed.append(member.name) }
  }

  /// How the work ended, once all workers have.
  func outcome() throws -> TrainingRun.Outcome {
    guard try work.isDone() else { return .interrupted }
    let failed = report.withLock { $0.failed }
    return failed.isEmpty ? .complete : .membersFailed(failed.sorted())
  }
}
