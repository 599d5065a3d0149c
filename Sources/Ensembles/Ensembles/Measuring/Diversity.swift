import Predictions

/// How differently members err.
public struct Diversity: Codable, Hashable, Sendable {
  /// The members' names.
  public let members: [String]
  /// `[member][member]`: the share of the images for which the two predict different classes; 0 on the diagonal.
  public let disagreement: [[Double]]
  /// `[member][member]`: the share of the images on which both are wrong; a member's own error rate on the diagonal.
  public let doubleFault: [[Double]]
  /// `[member][member]`: Yule's Q of being right, in `-1...1`: 1 where the two err on the same images, 0 where they err
  /// independently, below 0 where on different ones. None where it divides 0 by 0.
  public let qStatistic: [[Double?]]
  /// `[member][member]`: the correlation of being wrong, in `-1...1`. None where one is right, or wrong, about all images.
  public let errorCorrelation: [[Double?]]

  /// Reads what was written. The last two are empty where they were not yet computed.
  ///
  /// - Throws: `DecodingError` at the key that is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    members = try container.decode([String].self, forKey: .members)
    disagreement = try container.decode([[Double]].self, forKey: .disagreement)
    doubleFault = try container.decode([[Double]].self, forKey: .doubleFault)
    qStatistic = try container.decodeIfPresent([[Double?]].self, forKey: .qStatistic) ?? []
    errorCorrelation =
      try container.decodeIfPresent([[Double?]].self, forKey: .errorCorrelation) ?? []
  }

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
    let count = Double(labels.count)
    let isWrong = predicted.map { zip($0, labels).map { $0 != Int($1) } }
    disagreement = Self.matrix(predictions.count) { first, second in
      Double(zip(predicted[first], predicted[second]).count { $0 != $1 }) / count
    }
    let tables = Self.matrix(predictions.count) { Agreement(isWrong[$0], isWrong[$1]) }
    doubleFault = tables.map { row in row.map { $0.bothWrong / count } }
    qStatistic = tables.map { row in row.map(\.qStatistic) }
    errorCorrelation = tables.map { row in row.map(\.correlation) }
  }

  /// `[first][second]`: what `value`, which is symmetric, gives for each pair.
  private static func matrix<Value>(_ count: Int, _ value: (Int, Int) -> Value) -> [[Value]] {
    // The lower half and the diagonal; the upper half is the same.
    let half = (0..<count).map { first in (0...first).map { value(first, $0) } }
    return (0..<count).map { first in
      (0..<count).map { half[max(first, $0)][min(first, $0)] }
    }
  }
}

/// On how many images two members are right or wrong.
private struct Agreement {
  var bothRight = 0.0
  var bothWrong = 0.0
  var onlyFirstWrong = 0.0
  var onlySecondWrong = 0.0

  init(_ first: [Bool], _ second: [Bool]) {
    for pair in zip(first, second) {
      switch pair {
      case (false, false): bothRight += 1
      case (true, true): bothWrong += 1
      case (true, false): onlyFirstWrong += 1
      case (false, true): onlySecondWrong += 1
      }
    }
  }

  private var agreeing: Double { bothRight * bothWrong }
  private var differing: Double { onlyFirstWrong * onlySecondWrong }

  var qStatistic: Double? {
    agreeing + differing > 0 ? (agreeing - differing) / (agreeing + differing) : nil
  }

  var correlation: Double? {
    let first = (bothWrong + onlyFirstWrong) * (bothRight + onlySecondWrong)
    let second = (bothWrong + onlySecondWrong) * (bothRight + onlyFirstWrong)
    return first > 0 && second > 0
      ? (agreeing - differing) / (first.squareRoot() * second.squareRoot()) : nil
  }
}
