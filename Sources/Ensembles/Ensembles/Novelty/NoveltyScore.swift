import Predictions
import Statistics

/// What may say that an image is unlike those that a model was trained on; greater is more unlike.
public enum NoveltyScore: String, Codable, CaseIterable, Sendable {
  /// 1 less the probability of the predicted class.
  ///
  /// Source: arXiv:1610.02136.
  case maximumProbability
  /// The entropy of the combined distribution, in nats.
  case entropy
  /// The entropy of the mean of the members' distributions less the mean of their entropies, in nats: what they disagree on.
  ///
  /// Source: arXiv:1112.5745; of ensembles, arXiv:1711.08244.
  case mutualInformation
  /// Minus the greatest logit, the mean of the members'.
  ///
  /// Source: arXiv:1911.11132.
  case maximumLogit
  /// Minus the logarithm of the sum of the exponentials of the logits, the mean of the members'.
  ///
  /// Source: arXiv:2010.03759.
  case energy
}

/// The scores of some images.
package struct NoveltyScores: Sendable {
  /// `[N]` of each score that there is: no mutual information of one member, and none of logits where a member's are not known.
  package private(set) var values: [NoveltyScore: [Double]] = [:]

  /// Scores what members say of images; of a cascade, those that ran.
  ///
  /// - Parameters:
  ///   - members: Predictions of the same images, in the combination's order.
  ///   - combination: How they become one, with its temperatures, which also the members' distributions have.
  /// - Throws: `EnsembleError` where it does not fit them.
  package init(
    of members: [Predictions], combinedBy combination: Combination
  ) throws(EnsembleError) {
    try Predictions.checkSameData(members)
    try combination.check(members)
    let exits = try combination.exits(members)
    let combined = try combination.combine(members, exits: exits, name: "combined")
    values[.maximumProbability] = combined.confidentOutcomes().map { 1 - $0.confidence }
    values[.entropy] = combined.mapRows { row, _, _ in Self.entropy(row.map(Double.init)) }
    if members.count > 1 {
      values[.mutualInformation] = Self.mutualInformation(try combination.scale(members), exits)
    }
    addLogits(members, exits)
  }

  /// Of log-probabilities, in nats.
  private static func entropy(_ row: [Double]) -> Double {
    let sum = zip(row, exponentials(row.map { max($0, -1e6) })).reduce(0.0) {
      // What has no probability adds nothing.
      $1.1 > 0 ? $0 - $1.0 * $1.1 : $0
    }
    return max(0, sum)
  }

  private static func mutualInformation(_ members: [Predictions], _ exits: [Int]) -> [Double] {
    let classes = members[0].classes
    var means = [Double](repeating: 0, count: exits.count * classes)
    var entropies = [Double](repeating: 0, count: exits.count)
    for (place, member) in members.enumerated() {
      member.withLogProbabilities { values in
        for (image, exit) in exits.enumerated() where exit >= place {
          let row = values[image * classes..<(image + 1) * classes].map(Double.init)
          let share = 1 / Double(exit + 1)
          entropies[image] += share * entropy(row)
          for (label, probability) in exponentials(row.map { max($0, -1e6) }).enumerated() {
            means[image * classes + label] += share * probability
          }
        }
      }
    }
    return exits.indices.map { image in
      let row = means[image * classes..<(image + 1) * classes]
      return max(0, entropy(row.map { $0 > 0 ? naturalLogarithm($0) : -1e6 }) - entropies[image])
    }
  }

  private mutating func addLogits(_ members: [Predictions], _ exits: [Int]) {
    let normalizers = members.compactMap(\.logNormalizers)
    guard normalizers.count == members.count else { return }
    let greatest = members.map { member in
      member.mapRows { row, _, _ in Double(row[argmax(row, 0..<row.count)]) }
    }
    func mean(_ value: (_ member: Int, _ image: Int) -> Double) -> [Double] {
      exits.enumerated().map { image, exit in
        -(0...exit).reduce(0.0) { $0 + value($1, image) } / Double(exit + 1)
      }
    }
    values[.energy] = mean { Double(normalizers[$0][$1]) }
    values[.maximumLogit] = mean { greatest[$0][$1] + Double(normalizers[$0][$1]) }
  }
}
