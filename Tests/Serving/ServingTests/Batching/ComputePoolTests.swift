import Concurrency
import ServingTestSupport
import Synchronization
import Testing

@testable import Serving

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Notes the batches that it is given, and the threads that compute them.
private final class NotingRunner: BatchRunner {
  struct Batch: Sendable {
    let rows: [Int]
    let isAlone: Bool
    let thread: UInt
  }

  let batchSizes: [Int]
  let secondsPerImage: Double?
  private let batches = Monitor<[Batch]>([])
  private let next: @Sendable (WaitingRow) -> Void

  /// - Parameter next: Is called with each image, one after another.
  init(
    sizes: [Int], secondsPerImage: Double? = nil,
    next: @escaping @Sendable (WaitingRow) -> Void = { _ in }
  ) {
    batchSizes = sizes
    self.secondsPerImage = secondsPerImage
    self.next = next
  }

  func run(_ rows: [WaitingRow], isAlone: Bool) {
    rows.forEach(next)
    batches.change {
      $0.append(Batch(rows: rows.map(\.row), isAlone: isAlone, thread: Self.thread))
    }
  }

  /// The batches, once they have come to `count` images.
  func awaitBatches(ofImages count: Int) -> [Batch] {
    batches.change(when: { $0.reduce(0) { $0 + $1.rows.count } >= count }) { $0 }
  }

  static var thread: UInt { UInt(bitPattern: pthread_self().hashValue) }
}

@Suite struct ComputePoolTests {
  private static let level = Int.max

  private func rows(_ count: Int, of job: InferenceJob) -> [WaitingRow] {
    (0..<count).map { WaitingRow(job: job, row: $0) }
  }

  @Test func theCallerComputesWhatIsQuickWhereNothingElseIsAtWork() throws {
    let job = try IdleJobs().next()
    let pool = try ComputePool(threadCount: 1)
    defer { pool.stop() }
    let quick = NotingRunner(sizes: [1, 4], secondsPerImage: 0.001)
    let id = pool.add(quick)
    pool.submit(rows(1, of: job), to: [id], level: Self.level, patience: 0.002)
    #expect(quick.awaitBatches(ofImages: 1).map(\.thread) == [NotingRunner.thread])
    #expect(quick.awaitBatches(ofImages: 1).map(\.isAlone) == [true])
    // What takes longer than its patience is not for it: four images are.
    pool.submit(rows(4, of: job), to: [id], level: Self.level, patience: 0.002)
    let batches = quick.awaitBatches(ofImages: 5)
    #expect(batches.last?.rows == [0, 1, 2, 3])
    #expect(batches.last?.thread != NotingRunner.thread)
    pool.submit(rows(1, of: job), to: id, level: Self.level)
    #expect(quick.awaitBatches(ofImages: 6).last?.thread != NotingRunner.thread)
  }

  @Test func whatIsNotKnownToBeQuickIsForThePool() throws {
    let job = try IdleJobs().next()
    let pool = try ComputePool(threadCount: 1)
    defer { pool.stop() }
    let runner = NotingRunner(sizes: [1])
    pool.submit(rows(1, of: job), to: [pool.add(runner)], level: Self.level, patience: 1)
    #expect(runner.awaitBatches(ofImages: 1).map(\.thread) != [NotingRunner.thread])
  }

  /// Each image of a batch is sent on by itself, as in a cascade; with an idle thread beside, the first would go on alone.
  @Test func imagesThatGoOnTogetherStayTogether() throws {
    let job = try IdleJobs().next()
    let pool = try ComputePool(threadCount: 2)
    defer { pool.stop() }
    let second = NotingRunner(sizes: [1, 2, 4, 8])
    let id = pool.add(second)
    let first = NotingRunner(sizes: [8]) { row in
      pool.submit([row], to: id, level: Self.level)
      usleep(2000)
    }
    pool.submit(rows(8, of: job), to: pool.add(first), level: Self.level)
    let batches = second.awaitBatches(ofImages: 8)
    // Both threads are free when all are known: each takes its share.
    #expect(batches.map(\.rows.count).max() == 4)
    #expect(batches.flatMap(\.rows).sorted() == Array(0..<8))
  }

  /// A thread that waits keeps its pool.
  @Test func thePoolOfIdleJobsEndsWithThem() throws {
    weak var pool: ComputePool?
    do {
      let jobs = try IdleJobs()
      pool = jobs.pool
      _ = jobs.next()
    }
    for _ in 0..<5000 where pool != nil { usleep(1000) }
    #expect(pool == nil)
  }

  @Test func aThreadThatEndsLeavesNothingBehind() throws {
    let job = try IdleJobs().next()
    let pool = try ComputePool(threadCount: 2)
    let runner = NotingRunner(sizes: [1]) { _ in usleep(1000) }
    let id = pool.add(runner)
    pool.submit(rows(20, of: job), to: id, level: Self.level)
    pool.stop()
    #expect(runner.awaitBatches(ofImages: 20).count == 20)
  }
}
