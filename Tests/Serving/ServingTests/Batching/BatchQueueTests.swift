import ServingTestSupport
import Testing

@testable import Serving

@Suite struct BatchQueueTests {
  /// Rows are told apart by their numbers: what waits is of no meaning here.
  private static func rows(_ numbers: ClosedRange<Int>, of job: InferenceJob) -> [WaitingRow] {
    numbers.map { WaitingRow(job: job, row: $0) }
  }

  @Test func theMostUrgentComeFirstAndOfThemTheEarliest() throws {
    let jobs = try IdleJobs()
    let (first, second) = (jobs.next(), jobs.next())
    var queue = BatchQueue()
    queue.append(Self.rows(0...1, of: first), level: .max, arrival: 0)
    queue.append(Self.rows(10...11, of: second), level: 2, arrival: 1)
    queue.append(Self.rows(20...20, of: first), level: .max, arrival: 2)
    queue.append(Self.rows(30...30, of: second), level: 2, arrival: 3)
    #expect(queue.urgency?.level == 2)
    #expect(queue.urgency?.arrival == 1)
    #expect(queue.take(4).map(\.row) == [10, 11, 30, 0])
    #expect(queue.take(4).map(\.row) == [1, 20])
    #expect(queue.isEmpty)
    #expect(queue.urgency == nil)
  }

  @Test func anImageThatComesLateGoesBeforeThoseOfLaterRequests() throws {
    let job = try IdleJobs().next()
    var queue = BatchQueue()
    queue.append(Self.rows(0...1, of: job), level: .max, arrival: 4)
    queue.append(Self.rows(10...10, of: job), level: .max, arrival: 9)
    queue.append(Self.rows(20...20, of: job), level: .max, arrival: 6)
    #expect(queue.take(1).map(\.row) == [0])
    queue.append(Self.rows(30...31, of: job), level: .max, arrival: 2)
    queue.append(Self.rows(40...40, of: job), level: 7, arrival: 8)
    #expect(queue.take(9).map(\.row) == [40, 30, 31, 1, 20, 10])
  }

  @Test func theImagesOfARequestThatIsOverAreTakenOut() throws {
    let jobs = try IdleJobs()
    let (first, second) = (jobs.next(), jobs.next())
    var queue = BatchQueue()
    queue.append(Self.rows(0...3, of: first), level: 5, arrival: 0)
    queue.append(Self.rows(4...5, of: second), level: 5, arrival: 1)
    #expect(queue.take(1).map(\.row) == [0])
    queue.remove(first)
    #expect(queue.count == 2)
    #expect(queue.take(9).map(\.row) == [4, 5])
  }

  @Test func manyImagesPassInOrder() throws {
    let job = try IdleJobs().next()
    var queue = BatchQueue()
    var taken: [Int] = []
    for round in 0..<200 {
      queue.append(
        Self.rows(10 * round...10 * round + 9, of: job), level: 1, arrival: UInt64(round))
      taken += queue.take(7).map(\.row)
    }
    while !queue.isEmpty { taken += queue.take(100).map(\.row) }
    #expect(taken == Array(0..<2000))
  }
}
