import Concurrency

/// Threads that read large bodies, so that those of the network go on.
final class WorkerPool: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var isEnding = false
  }

  private let monitor = Monitor(State())

  /// Starts up to `count` threads, and at least one.
  ///
  /// - Throws: `WorkerThread.StartError` where there is none.
  init(count: Int) throws(WorkerThread.StartError) {
    let monitor = monitor
    for number in 0..<max(1, count) {
      do {
        try WorkerThread { Self.work(monitor) }.detach()
      } catch  where number > 0 {
        return
      }
    }
  }

  deinit { monitor.change { $0.isEnding = true } }

  /// Calls `work` on one of the threads, after what came before.
  func submit(_ work: @escaping @Sendable () -> Void) {
    monitor.change { $0.waiting.append(work) }
  }

  private static func work(_ monitor: Monitor<State>) {
    while true {
      let work: (@Sendable () -> Void)? = monitor.change(
        when: { !$0.waiting.isEmpty || $0.isEnding }
      ) { state in
        state.waiting.isEmpty ? nil : state.waiting.removeFirst()
      }
      guard let work else { return }
      work()
    }
  }
}
