import Predictions
import Statistics

/// What prediction sets do on images whose classes are known.
public struct ConformalReport: Codable, Hashable, Sendable {
  /// The images whose sets have a size.
  public struct SizeStratum: Codable, Hashable, Sendable {
    /// The fewest classes.
    public let least: Int
    /// The most classes.
    public let most: Int
    /// How many images have such a set; at least 1.
    public let images: Int
    /// The share of them whose class is in it.
    public let coverage: MeasuredShare
  }

  /// The images of a class.
  public struct ClassCoverage: Codable, Hashable, Sendable {
    /// The class, from 0.
    public let label: Int
    /// How many images are of it; at least 1.
    public let images: Int
    /// The share of them whose set holds it.
    public let coverage: MeasuredShare
    /// The mean size of their sets.
    public let meanSize: Double
  }

  /// How many images.
  public let images: Int
  /// The share of them whose class is in their set.
  public let coverage: MeasuredShare
  /// The class whose images are covered least, of equals that of most images.
  public let leastCoveredClass: ClassCoverage
  /// Of how many classes there are images.
  public let classCount: Int
  /// The mean number of classes of a set.
  public let meanSize: Double
  /// The number of classes that half of the sets do not exceed.
  public let medianSize: Int
  /// The share of the images whose set is one class.
  public let singletonShare: Double
  /// The share of the singletons that are right; nil where there are none.
  public let singletonAccuracy: Double?
  /// The share of the images whose set would be empty, had it not the predicted class: all are worse than was promised for.
  public let emptyShare: Double
  /// The share of the images whose set is all classes.
  public let fullShare: Double
  /// By how many classes the sets have, without sizes of which there are none.
  public let bySize: [SizeStratum]
  /// By class, without those of which there are no images; empty where it is not kept.
  public private(set) var byClass: [ClassCoverage]

  /// The sizes that stand together, by their greatest: as in RAPS.
  ///
  /// Source: arXiv:2009.14193, section 4.
  static let sizeBounds = [1, 3, 6, 10, 100, 1000, Int.max]

  /// Measures sets.
  ///
  /// - Parameters:
  ///   - predictor: Calibrated for as many classes.
  ///   - predictions: Of the same model, of images that calibrated nothing.
  /// - Throws: `EnsembleError.invalidArgument` where the predictor is of another number of classes.
  ///
  /// Complexity: O(N C log C).
  public init(
    of predictor: ConformalPredictor, on predictions: Predictions
  ) throws(EnsembleError) {
    if let fault = predictor.fault(classes: predictions.classes) {
      throw .invalidArgument(
        name: "the prediction sets", value: "unfit (\(fault))", expected: "ones of these classes")
    }
    let outcomes = predictions.mapRows { (row, label, ranking) in
      let (classes, isFilled) = predictor.classes(row, &ranking)
      return Outcome(
        size: classes.count, holdsLabel: classes.contains(label), isFilled: isFilled)
    }
    self.init(outcomes, labels: predictions.labels, classes: predictions.classes)
  }

  /// What came of one image.
  private struct Outcome {
    let size: Int
    let holdsLabel: Bool
    let isFilled: Bool
  }

  private init(_ outcomes: [Outcome], labels: [Int64], classes: Int) {
    images = outcomes.count
    let singletons = outcomes.filter { $0.size == 1 }
    coverage = Self.coverage(outcomes)
    meanSize = Self.meanSize(outcomes)
    medianSize = outcomes.map(\.size).sorted()[(outcomes.count - 1) / 2]
    singletonShare = Self.share(singletons.count, of: images)
    singletonAccuracy = singletons.isEmpty ? nil : Self.coverage(singletons).value
    emptyShare = Self.share(outcomes.count { $0.isFilled }, of: images)
    fullShare = Self.share(outcomes.count { $0.size == classes }, of: images)
    bySize = zip([0] + Self.sizeBounds, Self.sizeBounds).compactMap { below, most in
      let inside = outcomes.filter { $0.size > below && $0.size <= most }
      guard !inside.isEmpty else { return nil }
      return SizeStratum(
        least: below + 1, most: min(most, max(classes, below + 1)), images: inside.count,
        coverage: Self.coverage(inside))
    }
    var ofClass = [[Outcome]](repeating: [], count: classes)
    for (outcome, label) in zip(outcomes, labels) { ofClass[Int(label)].append(outcome) }
    let byClass = ofClass.indices.filter { !ofClass[$0].isEmpty }.map { label in
      ClassCoverage(
        label: label, images: ofClass[label].count, coverage: Self.coverage(ofClass[label]),
        meanSize: Self.meanSize(ofClass[label]))
    }
    leastCoveredClass = byClass.reduce(byClass[0]) { least, other in
      let isLess =
        (other.coverage.value, -other.images) < (least.coverage.value, -least.images)
      return isLess ? other : least
    }
    classCount = byClass.count
    self.byClass = byClass
  }

  private static func share(_ part: Int, of all: Int) -> Double { Double(part) / Double(all) }

  private static func coverage(_ outcomes: [Outcome]) -> MeasuredShare {
    MeasuredShare(ofHits: outcomes.count { $0.holdsLabel }, count: outcomes.count)
  }

  private static func meanSize(_ outcomes: [Outcome]) -> Double {
    share(outcomes.reduce(0) { $0 + $1.size }, of: outcomes.count)
  }

  /// The least coverage of the sizes: far below the promise where large or small sets do not keep it.
  public var leastCoverageBySize: SizeStratum? {
    bySize.min { $0.coverage.value < $1.coverage.value }
  }

  /// The same without the classes one by one, of which there may be thousands.
  package var withoutClasses: ConformalReport {
    var result = self
    result.byClass = []
    return result
  }
}

extension MeasuredShare {
  /// - Parameters:
  ///   - hits: In `0...count`.
  ///   - count: At least 1.
  package init(ofHits hits: Int, count: Int) {
    let value = Double(hits) / Double(count)
    self.init(value: value, interval: ConfidenceInterval(ofShare: value, count: count))
  }
}
