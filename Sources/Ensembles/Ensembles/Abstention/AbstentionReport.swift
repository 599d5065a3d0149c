import Predictions
import Statistics

/// What a rule of abstention does on images whose classes are known.
public struct AbstentionReport: Codable, Hashable, Sendable {
  /// How many images.
  public let images: Int
  /// How many of them are answered.
  public let answered: Int
  /// The share of the images that is answered.
  public let coverage: MeasuredShare
  /// The share of the answers that is wrong; nil where none is given.
  public let error: MeasuredShare?

  /// Measures a rule.
  ///
  /// - Parameter predictions: Of the same model, of images that calibrated nothing.
  public init(of rule: AbstentionRule, on predictions: Predictions) {
    let given = predictions.confidentOutcomes().filter { rule.answers($0.confidence) }
    images = predictions.count
    answered = given.count
    coverage = MeasuredShare(ofHits: given.count, count: predictions.count)
    error =
      given.isEmpty
      ? nil : MeasuredShare(ofHits: given.count { !$0.isRight }, count: given.count)
  }
}
