import Ensembles
import Predictions
import Randomness
import Statistics

/// Promises of prediction sets and of abstention, kept or broken on images of which everything is known.
public enum LimitsSimulation {
  /// All settings.
  ///
  /// - Parameter seed: Of the draws.
  public static func settings(seed: UInt64 = 0) -> [GuaranteeSetting] {
    coverage(seed: seed) + abstention(seed: seed)
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
  private static func coverage(seed: UInt64) -> [GuaranteeSetting] {
    ConformalScore.Kind.allCases.enumerated().flatMap { setting, score in
      [(19, 0.05), (50, 0.1), (200, 0.2)].map { images, missRate in
        coverage(score, images, missRate, seed, path: UInt64(setting * 1000 + images))
      } + [coverageByClass(score, seed: seed &+ UInt64(setting))]
    }
  }

  private static func coverage(
    _ score: ConformalScore.Kind, _ images: Int, _ missRate: Double, _ seed: UInt64, path: UInt64
  ) -> GuaranteeSetting {
    GuaranteeSetting(
      GuaranteeSetting.Promise("sets, \(score.rawValue), \(images) images", level: missRate)
    ) { draw in
      var stream = RandomStream(seed: seed, path, UInt64(draw))
      let predictor = try ConformalPredictor(
        calibratedOn: self.images(images, &stream), score: ConformalScore(score),
        missRate: missRate)
      return .init(onImages: misses(predictor, try self.images(furtherImages, &stream)))
    }
  }

  private static func coverageByClass(
    _ score: ConformalScore.Kind, seed: UInt64
  ) -> GuaranteeSetting {
    let missRate = 0.1
    let promises = (0..<classes).map { label in
      GuaranteeSetting.Promise(
        "sets by class, \(score.rawValue), class \(label)", level: missRate)
    }
    return GuaranteeSetting("sets by class, \(score.rawValue)", promises) { draw in
      var stream = RandomStream(seed: seed, 1, UInt64(draw))
      let predictor = try ConformalPredictor(
        calibratedOn: images(120, &stream), score: ConformalScore(score), missRate: missRate,
        groupOfClass: Array(0..<classes))
      let further = try images(furtherImages * classes, &stream)
      let misses = misses(predictor, further)
      return (0..<classes).map { label in
        .init(
          onImages: misses.indices.filter { further.labels[$0] == Int64(label) }.map { misses[$0] })
      }
    }
  }

  /// `[N]`: whether the set lacks the label.
  private static func misses(_ predictor: ConformalPredictor, _ images: Predictions) -> [Bool] {
    images.withLogProbabilities { values in
      images.labels.enumerated().map { image, label in
        let row = Array(values[image * images.classes..<(image + 1) * images.classes])
        return !predictor.classes(row).contains(Int(label))
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
  private static func abstention(seed: UInt64) -> [GuaranteeSetting] {
    populations.enumerated().flatMap { setting, population in
      [(300, false), (2000, false), (2000, true)].map { images, isRounded in
        abstention(
          population, images, isRounded, seed,
          path: UInt64(10_000 * (setting + 1) + images + (isRounded ? 1 : 0)))
      }
    }
  }

  private static func abstention(
    _ population: Population, _ images: Int, _ isRounded: Bool, _ seed: UInt64, path: UInt64
  ) -> GuaranteeSetting {
    let name =
      "abstention, \(images) images\(isRounded ? " of 32 confidences" : ""), \(population.name)"
    return GuaranteeSetting(GuaranteeSetting.Promise(name, level: 0.1)) { draw in
      var stream = RandomStream(seed: seed, path, UInt64(draw))
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
      return .init(promise.rule.map { population.risk(1 - $0.threshold) > promised })
    }
  }
}
