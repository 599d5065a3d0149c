import Randomness
import Statistics

/// What is expected of a step before chance has its say: by how much the best ensemble with its members is more accurate on the
/// hold-out, and what that hangs on.
struct ExpectedGain {
  /// The best ensemble with them.
  let composition: EnsembleComposition
  /// Its expected error on the hold-out.
  let error: Double
  /// The difference that is expected, on the hold-out.
  let difference: Double
  /// Of what members and the model leave open.
  let variance: VarianceComponents
  /// Of images: the variance of the difference on one.
  let imageVariance: Double
}

/// A step's gain, drawn many times.
///
/// Each draw has a difference on the hold-out, in Student's distribution about the expected one; where it is above 0 the new ensemble is
/// taken, and gains as much on all images of the kind, but for the hold-out's chance, and on those that judge, but for theirs.
struct GainForecast {
  let gain: Double
  let interval: TrainingAdvice.Interval
  let probabilityOfGain: Double
  let probabilityOfLeastGain: Double

  static let draws = 4000
  /// Below 3 Student's distribution has no variance; beyond 60 it is normal.
  private static let degreesOfFreedom = 3...60

  init(
    _ expected: ExpectedGain, images: Int, judgingImages: Int, leastGain: Double,
    using generator: inout RandomStream
  ) {
    let deviation = expected.variance.variance.squareRoot()
    let freedom = expected.variance.degreesOfFreedom
    let onHoldOut = (expected.imageVariance / Double(images)).squareRoot()
    let onJudges = (expected.imageVariance / Double(judgingImages)).squareRoot()
    var gains: [Double] = []
    var seen: [Double] = []
    for _ in 0..<Self.draws {
      let found = expected.difference + deviation * Self.student(freedom, using: &generator)
      let (first, second) = (generator.normal(), generator.normal())
      let gain = found > 0 ? found + onHoldOut * first : 0
      gains.append(gain)
      seen.append(found > 0 ? gain + onJudges * second : 0)
    }
    gain = gains.mean
    interval = TrainingAdvice.Interval(ofSorted: seen.sorted())
    probabilityOfGain = Self.share(of: gains, above: 0)
    probabilityOfLeastGain = Self.share(of: gains, above: leastGain)
  }

  private static func share(of values: [Double], above least: Double) -> Double {
    Double(values.count { $0 > least }) / Double(values.count)
  }

  /// A number of Student's distribution.
  static func student(_ freedom: Int, using generator: inout RandomStream) -> Double {
    let freedom = min(max(freedom, degreesOfFreedom.lowerBound), degreesOfFreedom.upperBound)
    var squares = 0.0
    for _ in 0..<freedom {
      let draw = generator.normal()
      squares += draw * draw
    }
    return generator.normal() / (squares / Double(freedom)).squareRoot()
  }
}

extension TrainingAdvice.Interval {
  /// From a tenth to nine tenths of the values.
  init(ofSorted values: [Double]) {
    self.init(
      lowerBound: [Double].quantile(0.1, ofSorted: values),
      upperBound: [Double].quantile(0.9, ofSorted: values))
  }
}
