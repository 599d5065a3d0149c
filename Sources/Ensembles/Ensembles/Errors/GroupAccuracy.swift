import Predictions
import Statistics

/// How many images of a group, such as those of one class, are predicted right.
public struct GroupAccuracy: Codable, Hashable, Sendable {
  /// The group's name.
  public let name: String
  /// How many images it has, at least 1.
  public let images: Int
  /// How many of them are right.
  public let hits: Int
  /// The share of them that is right.
  public let accuracy: Double
  /// Of that share, the exact interval with Bonferroni's correction: those of all groups hold together with 95 %.
  public let interval: ConfidenceInterval

  /// Of that share alone, by Wilson's method: with 95 % for this one group.
  public var ownInterval: ConfidenceInterval {
    ConfidenceInterval(ofShare: accuracy, count: images)
  }

  /// Of the groups that have images, in order.
  ///
  /// - Parameters:
  ///   - names: `[G]`.
  ///   - counts: `[G]`: how many images each has.
  ///   - hits: `[G]`: how many of them are right.
  public static func of(names: [String], counts: [Int], hits: [Int]) -> [GroupAccuracy] {
    let present = counts.indices.filter { counts[$0] > 0 }
    return present.map { group in
      let share = Double(hits[group]) / Double(counts[group])
      return GroupAccuracy(
        name: names[group], images: counts[group], hits: hits[group], accuracy: share,
        interval: ConfidenceInterval(
          hits: hits[group], of: counts[group], comparisons: present.count))
    }
  }

  /// Of the groups that have images, in order.
  ///
  /// - Parameters:
  ///   - isRight: `[N]`.
  ///   - groups: Of the same N images.
  public static func of(_ isRight: [Bool], in groups: ImageGroups) -> [GroupAccuracy] {
    var counts = [Int](repeating: 0, count: groups.names.count)
    var hits = counts
    for (group, isRight) in zip(groups.numbers, isRight) {
      counts[group] += 1
      hits[group] += isRight ? 1 : 0
    }
    return of(names: groups.names, counts: counts, hits: hits)
  }
}

extension Collection<GroupAccuracy> {
  /// The least accurate, of equals the one with the most images, of these the first; nil of none.
  public var worst: GroupAccuracy? {
    self.min { ($0.accuracy, -$0.images) < ($1.accuracy, -$1.images) }
  }
}
