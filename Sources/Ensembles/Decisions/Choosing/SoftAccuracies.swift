import Ensembles
import Predictions
import Statistics

/// What ensembles are likely worth where few images cannot tell their accuracies apart.
///
/// An image counts p / (p + q), where p is the probability of its class and q that of the strongest other: 1 where it is
/// surely right, 0 where it is surely wrong, and about a half where it is one or the other by a hair. The mean varies less
/// from hold-out to hold-out than the accuracy, which jumps from 0 to 1 there. So that the surest ensembles are not
/// preferred for being sure, the probabilities are those of the temperature that fits each best. Then the means are drawn
/// towards those of like ensembles, as `ShrunkenAccuracies` does.
struct SoftAccuracies {
  /// Of each ensemble.
  let values: [Double]
  /// Of each, the mean negative log-likelihood with its temperature, in nats.
  let losses: [Double]

  /// - Parameters:
  ///   - subsets: Positions of ensembles among those that the pool's search tried.
  ///   - parts: Of the pool's hold-out.
  init(
    of subsets: [Int], in pool: CandidatePool, _ parts: HoldOutParts
  ) throws(EnsembleError) {
    var (rows, losses) = ([[Double]](), [Double]())
    for subset in subsets {
      let combined = try Combination(rule: pool.options.rule).combine(
        pool.search.subsets[subset].map { pool.sets.holdOut[$0] }, name: "combined")
      let temperature = try Temperature(fittedTo: combined)
      let shares = Self.shares(combined, temperature: temperature.value)
      rows.append(
        parts.folds.map { fold in
          fold.isEmpty ? 0 : fold.reduce(0) { $0 + shares[$1] } / Double(fold.count)
        })
      losses.append(temperature.after)
    }
    values =
      ShrunkenAccuracies(
        rows, counts: parts.folds.map(\.count), kinds: subsets.map { pool.kinds[$0] },
        sizes: subsets.map { pool.kindSizes[$0] }
      ).values
    self.losses = losses
  }

  /// `[N]`: what each image counts.
  static func shares(_ predictions: Predictions, temperature: Double) -> [Double] {
    let classes = predictions.classes
    return predictions.withLogProbabilities { values in
      predictions.labels.enumerated().map { image, label in
        let own = Double(values[image * classes + Int(label)])
        var rival = -Double.infinity
        for place in 0..<classes where place != Int(label) {
          rival = max(rival, Double(values[image * classes + place]))
        }
        // A class of no probability is as unlikely as the least that a number can say.
        let least = Metrics.leastLogProbability
        let lead = max(own, least) - max(rival, least)
        return 1 / (1 + exponential(-lead / temperature))
      }
    }
  }
}
