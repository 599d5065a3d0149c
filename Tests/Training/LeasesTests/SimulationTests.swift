import LeaseSimulation
import Testing

/// Small clusters in virtual time; `Benchmarks/run scale` has large ones.
@Suite struct SimulationTests {
  private static func plan(_ seed: UInt64) -> SimulatedCluster.Plan {
    var plan = SimulatedCluster.Plan(memberSeconds: (0..<60).map { 300 + 60 * Double($0 % 7) })
    plan.workers = 8
    plan.seed = seed
    return plan
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func everyMemberIsTrainedOnce(seed: UInt64) throws {
    var plan = Self.plan(seed)
    plan.lossesPerHour = 0.5
    let outcome = try SimulatedCluster(plan).run()
    #expect(outcome.complete == 60 && outcome.trainedTwice == 0)
    #expect(outcome.lost > 0 && outcome.takenOver > 0)
    #expect(outcome.avoidableShare < 0.02)
  }

  @Test(arguments: [1, 2] as [UInt64]) func fewAreLeftAndTheyFinish(seed: UInt64) throws {
    var plan = Self.plan(seed)
    plan.lossesPerHour = 0.5
    plan.isReplaced = false
    let outcome = try SimulatedCluster(plan).run()
    #expect(outcome.complete == 60 && outcome.trainedTwice == 0)
  }

  /// Those that were paused for longer than their lease come back to a member that is another's.
  @Test(arguments: [false, true]) func pausedWorkersDamageNothing(stopsClocks: Bool) throws {
    var plan = Self.plan(4)
    plan.lossesPerHour = 0
    plan.pausesPerHour = 2
    plan.stopsClocks = stopsClocks
    let outcome = try SimulatedCluster(plan).run()
    #expect(outcome.paused > 5 && outcome.takenOver > 0 && outcome.noticed > 0)
    #expect(outcome.complete == 60)
    // With a clock that stood still, one may end its member before it sees that it is another's: it then publishes nothing.
    if !stopsClocks { #expect(outcome.trainedTwice == 0) }
  }

  @Test func nothingIsSeenLate() throws {
    var plan = Self.plan(5)
    plan.delay = 0
    plan.leaseSeconds = 30
    plan.lossesPerHour = 1
    let outcome = try SimulatedCluster(plan).run()
    #expect(outcome.complete == 60 && outcome.trainedTwice == 0)
  }

  @Test func equalSeedsGiveEqualCourses() throws {
    let first = try SimulatedCluster(Self.plan(6)).run()
    #expect(try SimulatedCluster(Self.plan(6)).run() == first)
    #expect(try SimulatedCluster(Self.plan(7)).run() != first)
  }
}
