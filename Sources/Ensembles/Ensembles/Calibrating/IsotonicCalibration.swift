import Concurrency
import Predictions
import Statistics

/// An ascending curve for each class against all others, then normalised: isotonic regression of whether an image is of the
/// class on the class's probability.
///
/// The regression is a step function, and says 0 and 1 where images of one kind come together. Here each step's share counts
/// further images (`OutcomeBlock.smoothed`), and the curve goes through the steps' middles, straight in the log-odds between
/// them and beside them by the same shift: it is finite, and classes that differ still do.
///
/// Source: Zadrozny and Elkan, doi:10.1145/775047.775151.
public struct IsotonicCalibration: Codable, Hashable, Sendable {
  /// One class's curve.
  public struct Curve: Codable, Hashable, Sendable {
    /// Log-odds of the class against all others, ascending; at least one.
    public let given: [Double]
    /// What they become, ascending.
    public let calibrated: [Double]

    /// Creates a curve through so many points.
    public init(given: [Double], calibrated: [Double]) {
      self.given = given
      self.calibrated = calibrated
    }
  }

  /// `[C]`.
  public let curves: [Curve]

  /// Creates a calibration; `CalibrationMap.fault(classes:)` says what is wrong with it.
  public init(curves: [Curve]) { self.curves = curves }

  /// Fits each class's curve to hold-out predictions of two classes or more.
  ///
  /// Complexity: O(N C log N).
  public init(fittedTo holdOut: Predictions) {
    let classes = holdOut.classes
    let logOdds = ClassLogOdds.of(
      holdOut.flooredLogProbabilities(of: 0..<holdOut.count), classes: classes)
    curves = parallelMap(classes) { c in
      let images = holdOut.labels.enumerated().map { image, label in
        (logOdds: logOdds[image * classes + c], isHit: label == Int64(c))
      }
      return Curve(fittedTo: images)
    }
  }
}

extension IsotonicCalibration.Curve {
  fileprivate init(fittedTo images: [(logOdds: Double, isHit: Bool)]) {
    let steps = Self.steps(Self.groups(images))
    // Further images may change the order of the shares: it is restored.
    let smoothed = steps.map(\.smoothed)
    let shares = IsotonicRegression(
      smoothed.map { $0.hits / ($0.hits + $0.misses) },
      weights: smoothed.map { $0.hits + $0.misses })
    var points: [(given: Double, calibrated: Double)] = []
    for block in shares.blocks {
      let pooled = block.range.reduce(into: OutcomeBlock()) { $0.add(steps[$1]) }
      let hits = smoothed[block.range].reduce(0) { $0 + $1.hits }
      let misses = smoothed[block.range].reduce(0) { $0 + $1.misses }
      let point = (pooled.logOdds, naturalLogarithm(hits / misses))
      // Rounding may make neighbours equal.
      if let last = points.last, point.0 <= last.given || point.1 <= last.calibrated { continue }
      points.append(point)
    }
    self.init(given: points.map(\.given), calibrated: points.map(\.calibrated))
  }

  /// Images of one probability, ascending.
  private static func groups(_ images: [(logOdds: Double, isHit: Bool)]) -> [OutcomeBlock] {
    var groups: [OutcomeBlock] = []
    var last = -Double.infinity
    for image in images.sorted(by: { $0.logOdds < $1.logOdds }) {
      let one = OutcomeBlock(
        count: 1, hits: image.isHit ? 1 : 0,
        probability: ClassLogOdds.probability(image.logOdds),
        complement: ClassLogOdds.probability(-image.logOdds))
      if image.logOdds > last { groups.append(one) } else { groups[groups.count - 1].add(one) }
      last = image.logOdds
    }
    return groups
  }

  /// The regression's steps.
  private static func steps(_ groups: [OutcomeBlock]) -> [OutcomeBlock] {
    IsotonicRegression(groups.map { $0.hits / $0.count }, weights: groups.map(\.count)).blocks
      .map { block in block.range.reduce(into: OutcomeBlock()) { $0.add(groups[$1]) } }
  }

  /// What log-odds become.
  func callAsFunction(_ logOdds: Double) -> Double {
    // The first point above.
    var (low, high) = (0, given.count)
    while low < high {
      let middle = (low + high) / 2
      if given[middle] > logOdds { high = middle } else { low = middle + 1 }
    }
    if low == 0 || low == given.count {
      let end = min(low, given.count - 1)
      return calibrated[end] + (logOdds - given[end])
    }
    let share = (logOdds - given[low - 1]) / (given[low] - given[low - 1])
    return calibrated[low - 1] + share * (calibrated[low] - calibrated[low - 1])
  }
}

extension IsotonicCalibration: ClassMap {
  var classes: Int { curves.count }

  var fault: String? {
    for curve in curves {
      let (given, calibrated) = (curve.given, curve.calibrated)
      guard !given.isEmpty, given.count == calibrated.count else {
        return "has a curve without points, or of as many as not"
      }
      guard (given + calibrated).allSatisfy(Self.numbers.contains) else {
        return "has a number out of range"
      }
      guard zip(given, given.dropFirst()).allSatisfy(<),
        zip(calibrated, calibrated.dropFirst()).allSatisfy(<=)
      else { return "has a curve that does not ascend" }
    }
    return nil
  }

  func scores(_ logProbabilities: [Double]) -> [Double] {
    var scores = ClassLogOdds.of(logProbabilities, classes: classes)
    for place in scores.indices {
      scores[place] = ClassLogOdds.logProbability(curves[place % classes](scores[place]))
    }
    return scores
  }
}
