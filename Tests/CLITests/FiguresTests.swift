import CLI
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
}
