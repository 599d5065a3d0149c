import Ensembles
import Predictions

/// The deployed candidate and the best single model by class, or by another group.
public struct GroupComparison: Codable, Hashable, Sendable {
  /// The deployed candidate's accuracy on each group that has images.
  public let deployed: [GroupAccuracy]
  /// The best single model's.
  public let reference: [GroupAccuracy]
  /// The deployed candidate's accuracy less the best single model's; of these the first is the deployed one.
  public let differences: [GroupDifference]
  /// Groups without images, of which nothing is known.
  public let absent: [String]
  /// The group about which the deployed candidate is right least often.
  public let worst: GroupAccuracy?
  /// The group on which the deployed candidate loses most; nil where it loses on none.
  public let largestLoss: GroupDifference?

  /// The groups on which the deployed candidate is shown to be less accurate than the best single model.
  public var shownLosses: [GroupDifference] { differences.filter(\.isShownLoss) }
  /// Those on which it is shown to be more accurate.
  public var shownGains: [GroupDifference] { differences.filter(\.isShownGain) }

  /// The fewest images of a group on which a loss can be shown: so many that only one of the two gets right, and always the
  /// same one, are shown among as many groups.
  public var fewestImages: Int {
    var images = 1
    var pValue = Double(differences.count)
    while pValue >= GroupDifference.level {
      pValue /= 2
      images += 1
    }
    return images
  }

  /// Groups with fewer images, on which nothing is shown, however much they differ.
  public var tooSmall: [GroupDifference] {
    let fewest = fewestImages
    return differences.filter { $0.images < fewest && !$0.isShown }
  }

  /// - Parameters:
  ///   - deployed: `[N]`: whether the deployed candidate is right.
  ///   - reference: `[N]`: whether the best single model is.
  ///   - groups: Of the same N images.
  init(deployed: [Bool], reference: [Bool], in groups: ImageGroups) {
    self.deployed = GroupAccuracy.of(deployed, in: groups)
    self.reference = GroupAccuracy.of(reference, in: groups)
    differences = GroupDifference.of(deployed, minus: reference, in: groups)
    let present = Set(self.deployed.map(\.name))
    absent = groups.names.filter { !present.contains($0) }
    worst = self.deployed.worst
    largestLoss = differences.largestLoss
  }
}
