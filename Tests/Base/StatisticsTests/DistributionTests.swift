import Testing

@testable import Statistics

@Suite struct DistributionTests {
  /// As `scipy.stats.t.ppf(0.975, n)` of SciPy 1.17.1.
  @Test(arguments: [
    (1, 12.706204736174694), (2, 4.302652729749462), (3, 3.182446305283708),
    (4, 2.7764451051977934), (5, 2.5705818356363146), (20, 2.0859634472658644),
    (21, 2.079613844727662), (30, 2.0422724563012373), (60, 2.00029782201426),
    (500, 1.9647198374673438),
  ])
  func quantilesOfStudentsDistribution(freedom: Int, expected: Double) {
    let found = StudentDistribution.quantile975(degreesOfFreedom: freedom)
    #expect(abs(found - expected) < 1e-10 * expected, "\(found)")
  }

  /// Many degrees of freedom are the normal distribution; none are taken for one.
  @Test func theEndsOfStudentsDistribution() {
    let found = StudentDistribution.quantile975(degreesOfFreedom: 1_000_000)
    #expect(abs(found - NormalDistribution.quantile975) < 1e-5)
    #expect(
      StudentDistribution.quantile975(degreesOfFreedom: 0)
        == StudentDistribution.quantile975(degreesOfFreedom: 1))
  }
}
