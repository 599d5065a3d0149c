import Predictions
import Randomness
import Statistics

/// Whether predictions may be as sure as they are right, or err more than chance explains: a test by consistency resampling.
///
/// The calibration error of perfectly calibrated predictions is above 0 as well, and the more so the fewer the images. So whether
/// each image is right is drawn anew, with its confidence as the probability, and the error measured again, many times. The
/// p-value is the share of the draws, the found one among them, whose error is at least as great: at level a, calibrated
/// predictions are doubted in at most a of all cases, however few the images. It is for images that nothing was fitted on.
///
/// The same draws give bands, so-called consistency bars: where each bin's share of right images lies in 95 % of them.
///
/// Source: Bröcker and Smith, doi:10.1175/WAF993.1; the test: arXiv:1902.06977, section 5.
public struct CalibrationTest: Codable, Hashable, Sendable {
  /// The calibration error that was found, over bins of equal width.
  public let calibrationError: Double
  /// The mean error of the draws: what calibrated predictions of so many images have.
  public let expectedError: Double
  /// The error that 95 % of the draws do not exceed.
  public let largestError: Double
  /// How probable an error at least as great is where predictions are calibrated, in `1 / (draws + 1)...1`.
  public let pValue: Double
  /// Of each bin, where 95 % of its shares of right images lie where predictions are calibrated; nil for a bin without images.
  public let bands: [ConfidenceInterval?]
  /// How many draws there were.
  public let draws: Int

  /// Whether chance does not explain the calibration error, at the level of 5 %.
  public var isDoubtful: Bool { pValue <= 0.05 }

  /// The number of draws.
  public static let drawCount = 999
  /// From so many images on, a bin's hits are drawn from the normal distribution that they have in the limit.
  static let mostDrawnImages = 50_000

  /// Tests predictions.
  ///
  /// - Parameters:
  ///   - predictions: Of images that neither members nor calibration were fitted to.
  ///   - binCount: At least 1.
  ///   - drawCount: At least 1.
  ///   - seed: Of the draws.
  /// - Throws: `EnsembleError.invalidArgument` for no bins or draws.
  ///
  /// Complexity: O(N) a draw; O(B) for more than `mostDrawnImages`.
  public init(
    of predictions: Predictions, binCount: Int = Metrics.calibrationBinCount,
    drawCount: Int = CalibrationTest.drawCount, seed: UInt64 = 0
  ) throws(EnsembleError) {
    guard drawCount > 0 else {
      throw .invalidArgument(
        name: "the number of draws", value: "\(drawCount)", expected: "at least 1")
    }
    let diagram = try ReliabilityDiagram(of: predictions, binCount: binCount)
    let groups = try ReliabilityDiagram.confidences(of: predictions, binCount: binCount)
    self.init(diagram, confidences: groups, drawCount: drawCount, seed: seed)
  }

  /// - Parameter confidences: Of the images of each bin.
  init(_ diagram: ReliabilityDiagram, confidences: [[Double]], drawCount: Int, seed: UInt64) {
    let count = confidences.reduce(0) { $0 + $1.count }
    let drawn = confidences.enumerated().map { bin, values in
      var generator = RandomStream(seed: seed, 0x6472_6177).branch(UInt64(bin))
      return count > Self.mostDrawnImages
        ? Self.limit(values, drawCount, &generator) : Self.draw(values, drawCount, &generator)
    }
    calibrationError = diagram.expectedCalibrationError
    let sums = confidences.map { $0.reduce(0, +) }
    let errors = (0..<drawCount).map { draw in
      drawn.indices.reduce(0) { $0 + abs(drawn[$1][draw] - sums[$1]) } / Double(max(count, 1))
    }
    // Errors that are equal but for the order of their sums count as equal.
    let found = calibrationError - 1e-12
    pValue = Double(1 + errors.count { $0 >= found }) / Double(drawCount + 1)
    expectedError = errors.mean
    largestError = [Double].quantile(0.95, ofSorted: errors.sorted())
    bands = zip(confidences, drawn).map { values, hits in
      guard !values.isEmpty else { return nil }
      let shares = hits.map { min(max($0 / Double(values.count), 0), 1) }.sorted()
      let lower = [Double].quantile(0.025, ofSorted: shares)
      return ConfidenceInterval(lower...max(lower, [Double].quantile(0.975, ofSorted: shares)))
    }
    draws = drawCount
  }

  /// How many of a bin's images are right, in each draw.
  private static func draw(
    _ confidences: [Double], _ drawCount: Int, _ generator: inout RandomStream
  ) -> [Double] {
    (0..<drawCount).map { _ in
      var hits = 0
      for confidence in confidences where generator.unitInterval() < confidence { hits += 1 }
      return Double(hits)
    }
  }

  /// The same, from the normal distribution.
  private static func limit(
    _ confidences: [Double], _ drawCount: Int, _ generator: inout RandomStream
  ) -> [Double] {
    let mean = confidences.reduce(0, +)
    let deviation = confidences.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
    return (0..<drawCount).map { _ in
      // Twelve uniform numbers less 6 have the variance 1, and are near the normal distribution where it matters here.
      var sum = -6.0
      for _ in 0..<12 { sum += generator.unitInterval() }
      return min(max(mean + deviation * sum, 0), Double(confidences.count))
    }
  }
}
