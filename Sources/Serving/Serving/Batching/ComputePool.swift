import Concurrency
import Synchronization

/// What computes batches of images: a member, or the decoder of images.
protocol BatchRunner: Sendable {
  /// How many images it computes at a time, ascending.
  var batchSizes: [Int] { get }
  /// How long one image takes on one thread, in seconds, measured before it served; nil for what only the pool's own threads
  /// may do.
  var secondsPerImage: Double? { get }
  /// Computes a batch of at most the greatest size, and hands each request what is its own. It throws nothing: what goes wrong is
  /// said to the requests that it concerns.
  ///
  /// - Parameter isAlone: Whether no other thread of the pool has work, so that all processors may be used.
  func run(_ rows: [WaitingRow], isAlone: Bool)
}

extension BatchRunner {
  var secondsPerImage: Double? { nil }
}

/// The threads that compute, and the queue of each runner.
///
/// A thread that is free takes what is most urgent, at once: nothing waits for a batch to fill while a thread is idle, and
/// batches form of what comes while all are at work. What a batch leads to, the next members of a cascade, is queued when all
/// of it is known, and the thread goes on with that itself: images that go on together stay together.
final class ComputePool: Sendable {
  /// Names a runner of the pool.
  struct RunnerID: Hashable, Sendable {
    fileprivate let number: Int
  }

  /// Images of one request for some runners.
  fileprivate struct Submission: Sendable {
    let rows: [WaitingRow]
    let runners: [RunnerID]
    let level: Int
    let arrival: UInt64
  }

  /// What a batch that is being computed leads to.
  private final class Outbox: Sendable {
    /// The thread that computes it.
    @TaskLocal static var current: Outbox?
    let pool: ObjectIdentifier
    let submissions = Mutex<[Submission]>([])

    init(of pool: ComputePool) { self.pool = ObjectIdentifier(pool) }
  }

  private struct State {
    var runners: [Int: any BatchRunner] = [:]
    var queues: [Int: BatchQueue] = [:]
    var next = 0
    /// How many more threads may compute. A caller that computes takes the place of one of the pool's own.
    var idleThreads: Int
    var isStopping = false

    var hasWork: Bool { queues.values.contains { !$0.isEmpty } }
    /// Whether a thread that is free finds something to do.
    var hasBatch: Bool { idleThreads > 0 && hasWork }
    /// How many threads that wait have something to do: there is work, or they are to end.
    var wakeableThreads: Int {
      isStopping ? .max : min(idleThreads, queues.values.reduce(0) { $0 + $1.count })
    }

    mutating func append(_ submission: Submission) {
      for runner in submission.runners {
        queues[runner.number]?.append(
          submission.rows, level: submission.level, arrival: submission.arrival)
      }
    }
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
    monitor = Monitor(State(idleThreads: threadCount))
    self.threadCount = threadCount
    for number in 0..<threadCount {
      do {
        // They end the pool's life themselves, when it is told to stop.
        try WorkerThread { self.work() }.detach()
      } catch  where number > 0 {
        monitor.change { $0.idleThreads -= threadCount - number }
        return
      }
    }
  }

  /// Takes up a runner.
  func add(_ runner: any BatchRunner) -> RunnerID {
    monitor.take { state in
      let number = state.next
      state.next += 1
      state.runners[number] = runner
      state.queues[number] = BatchQueue()
      return RunnerID(number: number)
    }
  }

  /// Lets a runner go; nothing may wait for it any more.
  func remove(_ runner: RunnerID) {
    monitor.take { state in
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
  ///
  /// - Parameter patience: Where the pool has nothing else to do, the caller itself computes what takes no longer than this, in
  ///   seconds: two threads less have to wake for it.
  func submit(
    _ rows: [WaitingRow], to runners: [RunnerID], level: Int, patience: Double = 0
  ) {
    guard let arrival = rows.first?.job.arrival else { return }
    let submission = Submission(rows: rows, runners: runners, level: level, arrival: arrival)
    if let outbox = Outbox.current, outbox.pool == ObjectIdentifier(self) {
      return outbox.submissions.withLock { $0.append(submission) }
    }
    let (batch, wakeable) = monitor.take { state in
      let mayCompute = patience > 0 && state.idleThreads == threadCount && !state.hasWork
      state.append(submission)
      let batch = mayCompute ? take(&state, within: patience) : nil
      return (batch, state.wakeableThreads)
    }
    wake(wakeable)
    if let batch { compute(batch, within: patience) }
  }

  /// Takes the images of a request that is over out of all queues.
  func remove(_ job: InferenceJob) {
    monitor.take { state in
      for number in state.queues.keys { state.queues[number]?.remove(job) }
    }
  }

  /// Makes the threads end once nothing waits.
  func stop() { monitor.change { $0.isStopping = true } }

  /// What each of the pool's own threads does.
  private func work() {
    while let batch = monitor.take(
      when: { $0.hasBatch || $0.isStopping && !$0.hasWork }, { take(&$0, within: .infinity) })
    {
      compute(batch, within: .infinity)
    }
  }

  /// Computes a batch and what comes next, until nothing waits that takes no longer than `patience` from now on, in seconds.
  private func compute(_ first: Batch, within patience: Double) {
    let deadline = ContinuousClock.now + .seconds(min(patience, 1e9))
    var next: Batch? = first
    while let batch = next {
      let outbox = Outbox(of: self)
      Outbox.$current.withValue(outbox) { batch.runner.run(batch.rows, isAlone: batch.isAlone) }
      let submissions = outbox.submissions.withLock { $0 }
      let left =
        patience.isFinite ? ContinuousClock.now.duration(to: deadline) / .seconds(1) : patience
      let wakeable: Int
      (next, wakeable) = monitor.take { state in
        for submission in submissions { state.append(submission) }
        state.idleThreads += 1
        let next = take(&state, within: left)
        return (next, state.wakeableThreads)
      }
      wake(wakeable)
    }
  }

  private func wake(_ count: Int) { monitor.wake(min(count, threadCount)) }

  /// The next batch; nil where there is none, or where it would take longer than `patience`, in seconds.
  private func take(_ state: inout State, within patience: Double) -> Batch? {
    let urgent = state.queues.compactMap { number, queue in
      queue.urgency.map { (number: number, urgency: $0) }
    }.min {
      ($0.urgency.level, $0.urgency.arrival, $0.number) < (
        $1.urgency.level, $1.urgency.arrival, $1.number
      )
    }
    guard state.idleThreads > 0, let number = urgent?.number, let runner = state.runners[number]
    else { return nil }
    let waiting = state.queues[number]?.count ?? 0
    // Idle threads get their share: two images are computed side by side rather than as one batch of two.
    let share = (waiting + state.idleThreads - 1) / state.idleThreads
    let size = runner.batchSizes.last { $0 <= share } ?? runner.batchSizes[0]
    if patience.isFinite {
      guard let seconds = runner.secondsPerImage, Double(size) * seconds <= patience else {
        return nil
      }
    }
    let rows = state.queues[number]?.take(size) ?? []
    let isAlone = state.idleThreads == threadCount && !state.hasWork
    state.idleThreads -= 1
    return Batch(runner: runner, rows: rows, isAlone: isAlone)
  }
}
