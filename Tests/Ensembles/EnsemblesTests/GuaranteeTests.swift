import GuaranteeSimulations
import Testing

/// The promises in some hundred draws; the benchmark of decisions checks them in ten thousand.
@Suite struct GuaranteeTests {
  @Test func promisesAreKeptInSimulation() throws {
    let checks = try LimitsSimulation.settings(seed: 1).flatMap { try $0.checks(draws: 600) }
    #expect(checks.count == 30)
    for check in checks {
      #expect(!check.isBroken, "\(check)")
      #expect(check.draws > 500)
    }
    // Sets are no larger than they must: a promise that is always kept could not fail.
    for check in checks where check.name.hasPrefix("sets, leastAmbiguous") {
      #expect(check.violations > check.level - 0.06, "\(check)")
    }
    #expect(checks.contains { $0.name.hasPrefix("abstention") && $0.violations > 0 })
  }

  @Test func intervalsOverFewTrainingsHoldInSimulation() throws {
    let checks = try TrainingsSimulation.settings(TrainingsSimulation.fewTrainings, seed: 1)
      .flatMap { try $0.checks(draws: 400) }
    #expect(checks.count == 6)
    for check in checks { #expect(!check.isBroken, "\(check)") }
    // Intervals that held always could not fail.
    #expect(checks.contains { $0.violations > 0.02 })
  }
}
