import Predictions
import Statistics

/// How ill a class fits what is predicted of an image: a set of classes holds those that fit no worse than a threshold.
///
/// None is random: where the published scores add a random part of the class's own probability, all of it counts. That is
/// valid, and makes sets no smaller than the random ones are on average. Classes of one probability are ranked by their
/// index.
public struct ConformalScore: Codable, Hashable, Sendable {
  /// What is compared.
  public enum Kind: String, Codable, CaseIterable, Sendable {
    /// 1 less the class's probability: the smallest sets on average.
    ///
    /// Source: arXiv:1609.00451.
    case leastAmbiguous
    /// The sum of the probabilities of the class and of those that are more probable (APS): sets grow with what an image
    /// leaves open.
    ///
    /// Source: arXiv:2006.02544.
    case adaptive
    /// The same, and a penalty for each rank behind the first ones (RAPS), which keeps sets of many classes small.
    ///
    /// Source: arXiv:2009.14193.
    case regularizedAdaptive
  }

  /// What is compared.
  public var kind: Kind
  /// What each rank behind `freeRanks` adds; nil where nothing does.
  public var penalty: Double?
  /// How many of the most probable classes have no penalty; nil where none has one.
  public var freeRanks: Int?

  /// Creates a score; what is left out of a regularised one is 0.1 and 1. The two say how large sets may grow and are part of
  /// the rule: chosen beforehand or on other images, never on those that calibrate it.
  public init(_ kind: Kind, penalty: Double? = nil, freeRanks: Int? = nil) {
    let isRegularized = kind == .regularizedAdaptive
    self.kind = kind
    self.penalty = isRegularized ? penalty ?? 0.1 : nil
    self.freeRanks = isRegularized ? freeRanks ?? 1 : nil
  }

  /// What is wrong with it, if something is.
  package var fault: String? {
    guard (kind == .regularizedAdaptive) == (penalty != nil), (penalty == nil) == (freeRanks == nil)
    else { return "a penalty and free ranks go with the regularised score, and only with it" }
    if let penalty, !(0...1e6).contains(penalty) { return "its penalty is not in 0...1e6" }
    if let freeRanks, !(0...(1 << 24)).contains(freeRanks) { return "its free ranks are no count" }
    return nil
  }
}

extension ConformalScore {
  /// What the class of a rank, from 0, has beside the sum of probabilities.
  func penalty(ofRank rank: Int) -> Double {
    guard let penalty, let freeRanks else { return 0 }
    return penalty * Double(max(0, rank + 1 - freeRanks))
  }
}

/// Ranks the classes of one image after another, in memory that it keeps.
///
/// Probabilities are summed in the order of the ranks, so that a class has the same score to the last bit, whether it is
/// calibrated or looked for.
struct ClassRanking {
  /// The classes, the most probable first.
  private var order: [Int] = []
  /// The values made integers that ascend as they fall, each with its class.
  private var keys: [UInt64] = []

  /// Most classes lie below it, and need no order where those above say all.
  private static let floor = Float(-6.907755)

  /// How ill one class fits.
  ///
  /// - Parameter row: `[C]`: log-probabilities.
  mutating func score(
    of label: Int, in row: UnsafeBufferPointer<Float>, by score: ConformalScore
  ) -> Double {
    guard score.kind != .leastAmbiguous else { return 1 - exponential(Double(row[label])) }
    rank(row, above: row[label] >= Self.floor ? Self.floor : -.infinity)
    var sum = 0.0
    for (rank, place) in order.enumerated() {
      sum += exponential(Double(row[place]))
      if place == label { return sum + score.penalty(ofRank: rank) }
    }
    return sum
  }

  /// The classes that fit no worse than their thresholds, the most probable first.
  ///
  /// - Parameters:
  ///   - row: `[C]`: log-probabilities.
  ///   - threshold: Of a class; nil where it always fits.
  ///   - greatest: The greatest of the thresholds; nil where some class always fits.
  mutating func classes(
    in row: UnsafeBufferPointer<Float>, by score: ConformalScore,
    threshold: (Int) -> Double?, greatest: Double?
  ) -> [Int] {
    guard score.kind != .leastAmbiguous else {
      return row.indices.filter { place in
        guard let threshold = threshold(place) else { return true }
        return 1 - exponential(Double(row[place])) <= threshold
      }.sorted { (row[$1], $0) < (row[$0], $1) }
    }
    var floor = greatest == nil ? -Float.infinity : Self.floor
    while true {
      rank(row, above: floor)
      var (sum, found) = (0.0, [Int]())
      var isPast = false
      for (rank, place) in order.enumerated() {
        sum += exponential(Double(row[place]))
        let own = sum + score.penalty(ofRank: rank)
        if let threshold = threshold(place), own > threshold {
          // Scores grow with the rank.
          isPast = greatest.map { own > $0 } ?? false
          if isPast { break }
          continue
        }
        found.append(place)
      }
      if isPast || order.count == row.count { return found }
      floor = -.infinity
    }
  }

  /// Ranks those that are no less than `floor`.
  private mutating func rank(_ row: UnsafeBufferPointer<Float>, above floor: Float) {
    keys.removeAll(keepingCapacity: true)
    for (place, value) in row.enumerated() where value >= floor {
      // Adding 0 makes -0 the same as 0.
      let bits = (value + 0).bitPattern
      let ascending = bits >> 31 == 1 ? ~bits : bits | 1 << 31
      keys.append(UInt64(~ascending) << 32 | UInt64(place))
    }
    keys.sort()
    order.removeAll(keepingCapacity: true)
    for key in keys { order.append(Int(key & 0xFFFF_FFFF)) }
  }
}

extension ConformalScore.Kind {
  /// The name that users give it: such as "least-ambiguous".
  package var name: String {
    switch self {
    case .leastAmbiguous: "least-ambiguous"
    case .adaptive: "adaptive"
    case .regularizedAdaptive: "regularized-adaptive"
    }
  }
}
