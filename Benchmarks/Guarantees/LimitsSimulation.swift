import Concurrency
import Ensembles
import Predictions
import Randomness
import Statistics

/// Promises of prediction sets and of abstention, kept or broken on images of which everything is known.
public enum LimitsSimulation {
  /// All checks.
  ///
  /// - Parameters:
  ///   - draws: How many calibrations of each.
  ///   - seed: Of the draws.
  public static func checks(draws: Int, seed: UInt64 = 0) throws -> [GuaranteeCheck] {
    try coverage(draws: draws, seed: seed) + abstention(draws: draws, seed: seed)
  }

  /// A draw's numbers come from its own stream, so that they are the same on any number of cores.
  private static func map<Element: Sendable>(
    draws: Int, seed: UInt64, _ path: UInt64,
    _ body: @Sendable (inout RandomStream) throws -> Element
  ) throws -> [Element] {
    let blocks = 64
    return try parallelMap(blocks) { block in
      try (block * draws / blocks..<(block + 1) * draws / blocks).map { draw in
        var stream = RandomStream(seed: seed, path, UInt64(draw))
        return try body(&stream)
      }
    }.flatMap { $0 }
  }
}

// MARK: - Prediction sets

extension LimitsSimulation {
  private static let classes = 4

  /// Images whose predictions are too sure, and of classes that are seldom or often: what is promised must hold all the same.
  private static func images(_ count: Int, _ stream: inout RandomStream) throws -> Predictions {
    var (values, labels): ([Float], [Int64]) = ([], [])
    for _ in 0..<count {
      let scores = (0..<classes).map { 3 * stream.unitInterval() + 0.5 * Double($0) }
      let truth = scores.map { exponential($0) }
      var left = stream.unitInterval() * truth.reduce(0, +)
      let label = truth.firstIndex { value in
        left -= value
        return left < 0
      }
      let sure = scores.map { exponential(2 * $0) }
      let total = naturalLogarithm(sure.reduce(0, +))
      values += sure.map { Float(naturalLogarithm($0) - total) }
      labels.append(Int64(label ?? classes - 1))
    }
    return try Predictions(
      name: "simulated", network: "none", multiplyAccumulates: 1, parameters: 1, split: "drawn",
      fingerprint: "drawn", logProbabilities: values, labels: labels, classes: classes)
  }

  /// Further images of a draw, each of which keeps the promise or breaks it.
  private static let furtherImages = 10

  /// The share of further images whose class is not in their set, of all and of each class.
  public static func coverage(draws: Int, seed: UInt64) throws -> [GuaranteeCheck] {
    var checks: [GuaranteeCheck] = []
    for (setting, score) in ConformalScore.Kind.allCases.enumerated() {
      for (images, missRate) in [(19, 0.05), (50, 0.1), (200, 0.2)] {
        let found = try map(draws: draws, seed: seed, UInt64(setting * 1000 + images)) { stream in
          let predictor = try ConformalPredictor(
            calibratedOn: self.images(images, &stream), score: ConformalScore(score),
            missRate: missRate)
          return try misses(predictor, self.images(furtherImages, &stream)).mean
        }
        checks.append(
          GuaranteeCheck(
            "sets, \(score.rawValue), \(images) images", level: missRate, shares: found))
      }
      checks += try coverageByClass(score, draws: draws, seed: seed &+ UInt64(setting))
    }
    return checks
  }

  private static func coverageByClass(
    _ score: ConformalScore.Kind, draws: Int, seed: UInt64
  ) throws -> [GuaranteeCheck] {
    let missRate = 0.1
    let found: [[Double?]] = try map(draws: draws, seed: seed, 1) { stream in
      let predictor = try ConformalPredictor(
        calibratedOn: images(120, &stream), score: ConformalScore(score), missRate: missRate,
        groupOfClass: Array(0..<classes))
      let further = try images(furtherImages * classes, &stream)
      let misses = misses(predictor, further)
      return (0..<classes).map { label in
        let own = misses.indices.filter { further.labels[$0] == Int64(label) }
        return own.isEmpty ? nil : own.map { misses[$0] }.mean
      }
    }
    return (0..<classes).map { label in
      GuaranteeCheck(
        "sets by class, \(score.rawValue), class \(label)", level: missRate,
        shares: found.compactMap { $0[label] })
    }
  }

  /// `[N]`: 1 where the set lacks the label.
  private static func misses(_ predictor: ConformalPredictor, _ images: Predictions) -> [Double] {
    images.withLogProbabilities { values in
      images.labels.enumerated().map { image, label in
        let row = Array(values[image * images.classes..<(image + 1) * images.classes])
        return predictor.classes(row).contains(Int(label)) ? 0 : 1
      }
    }
  }
}

// MARK: - Abstention

extension LimitsSimulation {
  /// How often answers of a confidence are wrong, where the answers of the share `place` are surer.
  private struct Population {
    let name: String
    /// Of `place` in `0...1`.
    let error: @Sendable (_ place: Double) -> Double
    /// Of the surest share `place`, the mean of `error` up to it.
    let risk: @Sendable (_ place: Double) -> Double
  }

  /// The error that is promised.
  private static let promised = 0.02

  private static let populations = [
    // All thresholds break the promise, each by so little that it is seldom seen.
    Population(
      name: "a hair too many errors everywhere", error: { _ in 0.0201 }, risk: { _ in 0.0201 }),
    Population(
      name: "errors that grow", error: { 0.1 * $0 }, risk: { 0.05 * $0 }),
    // The surest of all are wrong most: no figure of a surer share bounds a less sure one, nor the other way.
    Population(
      name: "errors that fall and grow",
      error: { $0 < 0.1 ? 0.06 : $0 < 0.5 ? 0.011 : 0.024 },
      risk: {
        let surest = 0.06 * min($0, 0.1) + 0.011 * max(0, min($0, 0.5) - 0.1)
        return (surest + 0.024 * max(0, $0 - 0.5)) / max($0, 1e-12)
      }),
  ]

  /// The share of draws whose rule lets more answers be wrong than it promises.
  public static func abstention(draws: Int, seed: UInt64) throws -> [GuaranteeCheck] {
    var checks: [GuaranteeCheck] = []
    for (setting, population) in populations.enumerated() {
      for (images, isRounded) in [(300, false), (2000, false), (2000, true)] {
        let path = UInt64(10_000 * (setting + 1) + images + (isRounded ? 1 : 0))
        let found = try map(draws: draws, seed: seed, path) { stream in
          // The place among all answers stands for the confidence, rounded where many are to be as sure as each other.
          let places = (0..<images).map { _ in
            let place = stream.unitInterval()
            return isRounded ? (place * 32).rounded(.down) / 32 : place
          }
          let isRight = places.map { place in
            let exact = isRounded ? place + stream.unitInterval() / 32 : place
            return stream.unitInterval() >= population.error(exact)
          }
          let promise = try AbstentionPromise(
            confidences: places.map { 1 - $0 }, isRight: isRight, error: promised, confidence: 0.9)
          guard let rule = promise.rule else { return 0.0 }
          return population.risk(1 - rule.threshold) > promised ? 1 : 0
        }
        checks.append(
          GuaranteeCheck(
            "abstention, \(images) images\(isRounded ? " of 32 confidences" : ""), \(population.name)",
            level: 0.1, shares: found))
      }
    }
    return checks
  }
}
