import Predictions
import Statistics

/// How much more accurate one of two is than the other on the images of a group, such as those of one class.
public struct GroupDifference: Codable, Hashable, Sendable {
  /// The group's name.
  public let name: String
  /// How many images it has, at least 1.
  public let images: Int
  /// Images of it on which only the first is right.
  public let onlyFirst: Int
  /// Images of it on which only the second is right.
  public let onlySecond: Int
  /// The first's accuracy on them less the second's.
  public let difference: Double
  /// Of the difference: exact bounds with Bonferroni's correction, so that the intervals of all groups hold together with
  /// 95 % at least. Where one leaves out 0, `isShown` is true.
  public let interval: ConfidenceInterval
  /// McNemar's exact two-sided test, of this group alone.
  public let pValue: Double
  /// The same with Holm's correction for the number of groups.
  public let correctedPValue: Double

  /// Whether the corrected test shows at the 5 % level that the two differ.
  public var isShown: Bool { correctedPValue < Self.level }
  /// Whether the first is shown to be less accurate.
  public var isShownLoss: Bool { isShown && difference < 0 }
  /// Whether the first is shown to be more accurate.
  public var isShownGain: Bool { isShown && difference > 0 }

  /// The chance that, of groups without a difference, any is shown to have one.
  public static let level = 0.05

  /// Of the groups that have images, in order.
  ///
  /// - Parameters:
  ///   - first: `[N]`: whether the first is right.
  ///   - second: `[N]`: whether the second is.
  ///   - groups: Of the same N images.
  public static func of(
    _ first: [Bool], minus second: [Bool], in groups: ImageGroups
  ) -> [GroupDifference] {
    let empty = (images: 0, onlyFirst: 0, onlySecond: 0)
    var counts = Array(repeating: empty, count: groups.names.count)
    for (image, group) in groups.numbers.enumerated() {
      counts[group].images += 1
      counts[group].onlyFirst += first[image] && !second[image] ? 1 : 0
      counts[group].onlySecond += second[image] && !first[image] ? 1 : 0
    }
    let present = counts.indices.filter { counts[$0].images > 0 }
    let tests = present.map { group in
      McNemarTest(
        onlyFirst: counts[group].onlyFirst, onlySecond: counts[group].onlySecond,
        images: counts[group].images)
    }
    let corrected = HolmCorrection.adjusted(tests.map(\.exactPValue))
    return zip(present, zip(tests, corrected)).map { group, test in
      GroupDifference(
        groups.names[group], test.0, corrected: test.1, comparisons: present.count)
    }
  }

  private init(_ name: String, _ test: McNemarTest, corrected: Double, comparisons: Int) {
    self.name = name
    images = test.images
    onlyFirst = test.onlyFirst
    onlySecond = test.onlySecond
    difference = test.difference
    pValue = test.exactPValue
    correctedPValue = corrected
    interval = ConfidenceInterval(
      PairedDifference(onlyFirst: onlyFirst, onlySecond: onlySecond, images: images)
        .interval(comparisons: comparisons))
  }
}

extension Collection<GroupDifference> {
  /// The group that loses most, of equals the one with the most images, of these the first; nil where none loses.
  public var largestLoss: GroupDifference? {
    filter { $0.difference < 0 }.min { ($0.difference, -$0.images) < ($1.difference, -$1.images) }
  }
}
