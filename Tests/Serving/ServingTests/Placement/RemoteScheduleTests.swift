import Inference
import Testing

@testable import Serving

/// What is sent where and when, with neither network nor clock.
@Suite struct RemoteScheduleTests {
  private let start = ContinuousClock.now
  private let jobs: IdleJobs

  init() throws { jobs = try IdleJobs() }

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// A schedule with workers that have proven themselves.
  private func schedule(_ count: Int, inFlight: Int = 4, maximumBatch: Int = 8) throws
    -> RemoteSchedule
  {
    let addresses = try (0..<count).map { try WorkerAddress("http://h\($0)", member: "m") }
    var schedule = RemoteSchedule(
      addresses,
      limits: .init(maximumBatch: maximumBatch, timeoutSeconds: 2, requestsPerWorker: inFlight),
      at: start)
    #expect(schedule.advance(to: start).proofs == Array(0..<count))
    for replica in 0..<count {
      let contract = WorkerContract(
        input: "i", output: "o", outputKind: .logits, maximumBatch: 100)
      #expect(
        schedule.noteProof(.success(contract), of: replica, at: start).reports == [replica])
    }
    return schedule
  }

  private func rows(
    _ count: Int, deadline: ContinuousClock.Instant? = nil
  ) -> [WaitingRow] {
    let job = jobs.next(count, memberDeadline: deadline)
    return (0..<count).map { WaitingRow(job: job, row: $0) }
  }

  private func answer(_ call: RemoteCall) -> Result<RemoteSchedule.Rows, WorkerFault> {
    .success(call.input.rows.map { _ in .success([0]) })
  }

  /// Teaches the schedule that answers take 10 ms, so that it knows when to hedge.
  private func learn(_ schedule: inout RemoteSchedule) {
    for _ in 0..<40 {
      for call in schedule.submit(rows(1), level: 0, at: start).calls {
        _ = schedule.finish(call, answer(call), at: at(0.01))
      }
    }
  }

  @Test func workersThatServeProveThemselvesOnceMore() throws {
    var schedule = try schedule(1)
    #expect(schedule.nextEvent == at(20))
    let effects = schedule.advance(to: at(20))
    guard case .check(replica: 0)? = effects.first, effects.count == 1 else {
      Issue.record("\(effects)")
      return
    }
    let contract = try #require(schedule.replicas[0].contract)
    #expect(schedule.noteCheck(.success(contract), of: 0, at: at(21)).isEmpty)
    #expect(schedule.nextEvent == at(41))
    // What cannot be asked may still answer; what answers otherwise may not.
    #expect(schedule.noteCheck(.failure(.unavailable("busy")), of: 0, at: at(42)).isEmpty)
    #expect(schedule.replicas[0].isServing)
    #expect(schedule.noteCheck(.failure(.refused("another")), of: 0, at: at(43)).reports == [0])
    #expect(schedule.replicas[0].state == .refused)
    #expect(schedule.submit(rows(1), level: 0, at: at(43)).lost == 1)
  }

  @Test func onlyNewConnectionsSomeTimeAfterAProofAreDoubtful() throws {
    let first = try schedule(1)
    for (seconds, isDoubtful) in [(0.4, false), (0.6, true)] {
      var schedule = first
      let call = try #require(schedule.submit(rows(1), level: 0, at: at(seconds)).calls.first)
      #expect(schedule.isDoubtful(call, isNewConnection: true) == isDoubtful)
      #expect(!schedule.isDoubtful(call, isNewConnection: false))
    }
  }

  @Test func nothingWaitsWhileAWorkerHasRoom() throws {
    var schedule = try schedule(1, inFlight: 2)
    let first = schedule.submit(rows(1), level: 0, at: start).calls
    #expect(first.map(\.input.rows.count) == [1])
    #expect(schedule.submit(rows(3), level: 0, at: start).calls.map(\.input.rows.count) == [3])
    // Both places are taken: the rest gathers, of all requests.
    #expect(schedule.submit(rows(5), level: 0, at: start).calls.isEmpty)
    #expect(schedule.submit(rows(7), level: 0, at: start).calls.isEmpty)
    #expect(schedule.waitingCount == 12)
    let effects = schedule.finish(first[0], answer(first[0]), at: at(0.01))
    #expect(effects.delivered == 1)
    #expect(effects.calls.map(\.input.rows.count) == [8])
    #expect(schedule.waitingCount == 4)
  }

  @Test func idleWorkersShareWhatWaits() throws {
    var schedule = try schedule(2)
    let calls = schedule.submit(rows(8), level: 0, at: start).calls
    #expect(calls.map(\.replica) == [0, 1])
    #expect(calls.map(\.input.rows.count) == [4, 4])
  }

  @Test func aFailedRequestIsSentToAnotherWorkerAtOnce() throws {
    var schedule = try schedule(2)
    let call = try #require(schedule.submit(rows(1), level: 0, at: start).calls.first)
    let effects = schedule.finish(call, .failure(.broken("reset")), at: at(0.01))
    let retry = try #require(effects.calls.first)
    #expect((retry.replica, retry.kind) == (1, .retry))
    #expect(retry.input === call.input)
    #expect(effects.lost == 0)
    #expect(schedule.finish(retry, answer(retry), at: at(0.02)).delivered == 1)
  }

  @Test func whereBothFailTheMemberIsLost() throws {
    var schedule = try schedule(2)
    let call = try #require(schedule.submit(rows(3), level: 0, at: start).calls.first)
    let retry = try #require(
      schedule.finish(call, .failure(.broken("reset")), at: at(0.01)).calls.first)
    #expect(schedule.finish(retry, .failure(.badAnswer("x")), at: at(0.02)).lost == 2)
  }

  @Test func aRefusalIsNotRepeated() throws {
    var schedule = try schedule(2)
    let call = try #require(schedule.submit(rows(1), level: 0, at: start).calls.first)
    let effects = schedule.finish(call, .failure(.refused(status: 400, "no")), at: at(0.01))
    #expect(effects.calls.isEmpty)
    #expect(effects.lost == 1)
  }

  @Test func retriesStayWithinTheBudget() throws {
    var schedule = try schedule(2)
    var retries = 0
    for number in 0..<200 {
      let now = at(Double(number))
      // The one is always right, so that it is never ejected, and the other one every second time wrong.
      for call in schedule.submit(rows(1), level: 0, at: now).calls {
        guard call.replica == 1, number % 4 < 2 else {
          _ = schedule.finish(call, answer(call), at: now)
          continue
        }
        for retry in schedule.finish(call, .failure(.broken("reset")), at: now).calls {
          retries += 1
          _ = schedule.finish(retry, answer(retry), at: now)
        }
      }
    }
    #expect(retries > 0)
    #expect(retries <= 3 + 20)
  }

  @Test func aSlowRequestIsHedgedAndTheFirstAnswerCounts() throws {
    var schedule = try schedule(2)
    learn(&schedule)
    let call = try #require(schedule.submit(rows(1), level: 0, at: start).calls.first)
    #expect(schedule.nextEvent == at(0.01))
    #expect(schedule.advance(to: at(0.009)).calls.isEmpty)
    let hedge = try #require(schedule.advance(to: at(0.01)).calls.first)
    #expect(hedge.kind == .hedge)
    #expect(hedge.replica != call.replica)
    let effects = schedule.finish(hedge, answer(hedge), at: at(0.02))
    #expect(effects.delivered == 1)
    #expect(effects.cancelled.count == 1)
    #expect(effects.cancelled.first === call)
    // What it still says belongs to no request.
    #expect(schedule.finish(call, answer(call), at: at(0.03)).isEmpty)
    #expect(schedule.replicas.map(\.inFlight) == [0, 0])
    #expect(schedule.replicas[hedge.replica].hedges == 1)
  }

  @Test func withoutAnotherWorkerNothingIsHedged() throws {
    var schedule = try schedule(1)
    learn(&schedule)
    _ = schedule.submit(rows(1), level: 0, at: start)
    // Nothing but the next proof.
    #expect(schedule.nextEvent == at(20))
    #expect(schedule.advance(to: at(19)).isEmpty)
  }

  @Test func whereAHedgeIsUnderWayAFailureIsNoLoss() throws {
    var schedule = try schedule(2)
    learn(&schedule)
    let call = try #require(schedule.submit(rows(1), level: 0, at: start).calls.first)
    let hedge = try #require(schedule.advance(to: at(0.01)).calls.first)
    let effects = schedule.finish(call, .failure(.broken("reset")), at: at(0.02))
    #expect(effects.lost == 0 && effects.calls.isEmpty)
    #expect(schedule.finish(hedge, answer(hedge), at: at(0.03)).delivered == 1)
  }

  @Test func withoutWorkersTheMemberIsLostAtOnce() throws {
    var schedule = try schedule(1, inFlight: 1)
    let call = try #require(schedule.submit(rows(1), level: 0, at: start).calls.first)
    #expect(schedule.submit(rows(2), level: 0, at: start).isEmpty)
    // What waits is lost with the worker.
    let effects = schedule.finish(call, .failure(.unreachable("refused")), at: at(0.01))
    #expect(effects.reports == [0])
    #expect(effects.lost == 3)
    #expect(schedule.submit(rows(4), level: 0, at: at(0.02)).lost == 4)
    // It is probed until it is back.
    let probe = try #require(schedule.nextEvent)
    #expect((0.4...0.6).contains(at(0.01).duration(to: probe) / .seconds(1)))
    #expect(schedule.advance(to: probe).proofs == [0])
    #expect(schedule.submit(rows(1), level: 0, at: probe).lost == 1)
    let contract = try #require(schedule.replicas[0].contract)
    #expect(schedule.noteProof(.success(contract), of: 0, at: probe).reports == [0])
    #expect(schedule.submit(rows(1), level: 0, at: probe).calls.count == 1)
  }

  @Test func aBusyWorkerIsLeftAloneForAsLongAsItSays() throws {
    var schedule = try schedule(1)
    let call = try #require(schedule.submit(rows(2), level: 0, at: start).calls.first)
    let busy = WorkerFault.busy(status: 503, retryAfterSeconds: 1, "")
    let effects = schedule.finish(call, .failure(busy), at: at(0.1))
    #expect(effects.isEmpty)
    #expect(schedule.waitingCount == 2)
    #expect(schedule.submit(rows(1), level: 0, at: at(0.5)).calls.isEmpty)
    let next = try #require(schedule.nextEvent)
    #expect(abs(start.duration(to: next) / .seconds(1) - 1.1) < 1e-9)
    #expect(schedule.advance(to: next).calls.map(\.input.rows.count) == [3])
  }

  @Test func whoCannotWaitForABusyWorkerLosesTheMember() throws {
    var schedule = try schedule(1)
    let call = try #require(
      schedule.submit(rows(1, deadline: at(0.5)), level: 0, at: start).calls.first)
    let busy = WorkerFault.busy(status: 503, retryAfterSeconds: 1, "")
    #expect(schedule.finish(call, .failure(busy), at: at(0.1)).lost == 1)
  }

  @Test func aMemberThatDoesNotAnswerInTimeIsLost() throws {
    var schedule = try schedule(1, inFlight: 1)
    let call = try #require(
      schedule.submit(rows(1, deadline: at(0.9)), level: 0, at: start).calls.first)
    #expect(abs(call.timeoutSeconds - 0.9) < 1e-9)
    #expect(schedule.submit(rows(1, deadline: at(0.8)), level: 0, at: start).isEmpty)
    #expect(schedule.submit(rows(1), level: 0, at: start).isEmpty)
    #expect(schedule.nextEvent == at(0.8))
    #expect(schedule.advance(to: at(0.79)).isEmpty)
    #expect(schedule.advance(to: at(0.8)).lost == 1)
    let effects = schedule.advance(to: at(0.9))
    #expect(effects.lost == 1)
    #expect(effects.cancelled.first === call)
    // The one that has time goes on.
    #expect(effects.calls.map(\.timeoutSeconds) == [2])
  }

  @Test func aRequestThatIsOverLeavesQueueAndWorker() throws {
    var schedule = try schedule(1, inFlight: 1)
    let (sent, waiting, other) = (rows(2), rows(3), rows(1))
    let call = try #require(schedule.submit(sent, level: 0, at: start).calls.first)
    _ = schedule.submit(waiting, level: 0, at: start)
    _ = schedule.submit(other, level: 0, at: start)
    #expect(schedule.remove(waiting[0].job, at: at(0.01)).isEmpty)
    #expect(schedule.waitingCount == 1)
    let effects = schedule.remove(sent[0].job, at: at(0.02))
    #expect(effects.cancelled.first === call)
    // Its place is free at once.
    #expect(effects.calls.map(\.input.rows.count) == [1])
    #expect(schedule.replicas[0].failures == 0)
  }

  @Test func aRequestInASharedBatchDoesNotEndIt() throws {
    var schedule = try schedule(1, inFlight: 1)
    let first = try #require(schedule.submit(rows(1), level: 0, at: start).calls.first)
    let (one, other) = (rows(1), rows(2))
    _ = schedule.submit(one, level: 0, at: start)
    _ = schedule.submit(other, level: 0, at: start)
    let call = try #require(schedule.finish(first, answer(first), at: at(0.01)).calls.first)
    #expect(call.input.rows.count == 3)
    #expect(schedule.remove(one[0].job, at: at(0.02)).isEmpty)
    #expect(schedule.finish(call, answer(call), at: at(0.03)).delivered == 2)
  }

  @Test func oneFaultyRowHarmsNoOther() throws {
    var schedule = try schedule(1)
    let call = try #require(schedule.submit(rows(3), level: 0, at: start).calls.first)
    let effects = schedule.finish(
      call, .success([.success([0]), .failure(RowFault(reason: "NaN")), .success([0])]),
      at: at(0.01))
    #expect(effects.delivered == 2)
    #expect(effects.lost == 1)
    #expect(schedule.replicas[0].isServing)
  }

  @Test func shortTimeLimitsDoNotEjectAWorker() throws {
    var schedule = try schedule(1)
    learn(&schedule)
    for number in 0..<1000 {
      let now = at(Double(number))
      let deadline = at(Double(number) + 0.002)
      for call in schedule.submit(rows(1, deadline: deadline), level: 0, at: now).calls {
        _ = schedule.finish(call, .failure(.timedOut(seconds: 0.002)), at: now + .milliseconds(2))
      }
    }
    #expect(schedule.replicas[0].isServing)
  }

  /// As where another member of their ensemble is lost.
  @Test func requestsThatAreEndedSoonDoNotEjectAWorker() throws {
    var schedule = try schedule(1)
    learn(&schedule)
    for number in 0..<1000 {
      let now = at(Double(number) / 100)
      let sent = rows(1)
      #expect(schedule.submit(sent, level: 0, at: now).calls.count == 1)
      #expect(schedule.remove(sent[0].job, at: now + .milliseconds(30)).cancelled.count == 1)
    }
    #expect(schedule.replicas[0].isServing)
    #expect(schedule.replicas[0].failures == 0)
  }

  @Test func silenceEjectsAWorkerHoweverShortTheRequests() throws {
    var schedule = try schedule(1)
    learn(&schedule)
    var seconds = 1.0
    while schedule.replicas[0].isServing, seconds < 10 {
      let now = at(seconds)
      let deadline = at(seconds + 0.09)
      for call in schedule.submit(rows(1, deadline: deadline), level: 0, at: now).calls {
        _ = schedule.finish(call, .failure(.timedOut(seconds: 0.09)), at: now + .milliseconds(90))
      }
      seconds += 0.1
    }
    #expect(!schedule.replicas[0].isServing)
    #expect(seconds < 1.6)
  }
}

extension [RemoteSchedule.Effect] {
  var calls: [RemoteCall] { compactMap { if case .send(let call) = $0 { call } else { nil } } }
  var cancelled: [RemoteCall] {
    compactMap { if case .cancel(let call) = $0 { call } else { nil } }
  }
  var proofs: [Int] { compactMap { if case .prove(let replica) = $0 { replica } else { nil } } }
  var reports: [Int] { compactMap { if case .report(let replica) = $0 { replica } else { nil } } }
  /// How many images are lost.
  var lost: Int { reduce(0) { if case .lose(let rows) = $1 { $0 + rows.count } else { $0 } } }
  /// How many images are answered.
  var delivered: Int {
    reduce(0) { if case .deliver(let rows, _) = $1 { $0 + rows.count } else { $0 } }
  }
}
