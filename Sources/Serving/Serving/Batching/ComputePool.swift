import Concurrency
import Synchronization

/// What computes batches of images: a member, or the decoder of images.
protocol BatchRunner: Sendable {
  /// How many images it computes at a time, ascending.
  var batchSizes: [Int] { get }
  /// Computes a batch of at most the greatest size, and hands each request what is its own. It throws nothing: what goes wrong is
  /// said to the requests that it concerns.
  ///
  /// - Parameter isAlone: Whether no other thread of the pool has work, so that all processors may be used.
  func run(_ rows: [WaitingRow], isAlone: Bool)
}

/// The threads that compute, and the queue of each runner.
///
/// A thread that is free takes what is most urgent, at once: nothing waits for a batch to fill while a thread is idle, and
/// batches form of what comes while all are at work.
final class ComputePool: Sendable {
  /// Names a runner of the pool.
  struct RunnerID: Hashable, Sendable {
    fileprivate let number: Int
  }

  private struct State {
    var runners: [Int: any BatchRunner] = [:]
    var queues: [Int: BatchQueue] = [:]
    var next = 0
    var idleThreads: Int
    var isStopping = false

    var hasWork: Bool { queues.values.contains { !$0.isEmpty } }
  }

  private struct Batch {
    let runner: any BatchRunner
    let rows: [WaitingRow]
    let isAlone: Bool
  }

  private let monitor: Monitor<State>
  private let arrivals = Atomic<UInt64>(0)
  /// How many threads compute.
  let threadCount: Int

  /// Starts `threadCount` threads; fewer where the system has no more, and at least one.
  ///
  /// - Throws: `WorkerThread.StartError` where there is none.
  init(threadCount: Int) throws(WorkerThread.StartError) {
    precondition(threadCount > 0, "at least one thread")
    let monitor = Monitor(State(idleThreads: threadCount))
    self.monitor = monitor
    self.threadCount = threadCount
    for number in 0..<threadCount {
      do {
        try WorkerThread { Self.work(monitor, threadCount) }.detach()
      } catch  where number > 0 {
        monitor.change { $0.idleThreads -= threadCount - number }
        return
      }
    }
  }

  /// Takes up a runner.
  func add(_ runner: any BatchRunner) -> RunnerID {
    monitor.change { state in
      let number = state.next
      state.next += 1
      state.runners[number] = runner
      state.queues[number] = BatchQueue()
      return RunnerID(number: number)
    }
  }

  /// Lets a runner go; nothing may wait for it any more.
  func remove(_ runner: RunnerID) {
    monitor.change { state in
      state.runners[runner.number] = nil
      state.queues[runner.number] = nil
    }
  }

  /// The number of a request that arrives: those that came before have lower ones, and go first also where they come to a later
  /// member of a cascade.
  func nextArrival() -> UInt64 { arrivals.add(1, ordering: .relaxed).newValue }

  /// Puts images of a request into a runner's queue.
  func submit(_ rows: [WaitingRow], to runner: RunnerID, level: Int) {
    submit(rows, to: [runner], level: level)
  }

  /// Puts the same images into the queues of several runners at once: no thread takes the first for all there is to do, and
  /// spreads it over all processors.
  func submit(_ rows: [WaitingRow], to runners: [RunnerID], level: Int) {
    guard let arrival = rows.first?.job.arrival else { return }
    monitor.change { state in
      for runner in runners {
        state.queues[runner.number]?.append(rows, level: level, arrival: arrival)
      }
    }
  }

  /// Takes the images of a request that is over out of all queues.
  func remove(_ job: InferenceJob) {
    monitor.change { state in
      for number in state.queues.keys { state.queues[number]?.remove(job) }
    }
  }

  /// Makes the threads end once nothing waits.
  func stop() { monitor.change { $0.isStopping = true } }

  private static func work(_ monitor: Monitor<State>, _ threadCount: Int) {
    while let batch = monitor.take(
      when: { $0.hasWork || $0.isStopping }, { take(&$0, threadCount) })
    {
      batch.runner.run(batch.rows, isAlone: batch.isAlone)
      monitor.take { $0.idleThreads += 1 }
    }
  }

  /// The next batch; nil where the threads are to end.
  private static func take(_ state: inout State, _ threadCount: Int) -> Batch? {
    let urgent = state.queues.compactMap { number, queue in
      queue.urgency.map { (number: number, urgency: $0) }
    }.min {
      ($0.urgency.level, $0.urgency.arrival, $0.number) < (
        $1.urgency.level, $1.urgency.arrival, $1.number
      )
    }
    guard let number = urgent?.number, let runner = state.runners[number] else { return nil }
    let waiting = state.queues[number]?.count ?? 0
    // Idle threads get their share: two images are computed side by side rather than as one batch of two.
    let share = (waiting + state.idleThreads - 1) / max(1, state.idleThreads)
    let size = runner.batchSizes.last { $0 <= share } ?? runner.batchSizes[0]
    let rows = state.queues[number]?.take(size) ?? []
    let isAlone = state.idleThreads == threadCount && !state.hasWork
    state.idleThreads -= 1
    return Batch(runner: runner, rows: rows, isAlone: isAlone)
  }
}
