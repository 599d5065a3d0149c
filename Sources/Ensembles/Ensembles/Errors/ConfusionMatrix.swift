import Predictions

/// How many images of each class were taken for which, as the cells that are not 0: with many classes most are.
public struct ConfusionMatrix: Codable, Hashable, Sendable {
  /// Images of one class that were predicted as one class.
  public struct Cell: Hashable, Sendable {
    /// The images' class.
    public let label: Int
    /// The predicted class.
    public let predicted: Int
    /// How many, at least 1.
    public let count: Int
  }

  /// C.
  public let classes: Int
  /// Of each cell the images' class, ascending.
  public let labels: [Int]
  /// Of each cell the predicted class, ascending among those of one label.
  public let predicted: [Int]
  /// Of each cell the number of images, at least 1.
  public let counts: [Int]

  /// Counts.
  ///
  /// - Parameters:
  ///   - labels: `[N]`, in `0..<classes`.
  ///   - predicted: `[N]`, in `0..<classes`.
  ///   - classes: C, at least 1.
  ///
  /// Complexity: O(N log N).
  public init(labels: [Int64], predicted: [Int], classes: Int) {
    self.classes = classes
    let keys = zip(labels, predicted).map { Int($0) * classes + $1 }.sorted()
    var cells: [(key: Int, count: Int)] = []
    for key in keys {
      if let last = cells.indices.last, cells[last].key == key {
        cells[last].count += 1
      } else {
        cells.append((key, 1))
      }
    }
    self.labels = cells.map { $0.key / classes }
    self.predicted = cells.map { $0.key % classes }
    counts = cells.map(\.count)
  }

  /// Counts the most probable classes.
  public init(of predictions: Predictions) {
    self.init(
      labels: predictions.labels, predicted: predictions.predictedClasses(),
      classes: predictions.classes)
  }

  /// All cells that are not 0, in the order of the labels.
  public var cells: [Cell] {
    counts.indices.map { Cell(label: labels[$0], predicted: predicted[$0], count: counts[$0]) }
  }

  /// The cells of errors, from the most frequent to the least; of equals the first first.
  public var confusions: [Cell] {
    cells.filter { $0.label != $0.predicted }.enumerated()
      .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
  }

  /// `[C]`: how many images there are of each class.
  public var imageCounts: [Int] { sums(labels) { _ in true } }
  /// `[C]`: how many images were predicted as each class.
  public var predictionCounts: [Int] { sums(predicted) { _ in true } }
  /// `[C]`: how many images of each class were predicted right.
  public var hitCounts: [Int] { sums(labels) { labels[$0] == predicted[$0] } }

  private func sums(_ places: [Int], _ isCounted: (Int) -> Bool) -> [Int] {
    var sums = [Int](repeating: 0, count: classes)
    for cell in counts.indices where isCounted(cell) { sums[places[cell]] += counts[cell] }
    return sums
  }

  /// The mean of the recalls of the classes that have images.
  public var balancedAccuracy: Double {
    let recalls = zip(hitCounts, imageCounts).filter { $1 > 0 }.map { Double($0) / Double($1) }
    return recalls.isEmpty ? 0 : recalls.reduce(0, +) / Double(recalls.count)
  }

  /// Of each class with images, the share of them that is predicted right.
  ///
  /// - Parameter names: `[C]`, of the classes.
  public func recalls(names: [String]) -> [GroupAccuracy] {
    GroupAccuracy.of(names: names, counts: imageCounts, hits: hitCounts)
  }

  /// Of each class that is predicted at all, the share of these predictions that is right. Its intervals take the number of
  /// predictions as given.
  ///
  /// - Parameter names: `[C]`, of the classes.
  public func precisions(names: [String]) -> [GroupAccuracy] {
    GroupAccuracy.of(names: names, counts: predictionCounts, hits: hitCounts)
  }
}
