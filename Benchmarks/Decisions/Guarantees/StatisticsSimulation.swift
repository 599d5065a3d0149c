import Randomness
import Statistics

/// How often tests and intervals fail, on numbers of images that are drawn.
enum StatisticsSimulation {
  /// Of one setting.
  struct Result: Codable {
    let setting: String
    let images, draws: Int
    /// What may fail at most, or about that many where `isExact` is false.
    let level: Double
    let failures: Int
    let isExact: Bool
  }

  /// How often the test of a first that loses just the tolerance says that it loses less.
  static func nonInferiority(
    images: Int, tolerance: Double, differing: Double, draws: Int, level: Double = 0.05
  ) -> Result {
    var generator = RandomStream(
      seed: 21, UInt64(images), UInt64(1e6 * tolerance), UInt64(1e6 * differing))
    let (first, second) = ((differing - tolerance) / 2, (differing + tolerance) / 2)
    var known: [[Int]: Bool] = [:]
    var failures = 0
    for _ in 0..<draws {
      var counts = [0, 0]
      for _ in 0..<images {
        let draw = generator.unitInterval()
        if draw < first { counts[0] += 1 } else if draw < first + second { counts[1] += 1 }
      }
      let fails =
        known[counts]
        ?? (NonInferiorityTest(
          onlyFirst: counts[0], onlySecond: counts[1], images: images, tolerance: tolerance
        ).pValue <= level)
      known[counts] = fails
      failures += fails ? 1 : 0
    }
    return Result(
      setting: "non-inferiority, tolerance \(100 * tolerance), differing \(100 * differing) %",
      images: images, draws: draws, level: level, failures: failures, isExact: true)
  }

  /// How often some of the simultaneous intervals misses, some of the corrected p-values of what does not differ is at most
  /// the level, and the set of the best lacks the best: three results.
  ///
  /// Things differ from the reference on shared images and on their own; half of them are as good as it, the others worse.
  static func simultaneous(images: Int, things: Int, draws: Int, level: Double = 0.05) -> [Result] {
    var failures = [0, 0, 0]
    for draw in 0..<draws {
      var generator = RandomStream(seed: 22, UInt64(images), UInt64(draw))
      var columns = [[Int8]](repeating: Array(repeating: 0, count: images), count: things)
      for image in 0..<images {
        let shared = generator.unitInterval()
        for thing in 0..<things {
          let own = generator.unitInterval() < 0.5 ? shared : generator.unitInterval()
          let loss = losses(thing)
          columns[thing][image] = own < 0.05 ? 1 : own > 0.95 - loss ? -1 : 0
        }
      }
      let found = SimultaneousIntervals(
        differences: columns, confidence: 1 - level, resampleCount: 1000, seed: UInt64(draw))
      let misses = (0..<things).contains {
        abs(found.differences[$0] + losses($0)) > found.halfWidths[$0]
      }
      let isFalse = (0..<things).contains { losses($0) == 0 && found.adjustedPValues[$0] <= level }
      failures[0] += misses ? 1 : 0
      failures[1] += isFalse ? 1 : 0
      failures[2] += found.isAmongBest[things] ? 0 : 1
    }
    return zip(["intervals", "p-values", "the best"], failures).map { name, count in
      Result(
        setting: "simultaneous, \(name), \(things) things", images: images, draws: draws,
        level: level, failures: count, isExact: false)
    }
  }

  private static func losses(_ thing: Int) -> Double { thing % 2 == 0 ? 0 : 0.02 }
}
