import Predictions
import Statistics

/// How many answers are wrong where only the surest are given: the error of the answered images by their share.
///
/// Images that are as sure as each other are answered together; where a figure needs an order among them it is the mean over all
/// orders, so that none is lucky.
///
/// Source: arXiv:1805.08206 (the area and its excess), arXiv:2407.01032 (the generalised risk).
public struct RiskCoverageCurve: Codable, Hashable, Sendable {
  /// One share of the images.
  public struct Point: Codable, Hashable, Sendable {
    /// The share of the images that are answered.
    public let coverage: Double
    /// The share of these that are wrong.
    public let risk: Double
    /// How sure the least sure of them is.
    public let confidence: Double
  }

  /// How many images.
  public let images: Int
  /// The share of all images that are predicted wrong.
  public let error: Double
  /// The area under the curve (AURC), over the shares 1/N to 1, brought to a width of 1.
  public let area: Double
  /// The area less that of the same predictions with all wrong ones the least sure (E-AURC): what a better confidence could gain.
  public let excessArea: Double
  /// The area under the share of all images that are answered and wrong (AUGRC): the mean risk of an undetected error.
  public let generalizedArea: Double
  /// Some of the curve's points, the last of all images; never more than `mostPoints`.
  public let points: [Point]

  /// The most points that are kept.
  public static let mostPoints = 100

  /// Measures a model, an ensemble or a cascade; sure is who gives the predicted class a great probability.
  public init(of predictions: Predictions) {
    let confident = predictions.confidentOutcomes()
    self.init(confidences: confident.map(\.confidence), isRight: confident.map(\.isRight))
  }

  /// - Parameters:
  ///   - confidences: `[N]`, at least one; greater is surer. None is NaN.
  ///   - isRight: `[N]`.
  ///
  /// Complexity: O(N log N).
  public init(confidences: [Double], isRight: [Bool]) {
    precondition(
      !confidences.isEmpty && confidences.count == isRight.count, "each image has a confidence")
    let groups = Self.groups(confidences, isRight)
    let wrong = groups.reduce(0) { $0 + $1.wrong }
    images = confidences.count
    error = Double(wrong) / Double(images)
    let risks = Self.risks(groups)
    area = Self.area(risks)
    generalizedArea = Self.area(
      risks.enumerated().map { $1 * Double($0 + 1) / Double(risks.count) })
    let best =
      [Group(confidence: 1, count: images - wrong, wrong: 0)]
      + [Group(confidence: 0, count: wrong, wrong: wrong)]
    excessArea = max(0, area - Self.area(Self.risks(best)))
    points = Self.points(groups, images: images)
  }

  /// Images that are as sure as each other.
  private struct Group {
    let confidence: Double
    var count: Int
    var wrong: Int
  }

  /// The surest first.
  private static func groups(_ confidences: [Double], _ isRight: [Bool]) -> [Group] {
    var groups: [Group] = []
    for image in confidences.indices.sorted(by: { confidences[$0] > confidences[$1] }) {
      if groups.last?.confidence != confidences[image] {
        groups.append(Group(confidence: confidences[image], count: 0, wrong: 0))
      }
      groups[groups.count - 1].count += 1
      groups[groups.count - 1].wrong += isRight[image] ? 0 : 1
    }
    return groups
  }

  /// `[N]`: the error of the k surest, k from 1.
  private static func risks(_ groups: [Group]) -> [Double] {
    var risks: [Double] = []
    var wrong = 0
    for group in groups {
      for place in 0..<group.count {
        let expected = Double(wrong) + Double(group.wrong) * Double(place + 1) / Double(group.count)
        risks.append(expected / Double(risks.count + 1))
      }
      wrong += group.wrong
    }
    return risks
  }

  /// By trapezia between the shares 1/N, 2/N to 1, over their width; of one image its own.
  private static func area(_ risks: [Double]) -> Double {
    guard risks.count > 1 else { return risks.first ?? 0 }
    let ends = (risks[0] + risks[risks.count - 1]) / 2
    return (risks.reduce(0, +) - ends) / Double(risks.count - 1)
  }

  /// The last of the groups that reach each hundredth of the images.
  private static func points(_ groups: [Group], images: Int) -> [Point] {
    var points: [Point] = []
    var (count, wrong) = (0, 0)
    for group in groups {
      let earlier = count * mostPoints / images
      count += group.count
      wrong += group.wrong
      guard count * mostPoints / images > earlier else { continue }
      points.append(
        Point(
          coverage: Double(count) / Double(images), risk: Double(wrong) / Double(count),
          confidence: group.confidence))
    }
    return points
  }
}

extension Predictions {
  /// `[N]`: the probability of the predicted class, and whether that is the label.
  func confidentOutcomes() -> [(confidence: Double, isRight: Bool)] {
    mapRows { (row, label, _) in
      let predicted = argmax(row, 0..<row.count)
      return (confidence: min(1, exponential(Double(row[predicted]))), isRight: predicted == label)
    }
  }
}
