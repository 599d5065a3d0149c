import Synchronization

/// The greatest progress that was told.
final class Peak: Sendable {
  private let state = Mutex([0, 0])

  func record(_ done: Int, _ total: Int) {
    state.withLock { $0 = [max($0[0], done), total] }
  }

  var value: [Int] { state.withLock { $0 } }
}
