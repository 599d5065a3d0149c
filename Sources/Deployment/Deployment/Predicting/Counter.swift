import Synchronization

/// Gives each caller the next number.
final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  /// 0, 1, 2, ...
  func next() -> Int { value.add(1, ordering: .relaxed).oldValue }

  /// Makes all later numbers at least `count`.
  func skip(past count: Int) { value.store(count, ordering: .relaxed) }
}
