import ArchitectureSearch
import Concurrency
import Dispatch
import Files
import Foundation
import Networks
import Schemas
import SearchRuns
import Synchronization
import TestSupport
import Testing

/// What one of several workers of a search does for all.
@Suite struct SearchTaskTests {
  @Test func oneDoesItWhileTheOthersWait() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path)
    let (isAtIt, isAwaited) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let answers = Mutex<[Int: Result<Bool, any Error>]>([:])
    WorkerThread.run(2) { worker in
      if worker == 1 { isAtIt.wait() }
      let answer = Result {
        try search.once(.report, waits: { isAwaited.signal() }) {
          #expect(worker == 0)
          isAtIt.signal()
          isAwaited.wait()
        }
      }
      answers.withLock { $0[worker] = answer }
    }
    #expect(try answers.withLock { try $0[0]?.get() } == true)
    #expect(try answers.withLock { try $0[1]?.get() } == false)
    // Nothing is left, and what was done once is done again.
    #expect(try directory.names() == [])
    #expect(try search.once(.report) {})
  }

  @Test func whatFailsForOneIsTriedByTheNext() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path)
    #expect(throws: TestSupportError.self) {
      try search.once(.latencies) { throw TestSupportError("no") }
    }
    #expect(try search.once(.latencies) {})
  }

  @Test func latenciesOnRecordStay() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path)
    let space = WideResNetSpace(
      inputSize: 8, groups: [.init(blocks: [1, 2], channels: [8, 16])])
    func table(_ milliseconds: Double, of networks: [Network]) -> LatencyTable {
      LatencyTable(
        milliseconds: Dictionary(
          networks.flatMap { $0.segments() }.map { ($0, milliseconds) },
          uniquingKeysWith: { first, _ in first }),
        overheadMilliseconds: 0.01, conditions: "by hand")
    }
    let all = try space.networksOfAllSegments(seed: 0)
    // Of another space: it says nothing about this one.
    try DurableFile.write(table(3, of: []).readableJSON(), to: search.latenciesPath)
    #expect(try search.publish(table(1, of: all), covering: space))
    #expect(try !search.publish(table(2, of: all), covering: space))
    let kept = try #require(try search.latencies(covering: space))
    #expect(Set(kept.milliseconds.values) == [1])
  }
}
