import EnsembleTestSupport
import Predictions
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Statistics

@Suite struct CalibrationErrorTests {
  /// Against torch-uncertainty.
  @Test func adaptiveAndClasswiseErrors() throws {
    let expected = try ExpectedCalibration.load()
    let summary = try ReliabilitySummary(of: ExpectedCalibration.predictions("test"))
    expectClose(summary.equalMassError, expected.adaptive, within: 1e-6)
    expectClose(summary.classwiseError, expected.classwise, within: 1e-6)
  }

  /// Against the exact distribution of each bin's hits, a sum of coins.
  @Test func drawsAreThoseOfCalibratedPredictions() throws {
    let expected = try ExpectedCalibration.load()
    let test = try CalibrationTest(of: ExpectedCalibration.predictions("test"))
    #expect(test.draws == 999 && test.isDoubtful && test.pValue < 0.05)
    expectClose(
      test.expectedError, expected.expectedError,
      within: 4 * expected.errorDeviation / Double(test.draws).squareRoot())
    #expect(test.largestError > test.expectedError && test.largestError < test.calibrationError)
    let diagram = try ReliabilityDiagram(of: ExpectedCalibration.predictions("test"))
    for ((found, expected), bin) in zip(zip(test.bands, expected.bands), diagram.bins) {
      guard let expected else {
        #expect(found == nil)
        continue
      }
      // A quantile of draws may be one image off.
      let found = try #require(found)
      expectClose(found.lowerBound, expected[0], within: 1.01 / Double(bin.count))
      expectClose(found.upperBound, expected[1], within: 1.01 / Double(bin.count))
    }
  }

  /// Calibrated predictions are doubted at the level of 10 % in about 10 % of all cases, few images or many.
  @Test(arguments: [10, 200]) func level(images: Int) throws {
    let cases = 400
    let doubted = try (0..<cases).count { index in
      var generator = RandomStream(seed: UInt64(index), 77)
      let rows = (0..<images).map { _ in
        let p = 0.5 + 0.5 * generator.unitInterval() * generator.unitInterval()
        return [p, 1 - p]
      }
      let labels = rows.map { Int64(generator.unitInterval() < $0[0] ? 0 : 1) }
      let predictions = try member("m", rows, labels: labels)
      return try CalibrationTest(of: predictions, drawCount: 99, seed: UInt64(index)).pValue <= 0.1
    }
    // 40 are expected with a standard deviation of 6; few images have ties, which make it less.
    #expect(((images < 50 ? 5 : 20)...60).contains(doubted), "\(doubted)")
  }

  /// Many images are drawn from the limit, which says the same.
  @Test func theLimit() throws {
    var generator = RandomStream(seed: 9)
    let confidences = (0..<3).map { bin in
      (0..<400).map { _ in 0.4 + 0.2 * Double(bin) + 0.15 * generator.unitInterval() }
    }
    let diagram = ReliabilityDiagram(
      probabilities: confidences.flatMap { $0 }, hits: Array(repeating: true, count: 1200),
      binCount: 3, binning: .equalMass)
    let few = CalibrationTest(diagram, confidences: confidences, drawCount: 2000, seed: 1)
    let scale = CalibrationTest.mostDrawnImages / 1200 + 1
    let many = CalibrationTest(
      diagram, confidences: confidences.map { Array(repeating: $0, count: scale).flatMap { $0 } },
      drawCount: 2000, seed: 1)
    // Errors of 42 times as many images are less by the square root.
    let root = Double(scale).squareRoot()
    expectClose(many.expectedError * root, few.expectedError, within: 0.06 * few.expectedError)
    expectClose(many.largestError * root, few.largestError, within: 0.1 * few.largestError)
    #expect(few.isDoubtful && many.pValue == 1 / 2001)
  }

  @Test func fewImages() throws {
    for holdOut in try difficultHoldOuts() {
      let test = try CalibrationTest(of: holdOut)
      _ = try json(test)
      #expect(test.pValue > 0 && test.pValue <= 1, "\(holdOut.name)")
    }
    let sure = try member("m", [[1, 0], [1, 0]], labels: [0, 0])
    #expect(try CalibrationTest(of: sure).pValue == 1)
    let never = try member("m", [[1, 0], [1, 0]], labels: [0, 1])
    #expect(try CalibrationTest(of: never).pValue == 0.001)
    #expect(throws: EnsembleError.self) { try CalibrationTest(of: sure, drawCount: 0) }
    #expect(throws: EnsembleError.self) { try CalibrationTest(of: sure, binCount: 0) }
  }
}
