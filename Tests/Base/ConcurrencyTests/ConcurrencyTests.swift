import Concurrency
import Synchronization
import Testing

@Suite struct ParallelTests {
  private struct Failure: Error, Equatable {
    let index: Int
  }

  @Test(arguments: [0, 1, 2, 1000]) func resultsAreInOrder(count: Int) {
    #expect(parallelMap(count) { 3 * $0 } == (0..<count).map { 3 * $0 })
  }

  @Test(arguments: [0, 1, 1000]) func everyIndexIsCalledOnce(count: Int) {
    let calls = Mutex([Int](repeating: 0, count: count))
    parallelFor(count) { index in calls.withLock { $0[index] += 1 } }
    #expect(calls.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func mapThrowsTheErrorOfTheLowestIndex() {
    for _ in 0..<20 {
      let error = #expect(throws: Failure.self) {
        try parallelMap(64) { index throws in
          if index >= 7 { throw Failure(index: index) }
        }
      }
      #expect(error == Failure(index: 7))
    }
  }

  @Test func aFailureKeepsNoOtherCallFromBeingMade() {
    let calls = Mutex(0)
    #expect(throws: Failure(index: 0)) {
      try parallelFor(100) { index throws in
        calls.withLock { $0 += 1 }
        if index == 0 { throw Failure(index: index) }
      }
    }
    #expect(calls.withLock { $0 } == 100)
  }
}

@Suite struct WorkerThreadTests {
  /// Each waits for all the others: a pool of fewer threads would never end.
  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 9]) func allRunAtOnce(count: Int) {
    let arrived = Monitor(Set<Int>())
    WorkerThread.run(count) { number in
      arrived.change { _ = $0.insert(number) }
      arrived.change(when: { $0.count == count }) { _ in }
    }
    #expect(arrived.change { $0 } == Set(0..<count))
  }

  /// The caller's part is done first, and the others begin only then.
  @Test(.timeLimit(.minutes(1))) func theCallerWaitsForAll() {
    let counts = Monitor((isCallerDone: false, others: 0))
    WorkerThread.run(4) { number in
      guard number > 0 else { return counts.change { $0.isCallerDone = true } }
      counts.change(when: \.isCallerDone) { _ in }
      for _ in 0..<1000 { counts.change { $0.others += 1 } }
    }
    #expect(counts.change { $0.others } == 3000)
  }

  @Test func joiningWaitsForTheEnd() throws {
    let isDone = Mutex(false)
    let thread = try WorkerThread { isDone.withLock { $0 = true } }
    thread.join()
    #expect(isDone.withLock { $0 })
  }

  @Test func theThreadReleasesItsWork() throws {
    final class Token: Sendable {}
    weak var watched: Token?
    let thread: WorkerThread
    do {
      let token = Token()
      watched = token
      thread = try WorkerThread { withExtendedLifetime(token) {} }
    }
    thread.join()
    #expect(watched == nil)
  }
}

@Suite struct MonitorTests {
  @Test(.timeLimit(.minutes(1))) func changesFromManyThreadsAreNotLost() {
    let monitor = Monitor(0)
    WorkerThread.run(4) { _ in
      for _ in 0..<1000 { monitor.change { $0 += 1 } }
    }
    #expect(monitor.change { $0 } == 4000)
  }

  /// Two threads take turns: each change is what the other one waits for.
  @Test(.timeLimit(.minutes(1))) func aChangeWakesThoseThatWait() {
    let turns = Monitor([Int]())
    WorkerThread.run(2) { number in
      for turn in 0..<100 {
        turns.change(when: { $0.count == 2 * turn + number }) { $0.append(number) }
      }
    }
    #expect(turns.change { $0 } == (0..<200).map { $0 % 2 })
  }

  @Test func anErrorReleasesTheLock() {
    struct Failure: Error {}
    let monitor = Monitor(1)
    #expect(throws: Failure.self) { try monitor.change { _ in throw Failure() } }
    #expect(monitor.change { $0 } == 1)
  }
}

@Suite struct WorkQueueTests {
  private struct Failure: Error, Equatable {
    let item: Int
  }

  @Test func itemsAreTakenOnceAndInOrder() throws {
    let queue = WorkQueue([1, 2, 3], stopIsWished: { false })
    #expect(try [queue.next(), queue.next(), queue.next(), queue.next()] == [1, 2, 3, nil])
    #expect(try queue.isDone())
  }

  @Test func aWishToStopEndsAllWork() throws {
    let queue = WorkQueue([1, 2], stopIsWished: { true })
    #expect(try queue.next() == 1)
    #expect(queue.shouldStop())
    #expect(try queue.next() == nil)
    #expect(try !queue.isDone())
  }

  @Test func theFirstErrorIsKept() throws {
    let queue = WorkQueue([1, 2], stopIsWished: { false })
    queue.fail(Failure(item: 1))
    queue.fail(Failure(item: 2))
    #expect(queue.shouldStop())
    #expect(try queue.next() == nil)
    #expect(throws: Failure(item: 1)) { try queue.isDone() }
  }
}
