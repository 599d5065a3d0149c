import Predictions
import Randomness
import Statistics
import Testing

@testable import Decisions

/// Advice on members of known quality.
@Suite struct TrainingAdviceTests {
  /// Members whose scores are noise about the label, part of which all share.
  static func members(
    _ network: String, cost: Int, count: Int, quality: Double, first: Int = 0, images: Int = 2000,
    split: String = "hold-out", shared: Double = 0.6
  ) throws -> [Predictions] {
    try (first..<first + count).map { member in
      var common = RandomStream(seed: split == "test" ? 8 : 7)
      var own = RandomStream(seed: 9, UInt64(cost), UInt64(member), split == "test" ? 1 : 0)
      var values: [Float] = []
      let labels = (0..<images).map { Int64($0 % 4) }
      for label in labels {
        let scores = (0..<4).map { place in
          (Int64(place) == label ? quality : 0) + shared.squareRoot() * common.normal()
            + (1 - shared).squareRoot() * own.normal()
        }
        let total = naturalLogarithm(scores.reduce(0) { $0 + exponential($1) })
        values += scores.map { Float($0 - total) }
      }
      return try Predictions(
        name: "\(network)-\(member)", network: network, multiplyAccumulates: cost, parameters: cost,
        split: split, fingerprint: split, logProbabilities: values, labels: labels, classes: 4)
    }
  }

  private static func some() throws -> [Predictions] {
    try members("small", cost: 100, count: 3, quality: 1.2)
      + members("large", cost: 400, count: 2, quality: 1.6)
  }

  private static func times(_ members: [Predictions]) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: members.map { ($0.name, 6 * Double($0.multiplyAccumulates)) })
  }

  private static func advise(
    _ members: [Predictions], budget: Double = 10_000, most: Double? = nil,
    networks: [TrainingAdvice.Network] = [], leastGain: Double = 0.001
  ) throws -> TrainingAdvice {
    try TrainingAdvice.advise(
      members, seconds: times(members), networks: networks,
      options: .init(
        budgetSeconds: budget, maximumMultiplyAccumulates: most, leastGain: leastGain))
  }

  // MARK: The model

  /// As numpy.linalg.lstsq of NumPy 2.4.6 solves the same rows.
  @Test func theErrorModelIsThatOfNumPy() {
    let table: [([Int], Double)] = [
      ([1, 0], 0.40), ([2, 0], 0.375), ([3, 0], 0.366), ([0, 1], 0.36), ([0, 2], 0.34),
      ([1, 1], 0.355), ([2, 1], 0.352), ([1, 2], 0.341), ([2, 2], 0.340), ([3, 1], 0.353),
      ([3, 2], 0.342),
    ]
    let model = PairwiseErrorModel(
      fittedTo: table.map { (EnsembleComposition(counts: $0.0), $0.1) },
      networkErrors: [0.40, 0.36])
    let found =
      model.errors + [model.differences[0][0], model.differences[0][1], model.differences[1][1]]
    let expected = [
      0.4001833794847738, 0.3605032887949044, 0.10152286126054808, 0.10651802521347953,
      0.08477470255771498,
    ]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-10 })
    #expect(abs(model(EnsembleComposition(counts: [5, 2])) - 0.3446587909754643) < 1e-10)
  }

  @Test func compositionsAreOfOneNetworkOrTwo() {
    let all = EnsembleComposition.all(of: [2, 1, 1])
    #expect(all.count == 4 + 2 + 2 + 1 && Set(all).count == all.count)
    #expect(all.allSatisfy { $0.counts.count { $0 > 0 } <= 2 })
    let mixed = EnsembleComposition(counts: [2, 1, 0])
    let subsets = mixed.subsets(of: [[0, 1, 2], [3, 4], [5]], limit: 100, seed: 0)
    #expect(Set(subsets).count == 6 && subsets.allSatisfy { $0 == $0.sorted() && $0.count == 3 })
    #expect(mixed.subsets(of: [[0, 1, 2], [3, 4], [5]], limit: 4, seed: 0).count == 4)
    #expect(mixed.multiplyAccumulates([10, 100, 1000]) == 120)
    #expect(abs(mixed.distance(to: EnsembleComposition(counts: [1])) - 1.0 / 3) < 1e-12)
  }

  /// Of a normal difference the mean of its part above 0 is m F(m/s) + s f(m/s).
  @Test func gainsAreThoseOfTheNormalDistribution() {
    var variance = VarianceComponents()
    variance.add(0.003 * 0.003, degreesOfFreedom: 1_000_000)
    var generator = RandomStream(seed: 1)
    let forecast = GainForecast(
      ExpectedGain(
        composition: EnsembleComposition(counts: [1]), error: 0.1, difference: 0.004,
        variance: variance, imageVariance: 0),
      images: 1000, judgingImages: 1000, leastGain: 0.002, using: &generator)
    #expect(abs(forecast.gain - 0.0041272) < 0.0002)
    #expect(abs(forecast.probabilityOfGain - 0.9088) < 0.02)
    #expect(abs(forecast.probabilityOfLeastGain - 0.7475) < 0.025)
    #expect(abs(forecast.interval.lowerBound - 0.000155) < 0.0003)
    #expect(abs(forecast.interval.upperBound - 0.007845) < 0.0003)
  }

  // MARK: The advice

  @Test func stepsAreRankedWithinTheBudget() throws {
    let members = try Self.some()
    let advice = try Self.advise(
      members, budget: 5000, networks: [.init(name: "largest", multiplyAccumulates: 1600)])
    #expect(advice.holdOutImages == 2000 && advice.judgingImages == 2000)
    #expect(advice.maximumMultiplyAccumulates == 2 * 1100)
    #expect(
      advice.members == [
        .init(network: "small", members: 3), .init(network: "large", members: 2),
      ])
    #expect(advice.steps.map(\.gain) == advice.steps.map(\.gain).sorted(by: >))
    let kinds = Set(advice.steps.map { "\($0.trainings) \($0.network ?? "")" })
    // A small one takes 600 s and a large one 2,400 s: three small ones are as many as there are.
    #expect(kinds == ["1 small", "3 small", "1 large", "2 large"])
    #expect(advice.omissions.map(\.network) == ["largest"])
    #expect(advice.omissions.map(\.reason) == [.overBudget])
    #expect(abs(advice.omissions[0].seconds - 9600) < 100)
    for step in advice.steps {
      #expect(step.interval.lowerBound <= step.interval.upperBound)
      #expect(step.probabilityOfLeastGain <= step.probabilityOfGain)
      #expect(step.secondsInterval.lowerBound < step.seconds)
      #expect(step.seconds < step.secondsInterval.upperBound)
      #expect(step.ensemble.multiplyAccumulates <= advice.maximumMultiplyAccumulates)
    }
    // Large ones are better by far, and more of them are too.
    #expect(advice.advised?.network == "large" && advice.advised?.trainings == 2)
  }

  /// A budget without an end holds as many as there are.
  @Test func anEndlessBudget() throws {
    let members = try Self.some()
    let advice = try TrainingAdvice.advise(
      members, seconds: Self.times(members), options: .init(budgetSeconds: 1e300))
    #expect(advice.steps.filter { $0.network == "small" }.map(\.trainings).max() == 3)
  }

  /// Another large member adds about as much as is forecast, on images that had no say.
  @Test func theForecastHoldsOnOtherImages() throws {
    let holdOut = try Self.some()
    let test =
      try Self.members("small", cost: 100, count: 3, quality: 1.2, images: 20_000, split: "test")
      + Self.members("large", cost: 400, count: 2, quality: 1.6, images: 20_000, split: "test")
    let advice = try TrainingAdvice.advise(
      holdOut, seconds: Self.times(holdOut),
      options: .init(budgetSeconds: 5000, judgingImages: 20_000))
    let realized = try RealizedGain(
      holdOut: holdOut, test: test, within: advice.maximumMultiplyAccumulates)
    let step = try #require(advice.steps.first { $0.network == "large" && $0.trainings == 2 })
    let gain = try realized.gain(
      of: "large",
      holdOut: Self.members("large", cost: 400, count: 2, quality: 1.6, first: 2),
      test: Self.members(
        "large", cost: 400, count: 2, quality: 1.6, first: 2, images: 20_000, split: "test"))
    // The interval is one of 80 %: one draw may lie outside, by no more than its width.
    let width = step.interval.upperBound - step.interval.lowerBound
    #expect(abs(gain - step.gain) <= width, "\(gain) for \(step.gain), \(step.interval)")
    #expect(gain > 0)
  }

  @Test func nothingWorthItStops() throws {
    let members = try Self.some()
    let advice = try Self.advise(members, leastGain: 0.2)
    #expect(advice.advised == nil && !advice.steps.isEmpty)
    // No further ensemble is cheap enough.
    let cheap = try Self.advise(members, most: 100)
    #expect(cheap.steps.isEmpty && cheap.advised == nil)
    #expect(Set(cheap.omissions.map(\.reason)) == [.overMaximum])
    #expect(cheap.best.parts == [.init(network: "small", members: 1)])
  }

  /// Of one training nothing shows how the next would differ: the interval is wide.
  @Test func oneMemberHasWideIntervals() throws {
    let one = try Self.members("small", cost: 100, count: 1, quality: 1.2)
    let several = try Self.members("small", cost: 100, count: 6, quality: 1.2)
    let advice = try Self.advise(
      one, networks: [.init(name: "large", multiplyAccumulates: 200)])
    #expect(Set(advice.steps.compactMap(\.network)) == ["small", "large"])
    let first = try #require(advice.steps.first { $0.network == "small" })
    #expect(first.trainings == 1 && first.gain > 0)
    let later = try Self.advise(several).steps.first { $0.trainings == 1 }
    let next = try #require(later)
    func width(_ step: TrainingAdvice.Step) -> Double {
      step.interval.upperBound - step.interval.lowerBound
    }
    #expect(width(first) > 2 * width(next) && next.gain < first.gain)
  }

  @Test func longerTrainingIsAStepWhereLossesFell() throws {
    let members = try Self.some()
    func steps(_ names: [String]) throws -> [TrainingAdvice.Step] {
      try TrainingAdvice.advise(
        members, seconds: Self.times(members),
        lengthening: .init(epochs: 10, longerEpochs: 20, members: Set(names)),
        options: .init(budgetSeconds: 100_000)
      ).steps.filter { $0.kind == .longer }
    }
    let found = try steps(members.map(\.name))
    let step = try #require(found.first)
    #expect(found.count == 1 && step.epochs == 20 && step.network == nil)
    let total = step.ensemble.parts.reduce(0.0) {
      $0 + Double($1.members) * ($1.network == "small" ? 600 : 2400)
    }
    #expect(abs(step.seconds - 2 * total) < 1e-6 * total)
    #expect(try steps(["small-0"]).isEmpty)
  }

  @Test func jsonAndSeedsRepeat() throws {
    let members = try Self.some()
    let advice = try Self.advise(members)
    #expect(try Self.advise(members) == advice)
    let other = try Self.advise(members.reversed())
    #expect(other.steps.map(\.trainings) == advice.steps.map(\.trainings))
  }

  // MARK: Bad input

  @Test func badOptionsAreRefused() throws {
    let members = try Self.members("small", cost: 100, count: 2, quality: 1.2, images: 50)
    func refuses(_ options: TrainingAdvice.Options, _ seconds: [String: Double]? = nil) -> Bool {
      do {
        _ = try TrainingAdvice.advise(
          members, seconds: seconds ?? Self.times(members), options: options)
        return false
      } catch { return true }
    }
    #expect(!refuses(.init(budgetSeconds: 1)))
    for budget in [0, -1, .infinity, .nan] { #expect(refuses(.init(budgetSeconds: budget))) }
    #expect(refuses(.init(budgetSeconds: 1, maximumMultiplyAccumulates: 99)))
    #expect(refuses(.init(budgetSeconds: 1, maximumMultiplyAccumulates: -1)))
    #expect(refuses(.init(budgetSeconds: 1, leastGain: 1)))
    #expect(refuses(.init(budgetSeconds: 1, leastGain: -0.1)))
    #expect(refuses(.init(budgetSeconds: 1, judgingImages: 0)))
    #expect(refuses(.init(budgetSeconds: 1), [:]))
    #expect(refuses(.init(budgetSeconds: 1), ["small-0": 0]))
  }

  // MARK: Times

  @Test func timesAreTypicalOnesAndGrowWithCost() throws {
    let members =
      try Self.members("a", cost: 100, count: 3, quality: 1, images: 4)
      + Self.members("b", cost: 400, count: 1, quality: 1, images: 4)
    let times = TrainingTimes(members, seconds: ["a-0": 100, "a-1": 200, "a-2": 400, "b-0": 800])
    let known = try #require(times.estimate("a", multiplyAccumulates: 100))
    #expect(abs(known.seconds - 200) < 1e-9)
    let other = try #require(times.estimate("c", multiplyAccumulates: 1600))
    #expect((2500...3700).contains(other.seconds) && other.deviation > known.deviation)
    #expect(TrainingTimes(members, seconds: ["a-0": -1]).isEmpty)
  }
}
