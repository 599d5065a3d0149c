import GuaranteeSimulations
import Randomness
import Statistics
import Synchronization

/// How often tests and intervals fail, on numbers of images that are drawn.
enum StatisticsSimulation {
  /// All settings.
  static func settings() -> [GuaranteeSetting] {
    let tests: [(Int, Double, Double)] = [
      (20, 0, 0.3), (20, 0.02, 0.1), (100, 0, 0.05), (100, 0.005, 0.02), (100, 0.02, 0.1),
      (300, 0, 0.01), (300, 0.005, 0.03), (300, 0.02, 0.1), (1000, 0, 0.05), (1000, 0.005, 0.01),
      (1000, 0.005, 0.08), (5000, 0.005, 0.05), (5000, 0.02, 0.1),
    ]
    return tests.map { nonInferiority(images: $0.0, tolerance: $0.1, differing: $0.2) }
      + [(100, 5), (300, 10), (1000, 20)].map { simultaneous(images: $0.0, things: $0.1) }
  }

  /// What is promised of each draw: no more than this may fail.
  private static let level = 0.05

  // MARK: Tests

  /// P-values by what was counted: most draws count what another has.
  private final class KnownTests: Sendable {
    private let pValues = Mutex<[[Int]: Double]>([:])

    func pValue(_ counts: [Int], images: Int, tolerance: Double) -> Double {
      if let known = pValues.withLock({ $0[counts] }) { return known }
      let found = NonInferiorityTest(
        onlyFirst: counts[0], onlySecond: counts[1], images: images, tolerance: tolerance
      ).pValue
      pValues.withLock { $0[counts] = found }
      return found
    }
  }

  /// How often the test of a first that loses just the tolerance says that it loses less.
  private static func nonInferiority(
    images: Int, tolerance: Double, differing: Double
  ) -> GuaranteeSetting {
    let name =
      "as good, \(images) images, tolerance \(tolerance), \(differing) of the images differ"
    let known = KnownTests()
    let (first, second) = ((differing - tolerance) / 2, (differing + tolerance) / 2)
    return GuaranteeSetting(GuaranteeSetting.Promise(name, level: level)) { draw in
      var generator = RandomStream(
        seed: 21, UInt64(images), UInt64(1e6 * tolerance), UInt64(1e6 * differing), UInt64(draw))
      var counts = [0, 0]
      for _ in 0..<images {
        let draw = generator.unitInterval()
        if draw < first { counts[0] += 1 } else if draw < first + second { counts[1] += 1 }
      }
      return .init(known.pValue(counts, images: images, tolerance: tolerance) <= level)
    }
  }

  // MARK: Intervals

  /// How often some of the simultaneous intervals misses, some of the corrected p-values of what does not differ is at most
  /// the level, and the set of the best lacks the best.
  ///
  /// Things differ from the reference on shared images and on their own; half of them are as good as it, the others worse.
  private static func simultaneous(images: Int, things: Int) -> GuaranteeSetting {
    let promises = ["intervals", "p-values", "the best"].map { what in
      GuaranteeSetting.Promise(
        "all at once, \(what), \(images) images, \(things) candidates", level: level,
        strength: .asymptotic)
    }
    return GuaranteeSetting("all at once, \(images) images, \(things) candidates", promises) {
      draw in
      let found = SimultaneousIntervals(
        differences: differences(images: images, things: things, draw: draw),
        confidence: 1 - level, resampleCount: 1000, seed: UInt64(draw))
      let misses = (0..<things).contains {
        abs(found.differences[$0] + losses($0)) > found.halfWidths[$0]
      }
      let isFalse = (0..<things).contains { losses($0) == 0 && found.adjustedPValues[$0] <= level }
      return [.init(misses), .init(isFalse), .init(!found.isAmongBest[things])]
    }
  }

  private static func differences(images: Int, things: Int, draw: Int) -> [[Int8]] {
    var generator = RandomStream(seed: 22, UInt64(images), UInt64(draw))
    var columns = [[Int8]](repeating: Array(repeating: 0, count: images), count: things)
    for image in 0..<images {
      let shared = generator.unitInterval()
      for thing in 0..<things {
        let own = generator.unitInterval() < 0.5 ? shared : generator.unitInterval()
        columns[thing][image] = own < 0.05 ? 1 : own > 0.95 - losses(thing) ? -1 : 0
      }
    }
    return columns
  }

  private static func losses(_ thing: Int) -> Double { thing % 2 == 0 ? 0 : 0.02 }
}
