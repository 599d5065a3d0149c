import Randomness
import Testing

@testable import Statistics

@Suite struct SimultaneousTests {
  private func columns(
    _ losses: [Double], images: Int, seed: UInt64, sharing: Double = 0
  ) -> [[Int8]] {
    var generator = RandomStream(seed: seed)
    var columns = [[Int8]](repeating: Array(repeating: 0, count: images), count: losses.count)
    for image in 0..<images {
      let common = generator.unitInterval()
      for (place, loss) in losses.enumerated() {
        let own = generator.unitInterval() < sharing ? common : generator.unitInterval()
        columns[place][image] = own < 0.1 ? 1 : own > 0.9 - loss ? -1 : 0
      }
    }
    return columns
  }

  /// Of independent things the intervals reach as far as the greatest of so many normal numbers, in standard errors: of n
  /// `scipy.stats.norm.ppf((1 + 0.95 ** (1 / n)) / 2)` of SciPy 1.17.1.
  @Test(arguments: [(8, 2000, 2.7268), (3, PairedBootstrap.mostResampledImages + 1, 2.3877)])
  func theGreatestOfMany(things: Int, images: Int, reach: Double) {
    let columns = columns(Array(repeating: 0, count: things), images: images, seed: 4)
    let found = SimultaneousIntervals(differences: columns, confidence: 0.95, seed: 1)
    for (place, column) in columns.enumerated() {
      let values = column.map(Double.init)
      let error = values.sampleStandardDeviation / Double(images).squareRoot()
      #expect(
        abs(found.halfWidths[place] / error - reach) < 0.12, "\(found.halfWidths[place] / error)")
      #expect(abs(found.differences[place] - values.mean) < 1e-12)
    }
  }

  /// In the limit things that are the same move together, and something beside them on its own.
  @Test func theLimitOfWhatIsTheSame() {
    let images = PairedBootstrap.mostResampledImages + 1
    let own = columns([0, 0.001], images: images, seed: 6)
    func found(_ columns: [[Int8]]) -> SimultaneousIntervals {
      SimultaneousIntervals(differences: columns, confidence: 0.95, seed: 1)
    }
    let (two, four) = (found(own), found([own[0], own[0], own[1], own[1]]))
    #expect(abs(two.halfWidths[0] / four.halfWidths[0] - 1) < 0.05)
    #expect(four.halfWidths[0] == four.halfWidths[1])
    #expect(four.adjustedPValues[2] == four.adjustedPValues[3])
  }

  /// One thing alone has the p-value of the normal distribution; more of the same thing do not make it greater.
  @Test func correctedPValues() {
    let one = columns([0.02], images: 2000, seed: 9)
    func pValues(_ copies: Int) -> [Double] {
      SimultaneousIntervals(
        differences: Array(repeating: one[0], count: copies), confidence: 0.95,
        resampleCount: 20_000, seed: 1
      ).adjustedPValues
    }
    let values = one[0].map(Double.init)
    let score = abs(values.mean) * (2000.0).squareRoot() / values.sampleStandardDeviation
    let normal = 2 * NormalDistribution.probability(upTo: -score)
    #expect(abs(pValues(1)[0] - normal) < 0.15 * normal + 5e-4, "\(pValues(1)) \(normal)")
    #expect(pValues(5).allSatisfy { abs($0 - pValues(1)[0]) < 1e-12 })
    // Beside others that are clearer it is corrected for fewer.
    let many = SimultaneousIntervals(
      differences: columns([0.3, 0.02, 0, 0, 0], images: 2000, seed: 3), confidence: 0.95, seed: 1)
    #expect(many.adjustedPValues[0] < 0.001)
    #expect(zip(many.adjustedPValues, many.adjustedPValues.dropFirst()).allSatisfy { $0 <= $1 + 1 })
  }

  /// The best is among the best in all but the level's share of draws, and something much worse is not.
  @Test func theSetOfTheBest() {
    var (missing, misses) = (0, 0)
    for seed in UInt64(0)..<200 {
      let columns = columns([0, 0, 0.2, 0.02], images: 300, seed: seed, sharing: 0.5)
      let found = SimultaneousIntervals(
        differences: columns, confidence: 0.9, resampleCount: 400, seed: seed)
      #expect(!found.isAmongBest[2])
      missing += found.isAmongBest[4] ? 0 : 1
      let losses = [0, 0, 0.2, 0.02]
      misses +=
        losses.indices.contains {
          abs(found.differences[$0] + losses[$0]) > found.halfWidths[$0]
        } ? 1 : 0
    }
    // 20 are expected at most; more than 33 of 200 have a chance of one in a thousand.
    #expect(missing <= 33, "\(missing)")
    #expect(misses <= 33, "\(misses)")
    #expect(misses > 0)
  }

  /// Where few images differ no p-value is below `scipy.stats.binomtest(0, k).pvalue` of SciPy 1.17.1, nor is 0 outside the
  /// interval of what is not shown.
  @Test(arguments: [(4, 0.125), (5, 0.0625), (6, 0.03125), (1, 1.0)])
  func fewImagesThatDiffer(count: Int, exact: Double) {
    let column = (0..<60).map { Int8($0 < count ? 1 : 0) }
    let found = SimultaneousIntervals(differences: [column], confidence: 0.95, seed: 1)
    #expect(found.adjustedPValues[0] >= exact)
    let isShown = found.adjustedPValues[0] <= 0.05
    #expect(isShown == (exact < 0.05))
    #expect((found.differences[0] - found.halfWidths[0] > 0) == isShown)
    #expect(found.isAmongBest[1] != isShown && found.isAmongBest[0])
  }

  @Test func nothingAndNoDifference() {
    let none = SimultaneousIntervals(differences: [], confidence: 0.95, seed: 0)
    #expect(none.differences.isEmpty && none.isAmongBest == [true])
    let same = SimultaneousIntervals(
      differences: [[0, 0, 0], [0, 0, 0]], confidence: 0.95, seed: 0)
    #expect(same.adjustedPValues == [1, 1] && same.isAmongBest == [true, true, true])
    #expect(same.halfWidths.allSatisfy(\.isFinite) && same.differences == [0, 0])
    let one = SimultaneousIntervals(differences: [[-1]], confidence: 0.95, seed: 0)
    #expect(one.halfWidths.allSatisfy(\.isFinite) && one.adjustedPValues.allSatisfy(\.isFinite))
  }

  /// `scipy.stats.norm.ppf` of SciPy 1.17.1.
  @Test(arguments: [
    (0.5, 0), (0.8, 0.8416212335729143), (0.95, 1.6448536269514722), (0.975, 1.959963984540054),
    (0.001, -3.090232306167813), (1e-9, -5.9978070150076865),
  ])
  func normalQuantiles(share: Double, expected: Double) {
    #expect(abs(NormalDistribution.quantile(share) - expected) < 1e-8)
    #expect(abs(NormalDistribution.probability(upTo: expected) - share) < 1e-12)
  }

  /// Of one part it is Student's interval of that part; a part of many degrees of freedom brings it to the normal one.
  @Test func components() {
    var one = VarianceComponents()
    one.add(4, degreesOfFreedom: 3)
    let interval = one.interval(about: 1)
    #expect(abs(interval.upperBound - 1 - 2 * 3.182446305283708) < 1e-9)
    #expect(abs(interval.lowerBound - 1 + 2 * 3.182446305283708) < 1e-9)
    one.add(4, degreesOfFreedom: 1_000_000)
    #expect(one.degreesOfFreedom == 11 && one.variance == 8)
    // Of a mean the jackknife's variance is the usual one.
    let values = [1.0, 4, 6, 9]
    let without = values.map { (values.reduce(0, +) - $0) / 3 }
    let usual = values.sampleStandardDeviation * values.sampleStandardDeviation / 4
    #expect(abs(VarianceComponents.jackknife(without) - usual) < 1e-12)
  }
}
