import Synchronization

/// Work that waits, shared by the workers that take it.
package final class WorkQueue<Item: Sendable>: Sendable {
  private struct State {
    var waiting: ArraySlice<Item>
    var isStopping = false
    var failure: (any Error)?
  }

  private let state: Mutex<State>
  private let stopIsWished: @Sendable () -> Bool

  /// - Parameter stopIsWished: Asked now and then by a worker, on its thread, whether all work is to stop.
  package init(_ items: [Item], stopIsWished: @escaping @Sendable () -> Bool) {
    state = Mutex(State(waiting: items[...]))
    self.stopIsWished = stopIsWished
  }

  /// The next item; nil where none is left, or all work is to stop.
  package func next() -> Item? {
    state.withLock { $0.isStopping ? nil : $0.waiting.popFirst() }
  }

  /// Whether the worker should save where it stands and end.
  package func shouldStop() -> Bool {
    if stopIsWished() { stop() }
    return state.withLock { $0.isStopping }
  }

  /// Makes all workers end.
  package func stop() { state.withLock { $0.isStopping = true } }

  /// Keeps the first error for the end, and makes all workers end.
  package func fail(_ error: any Error) {
    state.withLock { state in
      if state.failure == nil { state.failure = error }
      state.isStopping = true
    }
  }

  /// Whether all items were taken and no worker was stopped, once all workers have ended.
  ///
  /// - Throws: The first error.
  package func isDone() throws -> Bool {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      return !state.isStopping
    }
  }
}
