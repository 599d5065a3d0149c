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
    let calibration = try Calibration(fittedTo: holdOut)
    for (found, expected) in zip(calibration.memberTemperatures, expected.temperatures) {
      expectClose(found.value, expected, within: 1e-5 * expected)
      #expect(found.after <= found.before)
    }
    expectClose(calibration.ensembleTemperature.value, expected.ensembleTemperature, within: 1e-5)
    for (found, expected) in [
      (calibration.uncalibrated, expected.uncalibrated), (calibration.before, expected.before),
      (calibration.after, expected.after),
    ] {
      let value = try #require(expected["hold-out"]).negativeLogLikelihood
      expectClose(found, value, within: 1e-6)
    }
    let best = min(calibration.uncalibrated, calibration.before, calibration.after)
    let chosen: Double =
      switch calibration.chosen {
      case .afterCombining: calibration.after
      case .beforeCombining: calibration.before
      case nil: calibration.uncalibrated
      }
    #expect(chosen == best)
    let report = try calibration.report(on: test)
    for (found, expected) in [
      (report.uncalibrated, expected.uncalibrated), (report.before, expected.before),
      (report.after, expected.after),
    ] {
      let expected = try #require(expected["test"])
      expectClose(
        found.metrics.negativeLogLikelihood, expected.negativeLogLikelihood, within: 1e-6)
      expectClose(found.metrics.brierScore, expected.brier, within: 1e-6)
      expectClose(found.metrics.expectedCalibrationError, expected.equalWidth, within: 1e-5)
      expectClose(found.diagram.expectedCalibrationError, expected.equalWidth, within: 1e-5)
      expectClose(found.equalMassError, expected.equalMass, within: 1e-6)
      expectClose(found.classwiseError, expected.classwise, within: 1e-6)
    }
    #expect(report.finding.contains(report.isWorse ? "worse" : "better"))
    let unseen = EnsembleError.testDataUsedToChoose(
      source: holdOut[0].source, fingerprint: holdOut[0].fingerprint)
    #expect(throws: unseen) { try calibration.report(on: holdOut) }
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
      let calibration = try Calibration(fittedTo: [holdOut])
      let best = try calibration.combine([holdOut], at: calibration.chosen, name: "e")
      #expect(try Metrics(of: [best]).negativeLogLikelihood <= calibration.uncalibrated)
    }
    let one = try Temperature(fittedTo: member("m", [[1]], labels: [0]))
    #expect(one.value == 1)
  }

  /// Two images like each other, one of them right: with the third, labelled as the member says, 0.8 + 1 of 3 are right.
  @Test func aTinyHoldOutDrawsTheTemperatureToOne() throws {
    let holdOut = try member("m", [[0.8, 0.2], [0.8, 0.2]], labels: [0, 1])
    let temperature = try Temperature(fittedTo: holdOut)
    expectClose(temperature.value, naturalLogarithm(4) / naturalLogarithm(1.5), within: 1e-6)
    #expect(temperature.gap == nil)
  }

  /// What has no optimum, or one that errors alone would set, leaves predictions as they are and says why.
  @Test func aHoldOutWithNothingToFitIsTold() throws {
    let rows = Array(repeating: [0.6, 0.4], count: 50)
    let perfect = try member("m", rows, labels: Array(repeating: 0, count: 50))
    let hopeless = try member("m", rows, labels: Array(repeating: 1, count: 50))
    let undecided = try member("m", [[0.5, 0.5], [0.5, 0.5]], labels: [0, 1])
    for (holdOut, gap) in [
      (perfect, Temperature.Gap.noError), (hopeless, .noOptimum), (undecided, .noOptimum),
    ] {
      let temperature = try Temperature(fittedTo: holdOut)
      #expect(temperature.value == 1 && temperature.gap == gap)
      #expect(temperature.after == temperature.before)
    }
  }

  @Test func aWorseTestSetIsTold() throws {
    let holdOut = try member(
      "m", split: "hold-out", fingerprint: "h", Array(repeating: [0.6, 0.4], count: 20),
      labels: Array(repeating: 0, count: 19) + [1])
    let test = try member(
      "m", Array(repeating: [0.6, 0.4], count: 20), labels: Array(repeating: 1, count: 20))
    let report = try Calibration(fittedTo: [holdOut]).report(on: [test])
    #expect(report.isWorse && report.finding.contains("worse"))
    #expect(report.chosen != nil)
  }
}
