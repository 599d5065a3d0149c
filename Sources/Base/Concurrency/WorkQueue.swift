import Synchronization

/// Work that waits, shared by the workers that take it.
package final class WorkQueue<Item: Sendable>: Sendable {
  private struct State {
    var isStopping = false
    var failure: (any Error)?
  }

  private let state: Mutex<State>
  private let stopIsWished: @Sendable () -> Bool
  private let source: @Sendable (WorkQueue) throws -> Item?

  /// - Parameters:
  ///   - stopIsWished: Asked now and then by a worker, on its thread, whether all work is to stop.
  ///   - source: Gives the next item to the worker that asks, on its thread; nil where none is left. It may wait, and asks
  ///     `shouldStop` meanwhile.
  package init(
    stopIsWished: @escaping @Sendable () -> Bool,
    source: @escaping @Sendable (WorkQueue) throws -> Item?
  ) {
    state = Mutex(State())
    self.stopIsWished = stopIsWished
    self.source = source
  }

  /// - Parameters:
  ///   - items: What there is to do, in order.
  ///   - stopIsWished: Asked now and then by a worker, on its thread, whether all work is to stop.
  package convenience init(_ items: [Item], stopIsWished: @escaping @Sendable () -> Bool) {
    let waiting = Mutex(items[...])
    self.init(stopIsWished: stopIsWished) { _ in waiting.withLock { $0.popFirst() } }
  }

  /// The next item; nil where none is left, or all work is to stop.
  package func next() throws -> Item? {
    guard !state.withLock({ $0.isStopping }) else { return nil }
    return try source(self)
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
