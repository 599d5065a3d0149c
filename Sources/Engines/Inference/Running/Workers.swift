import Dispatch
import Synchronization

/// Work on several threads at once.
package enum Workers {
  /// Calls `body` on `count` threads, and returns when all are done.
  ///
  /// - Throws: What the first that failed threw.
  package static func run(count: Int, _ body: @Sendable () throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: count) { _ in
      do { try body() } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
