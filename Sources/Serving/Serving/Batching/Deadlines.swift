import Dispatch
import Synchronization

/// Ends requests whose time is over, also those that still wait.
///
/// One timer, set to the earliest deadline; what a request leaves behind is removed when it ends.
final class Deadlines: Sendable {
  private struct State {
    var jobs: [ObjectIdentifier: (deadline: DispatchTime, job: InferenceJob)] = [:]
    var next = DispatchTime.distantFuture
  }

  private let state = Mutex(State())
  // Sources of Dispatch may be used from any thread at once; their type does not say so.
  nonisolated(unsafe) private let timer = DispatchSource.makeTimerSource(queue: .global())

  init() {
    timer.schedule(deadline: .distantFuture)
    timer.setEventHandler { [weak self] in self?.expire() }
    timer.activate()
  }

  deinit { timer.cancel() }

  /// Ends `job` in so many seconds, unless it is removed before.
  func add(_ job: InferenceJob, seconds: Double) {
    let deadline = DispatchTime.now() + seconds
    state.withLock { state in
      state.jobs[ObjectIdentifier(job)] = (deadline, job)
      if deadline < state.next { schedule(deadline, &state) }
    }
    // It may have ended before it was added.
    if job.isFinished { remove(job) }
  }

  /// Forgets a request.
  func remove(_ job: InferenceJob) {
    state.withLock { _ = $0.jobs.removeValue(forKey: ObjectIdentifier(job)) }
  }

  private func schedule(_ deadline: DispatchTime, _ state: inout State) {
    state.next = deadline
    timer.schedule(deadline: deadline)
  }

  private func expire() {
    let now = DispatchTime.now()
    let over = state.withLock { state in
      let over = state.jobs.values.filter { $0.deadline <= now }.map(\.job)
      for job in over { state.jobs[ObjectIdentifier(job)] = nil }
      schedule(state.jobs.values.map(\.deadline).min() ?? .distantFuture, &state)
      return over
    }
    for job in over { job.fail(.deadlineExceeded) }
  }
}
