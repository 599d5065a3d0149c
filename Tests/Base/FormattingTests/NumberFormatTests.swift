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
    #expect(NumberFormat.percent(share) == text)
  }

  @Test(arguments: [
    (60e6, "60000000"), (2.5, "2.5"), (0.1 * 3, "0.3"), (781_952, "781952"), (1e300, "1e+300"),
  ])
  func numbersAreShort(number: Double, text: String) {
    #expect(NumberFormat.number(number) == text)
  }

  @Test func ofManyNamesTheFirstStand() {
    #expect(NumberFormat.list(["a", "b"]) == "a, b")
    #expect(
      NumberFormat.list((0..<60).map { "m\($0)" }) == "m0, m1, m2, m3, m4, m5, m6, m7 and 52 more")
  }
}
