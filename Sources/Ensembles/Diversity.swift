/// How differently members err.
public struct Diversity: Codable, Hashable, Sendable {
  /// The members' names.
  public let members: [String]
  /// `[member][member]`: the share of the images for which the two predict different classes; 0 on the diagonal.
  public let disagreement: [[Double]]
  /// `[member][member]`: the share of the images on which both are wrong; a member's own error rate on the diagonal.
  public let doubleFault: [[Double]]

  /// Compares each member with each other; the predicted class is the most probable one, of equals the first.
  ///
  /// - Throws: `EnsembleError.noMembers` or `.differentData`.
  ///
  /// Source: Kuncheva and Whitaker, doi:10.1023/A:1022859003006.
  public init(_ predictions: [Predictions]) throws(EnsembleError) {
    try Predictions.checkSameData(predictions)
    let labels = predictions[0].labels
    let predicted = predictions.map { $0.predictedClasses() }
    members = predictions.map(\.name)
    disagreement = Self.matrix(predicted) { first, second, _ in first != second }
      .map { row in row.map { Double($0) / Double(labels.count) } }
    doubleFault = Self.matrix(predicted) { first, second, image in
      let label = Int(labels[image])
      return first != label && second != label
    }.map { row in row.map { Double($0) / Double(labels.count) } }
  }

  /// Counts the images for which `isCounted` holds, for each pair; it is symmetric in its first two arguments.
  private static func matrix(
    _ predicted: [[Int]], _ isCounted: (Int, Int, Int) -> Bool
  ) -> [[Int]] {
    var counts = Array(
      repeating: Array(repeating: 0, count: predicted.count), count: predicted.count)
    for first in predicted.indices {
      for second in first..<predicted.count {
        var count = 0
        for image in predicted[first].indices
        where isCounted(predicted[first][image], predicted[second][image], image) { count += 1 }
        counts[first][second] = count
        counts[second][first] = count
      }
    }
    return counts
  }
}

extension Predictions {
  /// `[N]`: the most probable class of each image, of equals the first.
  public func predictedClasses() -> [Int] {
    withLogProbabilities { values in
      (0..<count).map { argmax(values, $0 * classes..<($0 + 1) * classes) }
    }
  }
}
