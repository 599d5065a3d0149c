import Ensembles
import Formatting
import Statistics

/// What is compared between traffic and hold-out.
package enum DriftFigure: String, Hashable, Sendable, CaseIterable {
  /// After which member images stop.
  case exits
  /// The probabilities of the predicted classes.
  case confidence
  /// Whether the members predict one class.
  case disagreement
}

/// The greatest difference in one figure between images of the traffic and the hold-out.
///
/// What has an order, exits and bins of confidence, is compared as shares below each bound. Each comparison is Fisher's exact test,
/// which takes the hold-out for the finite sample that it is, with Bonferroni's correction for as many as there are bounds.
/// Univariate tests of a classifier's outputs with this correction are what arXiv:1810.11953 finds best at detecting shifts.
package struct DriftComparison: Hashable, Sendable {
  /// What was compared.
  package let figure: DriftFigure
  /// Of exits and confidences: up to which bin, from 0, images were counted as hits.
  package let bound: Int
  /// Images of the traffic, and the share of them that are hits.
  package let images: Int
  package let observed: Double
  /// The share of the hold-out that are hits.
  package let expected: Double
  /// The natural logarithm of the probability of a difference no smaller by chance, at most 0.
  package let logPValue: Double

  /// Compares; nil where there is nothing to compare.
  init?(_ figure: DriftFigure, of traffic: TrafficCounts, with holdOut: TrafficCounts) {
    let (found, known) = (traffic.hits(figure), holdOut.hits(figure))
    guard !found.isEmpty, traffic.images > 0, holdOut.images > 0 else { return nil }
    let logPValues = zip(found, known).map { found, known in
      FisherExactTest(
        .init(hits: found, count: traffic.images), .init(hits: known, count: holdOut.images)
      ).logPValue
    }
    var bound = 0
    for index in logPValues.indices where logPValues[index] < logPValues[bound] { bound = index }
    self.figure = figure
    self.bound = bound
    images = traffic.images
    observed = Double(found[bound]) / Double(traffic.images)
    expected = Double(known[bound]) / Double(holdOut.images)
    logPValue = min(0, logPValues[bound] + naturalLogarithm(Double(found.count)))
  }
}

extension TrafficCounts {
  /// How many images lie below each bound of a figure; none where it has none.
  fileprivate func hits(_ figure: DriftFigure) -> [Int] {
    switch figure {
    case .exits: cumulated(exits)
    case .confidence: cumulated(confidences)
    case .disagreement: [disagreements]
    }
  }

  private func cumulated(_ counts: [Int]) -> [Int] {
    var sum = 0
    return counts.dropLast().map { count in
      sum += count
      return sum
    }
  }
}

extension DriftComparison {
  /// Such as "41.0 % of the last 256 images stop after stage 1 at the latest, 62.3 % of the hold-out".
  ///
  /// - Parameter bounds: Those between the bins of confidence.
  package func sentence(confidenceBounds bounds: [Double]) -> String {
    let what =
      switch figure {
      case .exits: "stop after stage \(bound + 1) at the latest"
      case .confidence:
        "have a probability below \(bounds.indices.contains(bound) ? NumberFormat.short(bounds[bound]) : "1")"
      case .disagreement: "divide the members"
      }
    return "\(NumberFormat.percent(observed, 1)) % of the last \(images) images \(what), "
      + "\(NumberFormat.percent(expected, 1)) % of the hold-out"
  }
}
