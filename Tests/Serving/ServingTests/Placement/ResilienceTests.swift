import Testing

@testable import Serving

@Suite struct ResilienceTests {
  private let start = ContinuousClock.now

  @Test func aTenthMoreRequestsAreAllowed() {
    var budget = RetryBudget()
    // What there is at first.
    var extra = 0
    while budget.withdraw() { extra += 1 }
    #expect(extra == 3)
    extra = 0
    for _ in 0..<1000 {
      budget.deposit()
      if budget.withdraw() { extra += 1 }
    }
    #expect(extra == 100)
  }

  @Test func theBudgetIsNotSavedUpForLong() {
    var budget = RetryBudget()
    for _ in 0..<10_000 { budget.deposit() }
    var extra = 0
    while budget.withdraw() { extra += 1 }
    #expect(extra == 10)
  }

  @Test func quantilesAreOfTheLastLatencies() {
    var window = LatencyWindow()
    #expect(window.quantile(0.5) == nil)
    for number in 1...19 { window.add(Double(number)) }
    #expect(window.quantile(0.5) == 10)
    // Of fewer than 20, none is known that decides anything.
    #expect(window.percentile95 == nil)
    window.add(20)
    #expect(window.percentile95 == 19)
    for _ in 0..<256 { window.add(7) }
    #expect(window.quantile(0) == 7)
    #expect(window.percentile95 == 7)
  }

  private func served() -> ReplicaHealth {
    var health = ReplicaHealth(probingAt: start)
    #expect(health.nextProbe == start)
    #expect(!health.isServing)
    health.beginProbe()
    #expect(health.nextProbe == nil)
    health.prove()
    return health
  }

  /// How many failures in a row eject a worker.
  @Test(arguments: [
    (WorkerFault.failed(status: 500, ""), 5), (.broken("reset"), 5), (.badAnswer("x"), 5),
    (.busy(status: 503, retryAfterSeconds: 1, ""), 5), (.refused(status: 404, ""), 5),
    (.timedOut(seconds: 2), 2), (.unreachable("refused"), 1), (.unusable("TLS"), 1),
  ])
  func failuresInARowEject(fault: WorkerFault, count: Int) {
    var health = served()
    for number in 1...count {
      let isEjected = health.fail(fault, at: start, jitter: 0.5)
      #expect(isEjected == (number == count))
    }
    #expect(health.nextProbe == start + .seconds(0.5))
    #expect(health.reason == "\(fault)")
  }

  @Test func anAnswerBetweenFailuresForgivesThem() {
    var health = served()
    for _ in 0..<10 {
      for _ in 0..<4 { _ = health.fail(.broken("reset"), at: start, jitter: 0.5) }
      #expect(health.isServing)
      health.succeed()
    }
    #expect(health.isServing)
  }

  @Test func whatWeEndedOurselvesIsNoFailure() {
    var health = served()
    for _ in 0..<100 { _ = health.fail(.cancelled, at: start, jitter: 0.5) }
    #expect(health.isServing)
  }

  @Test func probesComeAtGrowingDelays() {
    var health = served()
    _ = health.fail(.unreachable("refused"), at: start, jitter: 0.5)
    var (now, delays) = (start, [Double]())
    for _ in 0..<6 {
      guard let next = health.nextProbe else { break }
      delays.append(now.duration(to: next) / .seconds(1))
      now = next
      health.beginProbe()
      health.failProbe("refused", isRefused: false, at: now, jitter: 0.5)
    }
    #expect(delays == [0.5, 1, 2, 4, 4, 4])
    // The spread of several servers' probes.
    for (jitter, delay) in [(0.0, 3.2), (1.0, 4.8)] {
      health.beginProbe()
      health.failProbe("refused", isRefused: true, at: start, jitter: jitter)
      let found = health.nextProbe.map { start.duration(to: $0) / .seconds(1) } ?? 0
      #expect(abs(found - delay) < 1e-9)
      #expect(health.isRefused)
    }
  }

  @Test func aWorkerThatComesAndGoesIsProbedLessOften() {
    var health = served()
    var delays: [Double] = []
    for _ in 0..<3 {
      _ = health.fail(.unreachable("refused"), at: start, jitter: 0.5)
      delays.append(health.nextProbe.map { start.duration(to: $0) / .seconds(1) } ?? 0)
      health.beginProbe()
      health.prove()
    }
    // After some answers it is a steady one again.
    for _ in 0..<10 { health.succeed() }
    _ = health.fail(.unreachable("refused"), at: start, jitter: 0.5)
    delays.append(health.nextProbe.map { start.duration(to: $0) / .seconds(1) } ?? 0)
    #expect(delays == [0.5, 1, 2, 0.5])
  }
}
