import Testing

@testable import Statistics

@Suite struct LeastSquaresTests {
  /// As numpy.linalg.lstsq of NumPy 2.4.6 has it.
  @Test func isThatOfNumPy() {
    let found = LeastSquares.solve(
      [[1, 0, 2], [0, 3, -1], [1, 1, 1], [2, -1, 0.5], [0.3, 0.2, 4]], [1, 2, 3, 4, 5])
    let expected = [1.6607324192609536, 0.807634784603815, 0.7971762046593035]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func whatDependsOnOthersIsZero() {
    let found = LeastSquares.solve([[1, 2], [2, 4], [3, 6]], [1, 2, 3])
    #expect(abs(found[0] - 1) < 1e-12 && found[1] == 0)
    #expect(LeastSquares.solve([], []).isEmpty)
  }
}
