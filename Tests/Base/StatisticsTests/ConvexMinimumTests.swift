import TestSupport
import Testing

@testable import Statistics

@Suite struct ConvexMinimumTests {
  /// A quadratic function whose curvatures differ by a factor of a million, half of them given wrongly.
  @Test func quadraticFunctions() {
    let curvature = (0..<20).map { power(10, Double($0) * 6 / 19 - 3) }
    let target = (0..<20).map { Double($0 % 7) - 3 }
    let minimum = ConvexMinimum(
      from: Array(repeating: 0, count: 20), curvature: curvature.map { $0 > 1 ? 5 * $0 : $0 },
      tolerance: 1e-9
    ) { point in
      let distances = zip(point, target).map { $0 - $1 }
      return (
        zip(curvature, distances).reduce(0) { $0 + $1.0 * $1.1 * $1.1 / 2 },
        zip(curvature, distances).map { $0 * $1 }
      )
    }
    #expect(minimum.isFound)
    for (found, expected) in zip(minimum.point, target) {
      expectClose(found, expected, within: 1e-6)
    }
  }

  /// log(1 + e^(x - y)) + (x - 3)^2 / 2 + y^2 / 2, where both derivatives are 0.
  @Test func functionsThatAreNotQuadratic() {
    func function(_ point: [Double]) -> (value: Double, gradient: [Double]) {
      let (x, y) = (point[0], point[1])
      let share = 1 / (1 + exponential(y - x))
      return (
        naturalLogarithm(1 + exponential(x - y)) + (x - 3) * (x - 3) / 2 + y * y / 2,
        [share + x - 3, y - share]
      )
    }
    for start in [[0.0, 0], [40, -40], [-1000, 3]] {
      let minimum = ConvexMinimum(from: start, curvature: [1, 1], tolerance: 1e-10, function)
      #expect(minimum.isFound)
      for slope in function(minimum.point).gradient { expectClose(slope, 0, within: 1e-8) }
    }
    // At the minimum already, and with nothing to choose.
    let there = ConvexMinimum(from: [0], curvature: [1], tolerance: 1e-9) {
      ($0[0] * $0[0], [2 * $0[0]])
    }
    #expect(there.isFound && there.point == [0])
    #expect(ConvexMinimum(from: [], curvature: [], tolerance: 1) { _ in (0, []) }.point.isEmpty)
  }
}
