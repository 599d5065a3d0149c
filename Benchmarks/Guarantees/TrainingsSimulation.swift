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

  /// What is to be drawn and checked.
  ///
  /// - Parameters:
  ///   - settings: Which.
  ///   - seed: Of the draws.
  public static func settings(
    _ settings: [Setting] = allSettings, seed: UInt64 = 0
  ) -> [GuaranteeSetting] {
    settings.enumerated().map { number, setting in
      let truth = setting.small.accuracy - setting.large.accuracy
      return GuaranteeSetting(
        GuaranteeSetting.Promise(
          "trainings, \(setting.name)", level: 0.05, strength: .asymptotic)
      ) { draw in
        var stream = RandomStream(seed: seed, UInt64(number), UInt64(draw))
        guard let interval = Self.interval(setting, &stream) else { return .init(true) }
        return .init(truth < interval.lowerBound || interval.upperBound < truth)
      }
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
    let trainings = scores.indices
    let all = subsets(of: kind.trained, size: kind.combined)
    let fewer = subsets(of: kind.trained, size: min(kind.combined, kind.trained - 1))
    let without = trainings.map { left in fewer.filter { $0 >> left & 1 == 0 } }
    var shares = (
      all: [Double](repeating: 0, count: images.count),
      without: trainings.map { _ in [Double](repeating: 0, count: images.count) }
    )
    var sums = [Double](repeating: 0, count: 1 << kind.trained)
    for image in images.indices {
      // Of each subset from that without its first member.
      for subset in 1..<sums.count {
        sums[subset] = sums[subset & (subset - 1)] + scores[subset.trailingZeroBitCount][image]
      }
      func share(_ subsets: [Int]) -> Double {
        Double(subsets.count { sums[$0] > 0 }) / Double(subsets.count)
      }
      shares.all[image] = share(all)
      for left in trainings { shares.without[left][image] = share(without[left]) }
    }
    return shares
  }

  /// Those of a size, as bits.
  private static func subsets(of count: Int, size: Int) -> [Int] {
    (1..<1 << count).filter { $0.nonzeroBitCount == size }
  }
}
