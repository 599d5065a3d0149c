import Randomness
import Testing

@testable import Statistics

@Suite struct NonInferiorityTests {
  /// As `Fixtures/noninferiority.py` enumerates them.
  @Test(
    arguments: [
      (0, 0, 1, 0.005, 0.070888121, 0.995010000),
      (1, 0, 1, 0, 1.000000000, 0.500010000),
      (3, 0, 5, 0, 1.732050807, 0.066359364),
      (0, 0, 40, 0.05, 1.450952500, 0.128522157),
      (6, 1, 40, 0, 1.889822356, 0.035987333),
      (4, 3, 40, 0.1, 1.720594684, 0.044637815),
      (0, 2, 40, 0.02, -1.084652306, 0.954339770),
      (10, 4, 60, 0.005, 1.677703239, 0.052007615),
      (5, 5, 60, 0.05, 0.923585206, 0.206017908),
      (20, 18, 60, 0.1, 1.300249230, 0.100581808),
      (60, 0, 60, 0.3, 10.555973258, 0.000010000),
    ] as [(Int, Int, Int, Double, Double, Double)])
  func asEnumerated(
    first: Int, second: Int, images: Int, tolerance: Double, statistic: Double, pValue: Double
  ) {
    let test = NonInferiorityTest(
      onlyFirst: first, onlySecond: second, images: images, tolerance: tolerance)
    #expect(abs(test.statistic - statistic) < 1e-4, "\(test.statistic)")
    #expect(abs(test.pValue - pValue) < 1e-4, "\(test.pValue)")
  }

  /// Whatever share of the images differs, a first that loses the tolerance passes no more often than the level says: not by
  /// simulation, but over all that can be seen.
  @Test(arguments: [(1, 0.005), (5, 0), (20, 0), (20, 0.02), (45, 0.005), (45, 0.1)])
  func theLevelIsKeptExactly(images: Int, tolerance: Double) {
    var seen: [(first: Int, second: Int, pValue: Double)] = []
    for first in 0...images {
      for second in 0...images - first {
        let test = NonInferiorityTest(
          onlyFirst: first, onlySecond: second, images: images, tolerance: tolerance)
        seen.append((first, second, test.pValue))
      }
    }
    var greatest = 0.0
    for level in [0.05, 0.2] {
      for step in 0...60 {
        let differing = tolerance + (1 - tolerance) * power(Double(step) / 60, 2)
        let shares = ((differing - tolerance) / 2, (differing + tolerance) / 2)
        let probability = seen.filter { $0.pValue <= level }.reduce(0.0) {
          $0 + multinomial($1.first, $1.second, images, shares)
        }
        #expect(probability <= level + 1e-9, "\(differing)")
        greatest = max(greatest, probability / level)
      }
    }
    // It is not kept by never passing anything.
    #expect(images < 20 || greatest > 0.5)
  }

  private func multinomial(
    _ first: Int, _ second: Int, _ images: Int, _ shares: (Double, Double)
  ) -> Double {
    let differing = shares.0 + shares.1
    let own = BinomialDistribution(
      count: first + second, share: differing > 0 ? shares.0 / differing : 0)
    return BinomialDistribution(count: images, share: differing).probability(of: first + second)
      * own.probability(of: first)
  }

  /// Many images are the normal distribution's, and take little time.
  @Test func manyImages() {
    for (first, second, images, tolerance) in [
      (1_050, 1_000, 20_000, 0.0), (5_000, 5_100, 100_000, 0.002),
    ] {
      let test = NonInferiorityTest(
        onlyFirst: first, onlySecond: second, images: images, tolerance: tolerance)
      let normal = NormalDistribution.probability(upTo: -test.statistic)
      #expect(abs(test.pValue - normal) < 0.03 * normal + 1e-4, "\(test.pValue) \(normal)")
    }
  }

  @Test func moreOfTheFirstsIsClearer() {
    for tolerance in [0, 0.01] {
      let values = (0...30).map {
        NonInferiorityTest(
          onlyFirst: $0, onlySecond: 30 - $0, images: 200, tolerance: tolerance
        ).pValue
      }
      #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 - 1e-9 })
    }
  }

  @Test func nothingToSee() {
    let test = NonInferiorityTest(onlyFirst: 0, onlySecond: 0, images: 0, tolerance: 0.01)
    #expect(test.pValue == 1 && test.difference == 0)
    let same = NonInferiorityTest(onlyFirst: 0, onlySecond: 0, images: 50, tolerance: 0)
    #expect(same.pValue == 1 && same.statistic == 0)
    // So many equal answers show that no more than 0.5 points are lost: (1 - 0.005)^600 is below 0.05.
    let equal = NonInferiorityTest(onlyFirst: 0, onlySecond: 0, images: 600, tolerance: 0.005)
    #expect(equal.pValue < 0.05 && equal.pValue > 0.049)
  }
}
