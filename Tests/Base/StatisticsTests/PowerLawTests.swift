import TestSupport
import Testing

@testable import Statistics

@Suite struct PowerLawTests {
  @Test(arguments: [(0.05, 0.1, 0.7), (0, 0.3, 1), (0.2, 0.02, 1.6)])
  func powerLawsAreFound(limit: Double, amplitude: Double, exponent: Double) {
    for count in [3, 5, 9] {
      let errors = (1...count).map { limit + amplitude * power(Double($0), -exponent) }
      let law = PowerLaw(fittedTo: errors)
      expectClose(law.limit, limit, within: 1e-6)
      expectClose(law.amplitude, amplitude, within: 1e-6)
      expectClose(law.exponent, exponent, within: 1e-5)
      expectClose(law(2 * count), limit + amplitude * power(Double(2 * count), -exponent))
    }
    expectClose(PowerLaw(fittedTo: [0.1])(9), 0.1)
    expectClose(PowerLaw(fittedTo: [0.1, 0.1, 0.1, 0.1])(9), 0.1)
    // Errors that rise are a law that stays.
    expectClose(PowerLaw(fittedTo: [0.1, 0.2, 0.3])(9), 0.2)
    expectClose(PowerLaw(fittedTo: [0.3, 0.2])(1), 0.3)
  }

  /// As `scipy.optimize.curve_fit(f, [1, 2, 3, 4, 5, 6], errors, p0=[0.1, 0.1, 1])` of SciPy 1.17.1, where
  /// `f = lambda n, a, b, c: a + b * n ** -c`.
  @Test func leastSquaresOfErrorsWithNoise() {
    let law = PowerLaw(fittedTo: [0.301, 0.242, 0.2235, 0.209, 0.2045, 0.1975])
    expectClose(law.limit, 0.1678675, within: 1e-5)
    expectClose(law.amplitude, 0.1329882, within: 1e-5)
    expectClose(law.exponent, 0.8230182, within: 1e-4)
  }
}
