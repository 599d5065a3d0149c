/// How surely a mean over images is known, if the networks that it is about were trained again and other images drawn.
///
/// Every training meets every image. The variance of the mean over images holds what differs from image to image, and what a
/// training and an image have between them. The jackknife over trainings holds what differs from training to training, and the
/// same once more. With more than `fewTrainings` it is taken off; with fewer the interval would become wider by it, since what is
/// left is known less well, and it is the least that the jackknife is taken for, which of two trainings may say nearly nothing.
///
/// Source: Roe and Metz 1997, doi:10.1016/S1076-6332(97)80210-3, for readers and cases; Efron and Stein,
/// doi:10.1214/aos/1176345462, for the jackknife.
package struct CrossedTrainings {
  /// The mean over images.
  package let estimate: Double
  /// Over images, and over images and trainings.
  private let imageVariance: VarianceComponents
  private let wholeVariance: VarianceComponents?

  /// - Parameters:
  ///   - values: `[N]`: what is averaged.
  ///   - leftOut: For each set of trainings that are independent of the other sets, `[K][N]`: the values without each of its K
  ///     trainings. A set of one training says nothing of how others would differ: there is no interval over trainings then.
  package init(_ values: [Double], leftOut: [[[Double]]]) {
    let images = values.count
    estimate = values.mean
    let deviation = values.sampleStandardDeviation
    var components = VarianceComponents()
    components.add(deviation * deviation / Double(images), degreesOfFreedom: images - 1)
    imageVariance = components
    guard !leftOut.isEmpty, leftOut.allSatisfy({ $0.count > 1 }) else {
      wholeVariance = nil
      return
    }
    for trainings in leftOut {
      let variance = VarianceComponents.jackknife(trainings.map(\.mean))
      let both = Self.interaction(trainings)
      if trainings.count > Self.fewTrainings {
        components.add(
          max(0, variance - both), estimated: variance, degreesOfFreedom: trainings.count - 1)
      } else {
        components.add(max(variance, both), degreesOfFreedom: trainings.count - 1)
      }
    }
    wholeVariance = components
  }

  /// Chosen by simulation (Benchmarks/Guarantees/TrainingsSimulation.swift), where both ways hold.
  private static let fewTrainings = 4

  /// What trainings and images have between them, of the jackknife's variance.
  private static func interaction(_ trainings: [[Double]]) -> Double {
    let images = trainings[0].count
    let means = trainings.map(\.mean)
    let mean = means.mean
    var squares = 0.0
    for image in 0..<images {
      let own = trainings.reduce(0) { $0 + $1[image] } / Double(trainings.count)
      for (training, values) in trainings.enumerated() {
        let rest = values[image] - own - means[training] + mean
        squares += rest * rest
      }
    }
    let share = Double(trainings.count - 1) / Double(trainings.count)
    return share * squares / (Double(images) * Double(max(images - 1, 1)))
  }

  /// The interval of 95 % for these trainings, over images.
  package var imageInterval: ConfidenceInterval { imageVariance.interval(about: estimate) }

  /// The interval of 95 % over images and trainings; nil where a set has one training.
  package var interval: ConfidenceInterval? { wholeVariance?.interval(about: estimate) }
}
