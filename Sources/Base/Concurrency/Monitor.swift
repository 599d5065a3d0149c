#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A state that several threads share, and in which they wait for each other.
///
/// `@unchecked Sendable`: the state is touched only with the lock held.
package final class Monitor<State>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State

  package init(_ state: sending State) {
    self.state = state
    pthread_mutex_init(lock, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(lock)
    condition.deallocate()
    lock.deallocate()
  }

  /// Waits until `isReady`, then calls `body` with the lock held, and wakes all threads that wait.
  package func change<R>(
    when isReady: (State) -> Bool = { _ in true }, _ body: (inout State) throws -> R
  ) rethrows -> R {
    defer { pthread_cond_broadcast(condition) }
    return try take(when: isReady, body)
  }

  /// Wakes up to `count` threads that wait: for those who know how many have something to do.
  package func wake(_ count: Int) {
    for _ in 0..<count { pthread_cond_signal(condition) }
  }

  /// As `change`, for what no other thread waits for: none is woken.
  package func take<R>(
    when isReady: (State) -> Bool = { _ in true }, _ body: (inout State) throws -> R
  ) rethrows -> R {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while !isReady(state) { pthread_cond_wait(condition, lock) }
    return try body(&state)
  }
}
