import Predictions

/// How good a distribution over the classes is for each of N images, as means over the images.
///
/// The predicted class is the most probable one, of equals the first.
public struct Metrics: Codable, Hashable, Sendable {
  /// The share of the images whose predicted class is the label.
  public let top1Accuracy: Double
  /// The share of the images whose label is among the `topK` most probable classes; of equals the first come first.
  public let topKAccuracy: Double
  /// The mean of minus the label's log-probability, in nats.
  ///
  /// Log-probabilities count as no less than `leastLogProbability`, so that a vote without a voice for the label gives a
  /// finite figure.
  public let negativeLogLikelihood: Double
  /// The mean over the images of the sum over the classes of the squared difference from the one-hot label, in `0...2`.
  public let brierScore: Double
  /// The mean absolute difference of accuracy and confidence over 15 bins, weighted by the images in each.
  ///
  /// An image's confidence is the probability of its predicted class. The bins are of equal width, (i / 15, (i + 1) / 15].
  ///
  /// Source: arXiv:1706.04599, equation 3.
  public let expectedCalibrationError: Double

  /// The natural logarithm of 2 to the power of -149, the smallest positive float32.
  public static let leastLogProbability = -103.27892990343185
  /// The number of bins of the expected calibration error.
  public static let calibrationBinCount = 15

  /// How many classes the top-k accuracy counts: 5, or all where there are fewer.
  public static func topK(classes: Int) -> Int { min(5, classes) }

  /// Metrics known from elsewhere, such as means.
  public init(
    top1Accuracy: Double, topKAccuracy: Double, negativeLogLikelihood: Double, brierScore: Double,
    expectedCalibrationError: Double
  ) {
    self.top1Accuracy = top1Accuracy
    self.topKAccuracy = topKAccuracy
    self.negativeLogLikelihood = negativeLogLikelihood
    self.brierScore = brierScore
    self.expectedCalibrationError = expectedCalibrationError
  }

  /// An accuracy, and no number in place of all else: what is written of it is refused.
  package init(ofAccuracyAlone accuracy: Double) {
    self.init(
      top1Accuracy: accuracy, topKAccuracy: .nan, negativeLogLikelihood: .nan, brierScore: .nan,
      expectedCalibrationError: .nan)
  }

  /// The metrics of an ensemble, or of a single member, whose row is normalised.
  ///
  /// - Throws: `EnsembleError.noMembers` or `.differentData`.
  public init(
    of members: [Predictions], rule: CombinationRule = .geometricMean
  ) throws(EnsembleError) {
    try Predictions.checkSameData(members)
    let all = [Array(members.indices)]
    let evaluation = SubsetEvaluator(members: members, rule: rule, subsets: all).evaluate()
    self = evaluation.metrics[0]
  }

  /// The mean of each metric over `values`, which are not none.
  package static func mean(_ values: [Metrics]) -> Metrics {
    func mean(_ metric: (Metrics) -> Double) -> Double {
      values.reduce(0) { $0 + metric($1) } / Double(values.count)
    }
    return Metrics(
      top1Accuracy: mean(\.top1Accuracy), topKAccuracy: mean(\.topKAccuracy),
      negativeLogLikelihood: mean(\.negativeLogLikelihood), brierScore: mean(\.brierScore),
      expectedCalibrationError: mean(\.expectedCalibrationError))
  }
}
