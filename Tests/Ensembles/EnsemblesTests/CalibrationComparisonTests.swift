import EnsembleTestSupport
import Predictions
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Statistics

@Suite struct CalibrationComparisonTests {
  /// Made-up predictions and labels that are drawn from what `truth` makes of the scores.
  private func drawn(
    _ count: Int, classes: Int = 4, seed: UInt64, truth: ([Double]) -> [Double]
  ) throws -> Predictions {
    var generator = RandomStream(seed: seed)
    var (rows, labels): ([[Double]], [Int64]) = ([], [])
    for _ in 0..<count {
      let scores = (0..<classes).map { _ in
        2 * (0..<12).reduce(-6.0) { sum, _ in sum + generator.unitInterval() }
      }
      rows.append(Self.softmax(scores))
      var (rest, label) = (generator.unitInterval(), 0)
      for probability in Self.softmax(truth(scores)).dropLast() {
        guard rest >= probability else { break }
        rest -= probability
        label += 1
      }
      labels.append(Int64(label))
    }
    return try member("m", rows, labels: labels)
  }

  private static func softmax(_ scores: [Double]) -> [Double] {
    let values = scores.map { exponential($0 - (scores.max() ?? 0)) }
    let sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }

  private func choose(_ holdOut: Predictions, seed: UInt64 = 0) throws -> Calibration {
    try Calibration(of: Combination(), holdOut: [holdOut], seed: seed)
  }

  /// A temperature where that is what is wrong, and what errs by class where classes differ.
  @Test func whatIsWrongIsMended() throws {
    let sure = try choose(drawn(1500, seed: 1) { $0.map { $0 / 1.8 } })
    #expect(sure.comparison.chosen == .temperature && sure.place == .afterCombining)
    expectClose(try #require(sure.combination.temperature), 1.8, within: 0.2)
    let tilted = try drawn(3000, seed: 2) { scores in
      zip(scores, [1.5, 0.0, -1.0, 0.5]).map { $0 / 1.5 + $1 }
    }
    let calibration = try choose(tilted)
    #expect([.vector, .dirichlet].contains(calibration.comparison.chosen))
    let map = try #require(calibration.combination.calibration)
    #expect(map.method == calibration.comparison.chosen && calibration.place == nil)
    let trial = try #require(calibration.comparison.trial(map.method))
    let difference = try #require(trial.difference)
    #expect(difference < -(trial.standardError ?? .infinity) && trial.gained > trial.lost)
    // On others of the same kind too.
    let test = try drawn(3000, seed: 3) { scores in
      zip(scores, [1.5, 0.0, -1.0, 0.5]).map { $0 / 1.5 + $1 }
    }
    let loss = { (predictions: Predictions) in
      try Metrics(of: [predictions]).negativeLogLikelihood
    }
    let heated = Combination(temperature: try #require(calibration.temperature).value)
    let better = try calibration.combination.combine([test], name: "e")
    #expect(try loss(better) < loss(heated.combine([test], name: "e")) - 0.05)
  }

  /// Of probabilities that are right, mostly nothing or a temperature near 1 comes; what comes else is near them.
  @Test func whatIsRightIsLeft() throws {
    var others = 0
    for seed in 10..<20 {
      let holdOut = try drawn(1000, seed: UInt64(seed)) { $0 }
      let calibration = try choose(holdOut)
      expectClose(calibration.combination.temperature ?? 1, 1, within: 0.15, "\(seed)")
      #expect(calibration.comparison.trials.allSatisfy { $0.refusal == nil })
      others += calibration.combination.calibration == nil ? 0 : 1
      let calibrated = try calibration.combination.combine([holdOut], name: "e")
      let moved = holdOut.withLogProbabilities { given in
        calibrated.withLogProbabilities { made in
          zip(given, made).map { abs(exponential(Double($0)) - exponential(Double($1))) }.mean
        }
      }
      #expect(moved < 0.03, "\(seed)")
    }
    #expect(others <= 2)
  }

  /// Every image has one fold; classes are spread over all of them.
  @Test func folds() {
    let labels = (0..<103).map { Int64($0 % 10 == 0 ? 1 : 0) }
    let folds = Folds(labels: labels, most: 5, seed: 3)
    #expect((0..<5).flatMap(folds.images).sorted() == Array(0..<103))
    for fold in 0..<5 {
      let images = folds.images(of: fold)
      #expect((20...21).contains(images.count))
      #expect((2...3).contains(images.count { labels[$0] == 1 }))
      #expect((images + folds.others(than: fold)).sorted() == Array(0..<103))
    }
    #expect(Folds(labels: labels, most: 5, seed: 4).images(of: 0) != folds.images(of: 0))
    #expect(Folds(labels: [0, 0, 1], most: 5, seed: 0).count == 3)
  }

  /// What is too little, or too much, is refused, and says why.
  @Test func refusals() throws {
    let few = try choose(drawn(150, seed: 1) { $0 }).comparison
    #expect(few.trial(.temperature)?.refusal == nil && few.trial(.vector)?.refusal == nil)
    for method in [CalibrationMethod.dirichlet, .isotonic, .histogram] {
      let trial = try #require(few.trial(method))
      #expect(trial.refusal?.contains("hold-out images a class") == true)
      #expect(trial.negativeLogLikelihood == nil && trial.difference == nil)
    }
    #expect(
      CalibrationMethod.dirichlet.refusal(images: 20_000, classes: 30)?.contains("too long")
        == true)
    #expect(few.trial(.memberTemperatures) == nil)
    let one = try choose(member("m", [[0.6, 0.4]], labels: [0])).comparison
    #expect(one.chosen == .none && one.folds == 0)
    #expect(one.trial(.temperature)?.refusal?.contains("one image") == true)
  }

  /// Hold-outs of all kinds give a calibration that is finite (JSON has no other numbers), fits, and never counts less than what is there.
  @Test func anyHoldOutGivesACalibration() throws {
    for holdOut in try difficultHoldOuts() {
      let calibration = try choose(holdOut)
      _ = try json(calibration)
      #expect(try roundTrip(calibration) == calibration)
      #expect(calibration.combination.fault(memberCount: 1) == nil, "\(holdOut.name)")
      let plain = try Metrics(of: [holdOut])
      let found = try calibration.combination.metrics(of: [holdOut])
      #expect(found.negativeLogLikelihood <= plain.negativeLogLikelihood + 1e-9, "\(holdOut.name)")
      #expect(found.top1Accuracy >= plain.top1Accuracy, "\(holdOut.name)")
      let temperature = calibration.combination.temperature ?? 1
      #expect((0.2...10).contains(temperature), "\(holdOut.name): \(temperature)")
    }
  }

  /// A large hold-out is compared on a sample, and its temperature is that of all images.
  @Test func aSampleOfManyImages() throws {
    let holdOut = try drawn(10_500, classes: 2, seed: 7) { $0.map { $0 / 2 } }
    let calibration = try choose(holdOut)
    #expect(calibration.comparison.images == 10_000 && calibration.comparison.folds == 5)
    expectClose(
      try #require(calibration.temperature).value, try Temperature(fittedTo: holdOut).value,
      within: 1e-6)
    #expect(try choose(holdOut, seed: 1).comparison != calibration.comparison)
    #expect(try choose(holdOut) == calibration)
  }

  /// Members' own temperatures are tried where all members count alike, and only there.
  @Test func membersTemperatures() throws {
    let members = try decisionMembers("hold-out")
    let plain = try Calibration(of: Combination(), holdOut: members)
    #expect(plain.comparison.trial(.memberTemperatures)?.refusal == nil)
    #expect(plain.comparison.trial(.memberTemperatures) != nil)
    for combination in [
      Combination(rule: .majorityVote), Combination(weights: [0.2, 0.2, 0.2, 0.2, 0.2]),
    ] {
      let found = try Calibration(of: combination, holdOut: members)
      #expect(found.comparison.trial(.memberTemperatures) == nil)
      #expect(found.memberTemperatures.isEmpty)
    }
  }

  /// More images that turn wrong than right, by more than chance.
  @Test func accuracyIsNotLost() {
    func trial(gained: Int, lost: Int) -> CalibrationComparison.Trial {
      CalibrationComparison.Trial(
        method: .vector, refusal: nil, negativeLogLikelihood: 1, difference: -1, standardError: 0.1,
        gained: gained, lost: lost)
    }
    #expect(!trial(gained: 0, lost: 0).losesAccuracy && !trial(gained: 0, lost: 1).losesAccuracy)
    #expect(!trial(gained: 9, lost: 3).losesAccuracy && !trial(gained: 6, lost: 10).losesAccuracy)
    #expect(trial(gained: 6, lost: 11).losesAccuracy && trial(gained: 0, lost: 2).losesAccuracy)
  }
}
