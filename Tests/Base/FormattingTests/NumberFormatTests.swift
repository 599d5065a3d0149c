import Testing

@testable import Formatting

/// Goals in messages are in the unit, and with the digits, in which they were asked for.
@Suite struct NumberFormatTests {
  @Test(arguments: [
    (99.9 / 100, "99.9 %"), (0.1 + 0.2, "30 %"), (0.5, "50 %"), (93.5 / 100, "93.5 %"),
    (1.0 / 3, "33.3333 %"),
    (1, "100 %"),
  ])
  func sharesAreInPercent(share: Double, text: String) {
    #expect(NumberFormat.shortPercent(share) == text)
  }

  @Test(arguments: [
    (60e6, "60000000"), (2.5, "2.5"), (0.1 * 3, "0.3"), (781_952, "781952"), (1e300, "1e+300"),
  ])
  func numbersAreShort(number: Double, text: String) {
    #expect(NumberFormat.short(number) == text)
  }

  @Test func ofManyNamesTheFirstStand() {
    #expect(["a", "b"].shortList == "a, b")
    #expect(
      (0..<60).map { "m\($0)" }.shortList == "m0, m1, m2, m3, m4, m5, m6, m7 and 52 more")
  }

  @Test(arguments: [
    (0.0, 2, "0.00"), (1.005, 1, "1.0"), (99.995, 2, "100.00"), (-0.004, 2, "0.00"),
    (-1.25, 1, "−1.3"), (.infinity, 2, "∞"), (.nan, 2, "–"), (12, 0, "12"), (0.05, 2, "0.05"),
  ])
  func decimals(value: Double, digits: Int, text: String) {
    #expect(NumberFormat.fixed(value, digits) == text)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1.00 k"), (9_999, "10.0 k"), (26_657_408, "26.7 M"),
    (99_970, "100 k"), (392_612_352, "393 M"), (999_600_000, "1.00 G"), (5_243_328_768, "5.24 G"),
  ])
  func counts(count: Int, text: String) {
    #expect(NumberFormat.scaled(count) == text)
  }

  @Test func sharesAndDifferencesAreInHundredths() {
    #expect(NumberFormat.percent(0.9412) == "94.12" && NumberFormat.percent(0.9412, 1) == "94.1")
    #expect(NumberFormat.points(0.012) == "+1.20" && NumberFormat.points(-0.012) == "−1.20")
    #expect(NumberFormat.points(0) == "0.00" && NumberFormat.points(-0.00001) == "0.00")
  }

  @Test(arguments: [
    (0.0, "0"), (999_999, "999,999"), (2.34e13, "2.3 x 10^13"), (9.96e7, "1.0 x 10^8"),
    (.infinity, "over 10^308"), (.nan, "–"),
  ])
  func greatNumbers(value: Double, text: String) {
    #expect(NumberFormat.power(value) == text)
  }

  @Test func smallProbabilitiesAreABound() {
    #expect(NumberFormat.probability(0.034) == "p = 0.034")
    #expect(NumberFormat.probability(0.0009) == "p < 0.001")
  }

  @Test(arguments: [
    (0, "0:00"), (6.2, "0:07"), (59.5, "1:00"), (3599, "59:59"), (3723, "1:02:03"),
    (-1, "?"), (.infinity, "?"), (.nan, "?"),
  ])
  func durations(seconds: Double, text: String) {
    #expect(NumberFormat.duration(seconds) == text)
  }
}
