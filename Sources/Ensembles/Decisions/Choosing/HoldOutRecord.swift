import Ensembles
import Predictions

/// What a candidate does to each image of the hold-out.
struct HoldOutRecord: Sendable {
  /// The images that it is right about.
  let isRight: ImageBits
  /// `[N]`: after which member each image stops; nil where all run on every image.
  let exits: [UInt16]?

  /// - Parameter members: Predictions by its members, in order.
  init(
    _ members: [Predictions], _ combination: Combination
  ) throws(EnsembleError) {
    let exits = combination.cascade == nil ? nil : try combination.exits(members)
    self.exits = exits.map { $0.map { UInt16(truncatingIfNeeded: $0) } }
    guard combination == Combination(rule: combination.rule) else {
      isRight = ImageBits(try combination.rightImages(members, exits: exits))
      return
    }
    let all = [Array(members.indices)]
    let correctness = SubsetEvaluator(members: members, rule: combination.rule, subsets: all)
      .correctness()
    isRight = ImageBits(correctness[members.count].map { $0 > 0.5 })
  }

  /// Of each of so many members, the share of some of the images that stop after it.
  func exitFractions(of images: [Int], _ members: Int) -> [Double] {
    guard let exits, !images.isEmpty else {
      return (0..<members).map { $0 == members - 1 ? 1 : 0 }
    }
    var counts = [Int](repeating: 0, count: members)
    for image in images { counts[Int(exits[image])] += 1 }
    return counts.map { Double($0) / Double(images.count) }
  }

  /// What one image costs on average over some of the images.
  ///
  /// - Parameter costs: Of each member; of members that all run on every image, `whole` of all of them.
  func cost(of images: [Int], members costs: [Double], whole: Double) -> Double {
    guard let exits, !images.isEmpty else { return whole }
    let sums = costs.indices.map { costs[...$0].reduce(0, +) }
    return images.reduce(0) { $0 + sums[Int(exits[$1])] } / Double(images.count)
  }
}
