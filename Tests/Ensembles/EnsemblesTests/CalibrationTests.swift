import EnsembleTestSupport
import Files
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct CalibrationTests {
  /// Against SciPy's scalar minimum, torchmetrics, scikit-learn and NumPy.
  @Test func temperaturesBeforeAndAfterCombining() throws {
    let expected = try ExpectedDecisions.load()
    let (holdOut, test) = (try decisionMembers("hold-out"), try decisionMembers("test"))
    let calibration = try Calibration(of: Combination(), holdOut: holdOut)
    for (found, expected) in zip(calibration.memberTemperatures, expected.temperatures) {
      expectClose(found.value, expected, within: 1e-5 * expected)
      #expect(found.after <= found.before)
    }
    let temperature = try #require(calibration.temperature)
    expectClose(temperature.value, expected.ensembleTemperature, within: 1e-5)
    let heated = Combination(memberTemperatures: calibration.memberTemperatures.map(\.value))
    for (key, combination, expected) in [
      ("without", Combination(), expected.uncalibrated),
      ("beforeCombining", heated, expected.before),
      ("afterCombining", Combination(temperature: temperature.value), expected.after),
    ] {
      let loss = try #require(expected["hold-out"]).negativeLogLikelihood
      expectClose(try #require(calibration.losses[key]), loss, within: 1e-6)
      let expected = try #require(expected["test"])
      let found = try ReliabilitySummary(of: combination.combine(test, name: "e"))
      expectClose(
        found.metrics.negativeLogLikelihood, expected.negativeLogLikelihood, within: 1e-6)
      expectClose(found.metrics.brierScore, expected.brier, within: 1e-6)
      expectClose(found.metrics.expectedCalibrationError, expected.equalWidth, within: 1e-5)
      expectClose(found.diagram.expectedCalibrationError, expected.equalWidth, within: 1e-5)
      expectClose(found.equalMassError, expected.equalMass, within: 1e-6)
      expectClose(found.classwiseError, expected.classwise, within: 1e-6)
    }
  }

  @Test func binsOfEqualMass() throws {
    let ensemble = try Predictions(combining: decisionMembers("test"), name: "e")
    let expected = try #require(ExpectedDecisions.load().uncalibrated["test"])
    let diagram = try ReliabilityDiagram(of: ensemble, binning: .equalMass)
    #expect(diagram.bins.count == 15 && expected.massBins.count == 15)
    for (bin, expected) in zip(diagram.bins, expected.massBins) {
      #expect(Double(bin.count) == expected[0])
      expectClose(bin.confidence, expected[1], within: 1e-6)
      expectClose(bin.accuracy, expected[2])
      #expect(bin.lowerBound <= bin.confidence && bin.confidence <= bin.upperBound)
    }
    let width = try ReliabilityDiagram(of: ensemble, binCount: 10)
    #expect(width.bins.map(\.count).reduce(0, +) == 190)
    #expect(width.bins[3].lowerBound == 0.3 && width.bins[3].upperBound == 0.4)
    // More bins than images leave some empty.
    let few = try member("a", [[0.9, 0.1], [0.2, 0.8]], labels: [0, 0])
    let many = try ReliabilityDiagram(of: few, binCount: 5, binning: .equalMass)
    #expect(many.bins.map(\.count).reduce(0, +) == 2)
    expectClose(many.expectedCalibrationError, (0.1 + 0.8) / 2, within: 1e-6)
    func wrong(_ count: Int) -> EnsembleError {
      .invalidArgument(
        name: "the number of bins", value: "\(count)", expected: "at least 1 and at most a million")
    }
    #expect(throws: wrong(0)) { try ReliabilityDiagram(of: few, binCount: 0) }
    #expect(throws: wrong(-1)) {
      try ReliabilityDiagram.classwiseError(of: few, binCount: -1)
    }
  }

  /// Members that are always right, always wrong, sure, or undecided: never worse on what the temperature was fitted to.
  @Test func temperaturesAreNeverWorseWhereTheyWereFitted() throws {
    let labels: [Int64] = [0, 1, 0, 1]
    for rows in [
      [[1.0, 0], [0, 1], [1, 0], [0, 1]], [[0.0, 1], [1, 0], [0, 1], [1, 0]],
      [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]],
      [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]],
      [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.4, 0.6]],
      [[1.0, 0], [0, 1], [0, 1], [0, 1]],
    ] {
      let holdOut = try member("m", rows, labels: labels)
      let temperature = try Temperature(fittedTo: holdOut)
      #expect(Temperature.range.contains(temperature.value))
      #expect(temperature.after <= temperature.before)
      let scaled = try Metrics(of: [temperature.scale(holdOut)]).negativeLogLikelihood
      #expect(scaled == temperature.after)
    }
    let one = try Temperature(fittedTo: member("m", [[1]], labels: [0]))
    #expect(one.value == 1)
  }

  /// The slope of the summed likelihood and the prior is 0, and changes its sign there and nowhere else.
  @Test(arguments: [(1, 0), (0, 1), (1, 1), (45, 0), (0, 45), (4000, 0), (3000, 1000)])
  func theOptimumIsUnique(right: Int, wrong: Int) throws {
    let holdOut = try member(
      "m", Array(repeating: [0.8, 0.2], count: right + wrong),
      labels: Array(repeating: 0, count: right) + Array(repeating: 1, count: wrong))
    func slope(_ inverse: Double) -> Double {
      let odds = naturalLogarithm(4)
      let p = 1 / (1 + exponential(-odds * inverse))
      return odds * (Double(right + wrong) * p - Double(right)) + 4 * (1 - 1 / inverse)
    }
    let temperature = try Temperature(fittedTo: holdOut)
    #expect(temperature.gap == nil)
    let inverse = 1 / temperature.value
    #expect(abs(slope(inverse)) < 1e-3 && slope(inverse * 1.001) > 0 && slope(inverse / 1.001) < 0)
  }

  /// Images that are all right say little of how often such predictions err: the surer they were, the less.
  @Test func aPerfectHoldOutMovesTheTemperatureLittle() throws {
    var last = 0.0
    for (probability, least) in [(0.9, 0.5), (0.97, 0.7), (0.999, 0.94), (1 - 1e-7, 0.999)] {
      let holdOut = try member(
        "m", Array(repeating: [probability, 1 - probability], count: 45),
        labels: Array(repeating: 0, count: 45))
      let temperature = try Temperature(fittedTo: holdOut)
      #expect(temperature.gap == nil && temperature.value > least && temperature.value <= 1)
      #expect(temperature.value > last)
      last = temperature.value
    }
    let one = try Temperature(fittedTo: member("m", [[0.97, 0.03]], labels: [0]))
    #expect(one.value > 0.95 && one.value < 1)
    let wrong = try Temperature(fittedTo: member("m", [[0.97, 0.03]], labels: [1]))
    #expect(wrong.value > 1 && wrong.value < 2)
  }

  /// What says nothing leaves predictions as they are; what has its optimum out of range does too, and says so.
  @Test func aHoldOutWithNothingToFitIsTold() throws {
    let undecided = try Temperature(
      fittedTo: member("m", [[0.5, 0.5], [0.5, 0.5]], labels: [0, 1]))
    #expect(undecided.value == 1 && undecided.gap == nil)
    let count = 20_000
    let hopeless = try Temperature(
      fittedTo: member(
        "m", Array(repeating: [0.6, 0.4], count: count), labels: Array(repeating: 1, count: count)))
    #expect(hopeless.value == 1 && hopeless.gap == .noOptimum)
    let rounded = try Temperature(fittedTo: member("m", [[1, 0], [1, 0]], labels: [0, 1]))
    #expect(rounded.value == 1 && rounded.gap == .roundedToZero)
    for temperature in [undecided, hopeless, rounded] {
      #expect(temperature.after == temperature.before)
    }
  }
}
