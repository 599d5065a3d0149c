import Concurrency
import Randomness
import Statistics

/// Whether intervals over images and trainings hold as often as they say, for ensembles whose true accuracies are known.
///
/// A network has a score for each image; it is right where the score is above 0, and an ensemble where its members' mean score
/// is. Scores are sums of normal parts: of the image, of the training, and of both.
public struct TrainingsSimulation: Sendable {
  /// One kind of network, of which several are trained.
  public struct Kind: Sendable {
    /// How many are trained, and how many of them are combined.
    let trained, combined: Int
    /// The mean of the scores.
    let quality: Double
    /// The standard deviations of the parts: of a training, and of a training and an image.
    let training, both: Double

    /// The true accuracy, over images and trainings: of an image the score varies by 1.
    var accuracy: Double {
      let own = (training * training + both * both) / Double(combined)
      return NormalDistribution.probability(upTo: quality / (1 + own).squareRoot())
    }
  }

  /// A setting: two kinds on the same images.
  public struct Setting: Sendable {
    let small, large: Kind
    let images: Int

    var name: String {
      "\(small.combined) of \(small.trained) trainings against 1 of \(large.trained), \(images) images, "
        + "a training's part \(small.training)"
    }
  }

  /// Two trainings against four, and four against two.
  public static var fewTrainings: [Setting] { settings([(2, 4), (4, 2)]) }

  /// Few and several trainings.
  public static var allSettings: [Setting] {
    settings([(2, 4), (2, 2), (4, 2), (4, 4), (6, 4), (8, 6)])
  }

  /// Trainings that differ hardly more than by chance, by as much again, and by much more.
  private static func settings(_ counts: [(Int, Int)]) -> [Setting] {
    counts.flatMap { trained, large in
      [(0.02, 500), (0.1, 1000), (0.3, 1000)].map { training, images in
        Setting(
          small: Kind(
            trained: trained, combined: min(trained, 4), quality: 0.8, training: training,
            both: 0.8),
          large: Kind(trained: large, combined: 1, quality: 0.95, training: training, both: 0.7),
          images: images)
      }
    }
  }

  /// All checks.
  ///
  /// - Parameters:
  ///   - settings: Which.
  ///   - draws: How many times images and trainings are drawn in each setting.
  ///   - seed: Of the draws.
  public static func checks(
    of settings: [Setting] = allSettings, draws: Int, seed: UInt64 = 0
  ) -> [GuaranteeCheck] {
    settings.enumerated().map { number, setting in
      let truth = setting.small.accuracy - setting.large.accuracy
      let blocks = 64
      let misses = parallelMap(blocks) { block in
        (block * draws / blocks..<(block + 1) * draws / blocks).map { draw in
          var stream = RandomStream(seed: seed, UInt64(number), UInt64(draw))
          guard let interval = Self.interval(setting, &stream) else { return 1.0 }
          return interval.lowerBound <= truth && truth <= interval.upperBound ? 0 : 1
        }
      }.flatMap { $0 }
      return GuaranteeCheck("trainings, \(setting.name)", level: 0.05, shares: misses)
    }
  }

  private static func interval(
    _ setting: Setting, _ stream: inout RandomStream
  ) -> ConfidenceInterval? {
    let images = (0..<setting.images).map { _ in stream.normal() }
    let small = shares(of: setting.small, images, &stream)
    let large = shares(of: setting.large, images, &stream)
    return CrossedTrainings(
      difference(small.all, large.all),
      leftOut: [
        small.without.map { difference($0, large.all) },
        large.without.map { difference(small.all, $0) },
      ]
    ).interval
  }

  private static func difference(_ first: [Double], _ second: [Double]) -> [Double] {
    zip(first, second).map { $0 - $1 }
  }

  /// Of each image the share of ensembles that are right, with all trainings and without each.
  private static func shares(
    of kind: Kind, _ images: [Double], _ stream: inout RandomStream
  ) -> (all: [Double], without: [[Double]]) {
    let scores = (0..<kind.trained).map { _ in
      let own = kind.training * stream.normal()
      return images.map { kind.quality + $0 + own + kind.both * stream.normal() }
    }
    return (
      shares(of: kind.combined, scores),
      scores.indices.map { left in
        shares(
          of: min(kind.combined, kind.trained - 1),
          scores.indices.filter { $0 != left }.map { scores[$0] })
      }
    )
  }

  private static func shares(of combined: Int, _ scores: [[Double]]) -> [Double] {
    let subsets = (1..<1 << scores.count).filter { $0.nonzeroBitCount == combined }
    return scores[0].indices.map { image in
      let right = subsets.count { subset in
        scores.indices.reduce(0.0) { $0 + (subset >> $1 & 1 == 1 ? scores[$1][image] : 0) } > 0
      }
      return Double(right) / Double(subsets.count)
    }
  }
}
