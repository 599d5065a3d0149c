import CKernels
import Predictions
import Statistics

/// How often predictions of some confidence are right, in bins.
public struct ReliabilityDiagram: Codable, Hashable, Sendable {
  /// How confidences are divided.
  public enum Binning: String, Codable, CaseIterable, Sendable {
    /// Bins (i / B, (i + 1) / B] of equal width.
    case equalWidth
    /// Bins of equally many images, one at most more or less, ascending in confidence.
    case equalMass
  }

  /// The images whose confidence is in one bin.
  public struct Bin: Codable, Hashable, Sendable {
    /// The number of images.
    public let count: Int
    /// The least confidence of the bin: its lower edge, or that of its images for bins of equal mass.
    public let lowerBound: Double
    /// The greatest confidence of the bin: its upper edge, or that of its images for bins of equal mass.
    public let upperBound: Double
    /// The images' mean confidence; 0 where there are none.
    public let confidence: Double
    /// The share of the images whose prediction is right; 0 where there are none.
    public let accuracy: Double
  }

  /// How confidences are divided.
  public let binning: Binning
  /// Ascending in confidence.
  public let bins: [Bin]

  /// Counts.
  ///
  /// - Parameters:
  ///   - predictions: Of a member or an ensemble. An image's confidence is the probability of its predicted class.
  ///   - binCount: B, at least 1.
  ///   - binning: How confidences are divided.
  /// - Throws: `EnsembleError.invalidArgument` for no bins.
  public init(
    of predictions: Predictions, binCount: Int = Metrics.calibrationBinCount,
    binning: Binning = .equalWidth
  ) throws(EnsembleError) {
    try Self.checkBinCount(binCount)
    let confident = predictions.confidentOutcomes()
    self.init(
      probabilities: confident.map(\.confidence), hits: confident.map(\.isRight),
      binCount: binCount, binning: binning)
  }

  /// - Parameters:
  ///   - probabilities: `[N]`, in `0...1`.
  ///   - hits: `[N]`: whether what had the probability came true.
  package init(probabilities: [Double], hits: [Bool], binCount: Int, binning: Binning) {
    self.binning = binning
    let groups = Self.groups(probabilities, binCount: binCount, binning: binning)
    bins = groups.enumerated().map { index, images in
      let count = Double(max(images.count, 1))
      let isWidth = binning == .equalWidth
      let values = images.map { probabilities[$0] }
      return Bin(
        count: images.count,
        lowerBound: isWidth ? Double(index) / Double(binCount) : values.min() ?? 0,
        upperBound: isWidth ? Double(index + 1) / Double(binCount) : values.max() ?? 0,
        confidence: values.reduce(0, +) / count,
        accuracy: Double(images.count { hits[$0] }) / count)
    }
  }

  /// The images of each bin.
  private static func groups(
    _ probabilities: [Double], binCount: Int, binning: Binning
  ) -> [[Int]] {
    switch binning {
    case .equalWidth:
      var groups = [[Int]](repeating: [], count: binCount)
      for (image, probability) in probabilities.enumerated() {
        groups[Int(consort_confidence_bin(probability, Int64(binCount)))].append(image)
      }
      return groups
    case .equalMass:
      // Equal confidences stay in the order of the images.
      let order = probabilities.indices.sorted {
        (probabilities[$0], $0) < (probabilities[$1], $1)
      }
      return (0..<binCount).map { bin in
        Array(order[bin * order.count / binCount..<(bin + 1) * order.count / binCount])
      }
    }
  }

  /// The mean absolute difference of accuracy and confidence over the bins, weighted by the images in each.
  public var expectedCalibrationError: Double {
    let count = bins.reduce(0) { $0 + $1.count }
    let gaps = bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) }
    return count > 0 ? gaps / Double(count) : 0
  }

  /// The mean over the classes of the calibration error of each class's probability, whatever class is predicted.
  ///
  /// - Throws: `EnsembleError.invalidArgument` for no bins.
  ///
  /// Source: arXiv:1910.12656, section 2.
  public static func classwiseError(
    of predictions: Predictions, binCount: Int = Metrics.calibrationBinCount
  ) throws(EnsembleError) -> Double {
    try checkBinCount(binCount)
    let classes = predictions.classes
    var gaps = [Double](repeating: 0, count: classes * binCount)
    predictions.withLogProbabilities { values in
      for image in 0..<predictions.count {
        let start = image * classes
        let probabilities = exponentials(values[start..<start + classes].map(Double.init))
        for (c, probability) in probabilities.enumerated() {
          let bin = Int(consort_confidence_bin(min(probability, 1), Int64(binCount)))
          let isLabel = predictions.labels[image] == Int64(c)
          gaps[c * binCount + bin] += (isLabel ? 1 : 0) - probability
        }
      }
    }
    return gaps.reduce(0) { $0 + abs($1) } / Double(predictions.count * classes)
  }

  private static func checkBinCount(_ binCount: Int) throws(EnsembleError) {
    guard (1...1_000_000).contains(binCount) else {
      throw .invalidArgument(
        name: "the number of bins", value: "\(binCount)",
        expected: "at least 1 and at most a million"
      )
    }
  }

  /// The confidences of the images in each bin of equal width.
  static func confidences(
    of predictions: Predictions, binCount: Int
  ) throws(EnsembleError) -> [[Double]] {
    try checkBinCount(binCount)
    let values = predictions.confidentOutcomes().map(\.confidence)
    return groups(values, binCount: binCount, binning: .equalWidth).map { $0.map { values[$0] } }
  }
}

/// How well probabilities say how often predictions are right.
public struct ReliabilitySummary: Codable, Hashable, Sendable {
  /// Accuracy, likelihood, Brier score and the calibration error over bins of equal width.
  public let metrics: Metrics
  /// Over bins of equal width.
  public let diagram: ReliabilityDiagram
  /// The calibration error over bins of equal mass, also called adaptive.
  public let equalMassError: Double
  /// The mean calibration error of all classes' probabilities.
  public let classwiseError: Double
  /// Whether chance explains the calibration error; nil in figures of earlier versions.
  public let test: CalibrationTest?

  /// Measures with `Metrics.calibrationBinCount` bins.
  public init(of predictions: Predictions) throws(EnsembleError) {
    metrics = try Metrics(of: [predictions])
    diagram = try ReliabilityDiagram(of: predictions)
    equalMassError =
      try ReliabilityDiagram(of: predictions, binning: .equalMass).expectedCalibrationError
    classwiseError = try ReliabilityDiagram.classwiseError(of: predictions)
    test = try CalibrationTest(of: predictions)
  }
}
