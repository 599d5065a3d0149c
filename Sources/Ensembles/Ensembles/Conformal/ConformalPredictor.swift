import Concurrency
import Predictions

/// Sets of classes that hold an image's own with a promised probability, whatever the predictions are worth.
///
/// The promise: of images that come from where the calibration images came from (exchangeable with them), at most the share
/// `missRate` is of a class that is not in its set; on average over calibrations, of which `ConformalQuantile.spread` says how
/// they differ. It holds only where nothing about the predictions (which members, weights, thresholds, temperatures) was
/// chosen on the calibration images; ones that chose as well make the sets look better than they are.
///
/// A set always holds the predicted class: one that would be empty has that alone, which keeps the promise.
public struct ConformalPredictor: Codable, Hashable, Sendable {
  /// Classes that have one threshold.
  public struct Group: Codable, Hashable, Sendable {
    /// How many calibration images are of these classes.
    public let images: Int
    /// Classes that fit no worse are in the set; nil where there were too few images: the classes are in every set.
    public let threshold: Double?
  }

  /// What says how ill a class fits.
  public let score: ConformalScore
  /// The share of the images that may be of a class outside their set: alpha, above 0 and below 1.
  public let missRate: Double
  /// `[C]`: of each class, its place in `groups`; nil where all are in one.
  public let groupOfClass: [Int]?
  /// The classes that are calibrated together: the promise is of the images of each group apart.
  public let groups: [Group]

  /// Calibrates sets.
  ///
  /// - Parameters:
  ///   - predictions: Of the deployed model, ensemble or cascade, as it answers: of a cascade each image's at its exit, and
  ///     with the deployed temperatures. Of images on which nothing was chosen.
  ///   - score: What says how ill a class fits.
  ///   - missRate: alpha, above 0 and below 1.
  ///   - groupOfClass: `[C]`, from 0 on without a gap: the classes of one number are calibrated together, and the promise is of
  ///     each group. nil for one promise of all images. They must not be chosen on these images. A group with fewer than
  ///     `ConformalQuantile.countNeeded` images has no threshold, and its classes are in every set.
  /// - Throws: `EnsembleError.invalidArgument` for a rate, a score or groups out of range.
  ///
  /// Complexity: O(N C log C).
  public init(
    calibratedOn predictions: Predictions, score: ConformalScore = ConformalScore(.leastAmbiguous),
    missRate: Double = 0.1, groupOfClass: [Int]? = nil
  ) throws(EnsembleError) {
    try Self.check(score, missRate)
    try Self.check(groupOfClass, classes: predictions.classes)
    let own = predictions.mapRows { row, label, ranking in
      ranking.score(of: label, in: row, by: score)
    }
    self.score = score
    self.missRate = missRate
    self.groupOfClass = groupOfClass
    var scores = [[Double]](repeating: [], count: (groupOfClass?.max() ?? 0) + 1)
    for (value, label) in zip(own, predictions.labels) {
      scores[groupOfClass?[Int(label)] ?? 0].append(value)
    }
    groups = scores.map {
      Group(
        images: $0.count,
        threshold: ConformalQuantile.threshold(of: $0, missRate: missRate))
    }
  }

  /// A predictor whose thresholds are known; `fault(classes:)` says what is wrong with it.
  public init(
    score: ConformalScore, missRate: Double, groupOfClass: [Int]?,
    groups: [(images: Int, threshold: Double?)]
  ) {
    self.score = score
    self.missRate = missRate
    self.groupOfClass = groupOfClass
    self.groups = groups.map { Group(images: $0.images, threshold: $0.threshold) }
  }

  /// The classes of which there are too few images for a threshold of their own.
  public static func scarceClasses(in predictions: Predictions, missRate: Double) -> [Int] {
    let needed = ConformalQuantile.countNeeded(missRate: missRate)
    let counts = predictions.labelCounts
    return counts.indices.filter { counts[$0] < needed }
  }

  /// How many images calibrated it.
  public var images: Int { groups.reduce(0) { $0 + $1.images } }

  /// The number of groups without a threshold, whose classes are in every set.
  public var unboundedGroups: Int { groups.count { $0.threshold == nil } }

  /// The classes in the set of one image, the most probable first; never none.
  ///
  /// - Parameter logProbabilities: `[C]`.
  public func classes(_ logProbabilities: [Float]) -> [Int] {
    var ranking = ClassRanking()
    return logProbabilities.withUnsafeBufferPointer { classes($0, &ranking).classes }
  }

  /// The same, and whether the set had none but for the predicted class.
  func classes(
    _ row: UnsafeBufferPointer<Float>, _ ranking: inout ClassRanking
  ) -> (classes: [Int], isFilled: Bool) {
    let found = ranking.classes(
      in: row, by: score, threshold: { groups[groupOfClass?[$0] ?? 0].threshold },
      greatest: greatestThreshold)
    let predicted = argmax(row, 0..<row.count)
    if found.first == predicted { return (found, false) }
    // By groups, others may be in the set and not the predicted class.
    return ([predicted] + found, found.isEmpty)
  }

  /// nil where some group has no threshold.
  private var greatestThreshold: Double? {
    unboundedGroups > 0 ? nil : groups.compactMap(\.threshold).max()
  }

  /// What is wrong with it for so many classes, such as "its rate of misses is 2"; nil where nothing is.
  package func fault(classes: Int) -> String? {
    do throws(EnsembleError) {
      try Self.check(score, missRate)
      try Self.check(groupOfClass, classes: classes)
    } catch {
      return "\(error)"
    }
    guard groups.count == (groupOfClass?.max() ?? 0) + 1 else {
      return "it has \(groups.count) groups, not one for each that its classes name"
    }
    for group in groups {
      let needed = ConformalQuantile.countNeeded(missRate: missRate)
      guard group.images >= 0, (group.threshold == nil) == (group.images < needed) else {
        return
          "a group of \(group.images) images has \(group.threshold == nil ? "no" : "a") threshold"
      }
      if let threshold = group.threshold, !(-1e-3...1e9).contains(threshold) {
        return "a threshold of its sets is \(threshold)"
      }
    }
    return nil
  }

  static func check(_ score: ConformalScore, _ missRate: Double) throws(EnsembleError) {
    if let fault = score.fault {
      throw .invalidArgument(
        name: "the score of sets", value: "such that \(fault)", expected: "one that fits")
    }
    guard missRate >= 1e-6, missRate <= 1 - 1e-6 else {
      throw .invalidArgument(
        name: "the rate of misses", value: "\(missRate)", expected: "a number in 1e-6...1 - 1e-6")
    }
  }

  private static func check(_ groupOfClass: [Int]?, classes: Int) throws(EnsembleError) {
    guard let groupOfClass else { return }
    let names = Set(groupOfClass)
    guard groupOfClass.count == classes, names == Set(0..<names.count) else {
      throw .invalidArgument(
        name: "the groups of classes", value: "\(names.count) of \(groupOfClass.count) classes",
        expected: "a number for each of \(classes) classes, from 0 on without a gap")
    }
  }
}

extension Predictions {
  /// `[C]`: how many images each class has.
  package var labelCounts: [Int] {
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[Int(label)] += 1 }
    return counts
  }

  /// Images that one thread looks at in a row.
  private static let rowBlock = 256

  /// `[N]`: what `body` makes of each image's log-probabilities and label, on all cores.
  func mapRows<Element: Sendable>(
    _ body: @Sendable (UnsafeBufferPointer<Float>, Int, inout ClassRanking) -> Element
  ) -> [Element] {
    let blocks = (count + Self.rowBlock - 1) / Self.rowBlock
    return parallelMap(blocks) { block in
      let images = block * Self.rowBlock..<min((block + 1) * Self.rowBlock, count)
      var ranking = ClassRanking()
      return withLogProbabilities(of: images) { values in
        images.enumerated().map { place, image in
          let row = UnsafeBufferPointer(rebasing: values[place * classes..<(place + 1) * classes])
          return body(row, Int(labels[image]), &ranking)
        }
      }
    }.flatMap { $0 }
  }
}
