import Predictions
import Statistics

/// Images to which a class was given similar probabilities, and how many are of the class.
struct OutcomeBlock: Sendable {
  /// How many images.
  var count = 0.0
  /// How many of them are of the class.
  var hits = 0.0
  /// The sum of the class's probabilities.
  var probability = 0.0
  /// The sum of 1 less each, which rounding does not make 0.
  var complement = 0.0

  mutating func add(_ other: OutcomeBlock) {
    count += other.count
    hits += other.hits
    probability += other.probability
    complement += other.complement
  }

  /// Of the mean probability.
  var logOdds: Double { naturalLogarithm(probability / complement) }

  /// With further images, labelled by the block's mean probability: as many as it takes to have one of the class and one of
  /// the others among them, but no more than the block has.
  ///
  /// So no share is 0 or 1, and where the images say little of so small a probability, it stays about what it was.
  var smoothed: (hits: Double, misses: Double) {
    let (mean, other) = (probability / count, complement / count)
    let further = min(1 / min(mean, other), count)
    return (hits + further * mean, count - hits + further * other)
  }
}

/// The log-odds of each class against all others.
enum ClassLogOdds {
  /// `[images, C]`, all finite for two classes or more: 1 less the greatest probability is the sum of the others.
  ///
  /// - Parameter logProbabilities: `[images, C]`, none below `Metrics.leastLogProbability`.
  static func of(_ logProbabilities: [Double], classes: Int) -> [Double] {
    var odds = exponentials(logProbabilities)
    for start in stride(from: 0, to: odds.count, by: classes) {
      let row = start..<start + classes
      var (greatest, others) = (start, 0.0)
      for place in row where odds[place] > odds[greatest] { greatest = place }
      for place in row where place != greatest { others += odds[place] }
      let total = others + odds[greatest]
      for place in row {
        let rest = place == greatest ? others : total - odds[place]
        odds[place] = logProbabilities[place] - naturalLogarithm(rest)
      }
    }
    return odds
  }

  /// The probability of such log-odds.
  static func probability(_ logOdds: Double) -> Double { 1 / (1 + exponential(-logOdds)) }

  /// The logarithm of the probability of such log-odds.
  static func logProbability(_ logOdds: Double) -> Double {
    min(logOdds, 0) - naturalLogarithm(1 + exponential(-abs(logOdds)))
  }
}
