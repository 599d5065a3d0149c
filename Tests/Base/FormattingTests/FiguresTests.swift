import Formatting
import Testing

@Suite struct FiguresTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (1.005, 1, "1.0"), (99.995, 2, "100.00"), (-0.004, 2, "0.00"),
    (-1.25, 1, "−1.3"), (.infinity, 2, "∞"), (.nan, 2, "–"), (12, 0, "12"), (0.05, 2, "0.05"),
  ])
  func decimals(value: Double, digits: Int, text: String) {
    #expect(Figures.fixed(value, digits) == text)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1.00 k"), (9_999, "10.0 k"), (26_657_408, "26.7 M"),
    (392_612_352, "393 M"), (999_600_000, "1.00 G"), (5_243_328_768, "5.24 G"),
  ])
  func counts(count: Int, text: String) {
    #expect(Figures.scaled(count) == text)
  }

  @Test func sharesAndDifferencesAreInHundredths() {
    #expect(Figures.percent(0.9412) == "94.12" && Figures.percent(0.9412, 1) == "94.1")
    #expect(Figures.points(0.012) == "+1.20" && Figures.points(-0.012) == "−1.20")
    #expect(Figures.points(0) == "0.00" && Figures.points(-0.00001) == "0.00")
  }

  @Test(arguments: [
    (0.0, "0"), (999_999, "999,999"), (2.34e13, "2.3 x 10^13"), (9.96e7, "1.0 x 10^8"),
    (.infinity, "over 10^308"), (.nan, "–"),
  ])
  func greatNumbers(value: Double, text: String) {
    #expect(Figures.power(value) == text)
  }

  @Test func smallProbabilitiesAreABound() {
    #expect(Figures.probability(0.034) == "p = 0.034")
    #expect(Figures.probability(0.0009) == "p < 0.001")
  }

  @Test(arguments: [
    (0, "0:00"), (6.2, "0:07"), (59.5, "1:00"), (3599, "59:59"), (3723, "1:02:03"),
    (-1, "?"), (.infinity, "?"), (.nan, "?"),
  ])
  func durations(seconds: Double, text: String) {
    #expect(Figures.duration(seconds) == text)
  }
}
