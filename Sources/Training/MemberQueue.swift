import Datasets
import Experiments
import Synchronization

/// The members that wait to be trained, shared by the workers that take them.
final class MemberQueue: Sendable {
  private struct State {
    var waiting: ArraySlice<Experiment.Member>
    var isStopping = false
    var failed: [String] = []
    var failure: (any Error)?
    var skipped: Set<String> = []
  }

  private let state: Mutex<State>
  private let stopIsWished: @Sendable () -> Bool
  private let observe: @Sendable (TrainingEvent) -> Void

  init(
    _ members: [Experiment.Member], stopIsWished: @escaping @Sendable () -> Bool,
    observe: @escaping @Sendable (TrainingEvent) -> Void
  ) {
    state = Mutex(State(waiting: members[...]))
    self.stopIsWished = stopIsWished
    self.observe = observe
  }

  /// The next member; nil where none is left, or all work is to stop.
  func next() -> Experiment.Member? {
    state.withLock { $0.isStopping ? nil : $0.waiting.popFirst() }
  }

  /// Whether the worker should save where it stands and end.
  func shouldStop() -> Bool {
    if stopIsWished() { stop() }
    return state.withLock { $0.isStopping }
  }

  /// Makes all workers end.
  func stop() { state.withLock { $0.isStopping = true } }

  /// Tells the observer, one event at a time.
  func report(_ event: TrainingEvent) {
    // Under the lock, so that an observer need not be made for several threads.
    state.withLock { _ in observe(event) }
  }

  /// Tells the observer of an image that cannot be decoded, the first time that one of the members meets it.
  func reportSkipped(_ image: SkippedImage) {
    state.withLock { state in
      guard state.skipped.insert(image.name).inserted else { return }
      observe(.imageSkipped(image, soFar: state.skipped.count))
    }
  }

  /// Takes note of a member that stopped by itself, which concerns no other.
  func memberFailed(_ member: Experiment.Member) {
    state.withLock { $0.failed.append(member.name) }
  }

  /// Keeps the first error for the end, and makes all workers end.
  func fail(_ error: any Error) {
    state.withLock { state in
      if state.failure == nil { state.failure = error }
      state.isStopping = true
    }
  }

  /// How the work ended, once all workers have.
  func outcome() throws -> TrainingRun.Outcome {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      if state.isStopping { return .interrupted }
      return state.failed.isEmpty ? .complete : .membersFailed(state.failed.sorted())
    }
  }
}
