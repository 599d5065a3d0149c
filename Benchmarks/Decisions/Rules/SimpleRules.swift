import Ensembles
import Predictions
import Randomness

/// The member of the highest accuracy on the hold-out, of equals the cheapest.
struct BestSingleRule: Rule {
  let name = "best single"

  func choose(_ draw: Draw) -> Choice { Choice(single: Self.best(draw.holdOut)) }

  static func best(_ members: [Predictions]) -> Int {
    let hits = members.map { member in
      zip(member.predictedClasses(), member.labels).count { $0 == Int($1) }
    }
    return members.indices.reduce(0) { best, place in
      (hits[place], -members[place].multiplyAccumulates)
        > (hits[best], -members[best].multiplyAccumulates) ? place : best
    }
  }
}

/// The geometric mean of all members.
struct AllEqualRule: Rule {
  let name = "all equal"

  func choose(_ draw: Draw) -> Choice {
    Choice(members: Array(draw.holdOut.indices), .combination(Combination()))
  }
}

/// Greedy selection with replacement as AutoGluon does it, written anew from its published code.
///
/// Twenty-five rounds, each of which adds the member that makes the mean probability most accurate; of equals one that is in
/// the ensemble already, of these one at random; of all rounds the first of the best. Its other tie-breaker (by likelihood) is
/// not its default.
///
/// Source: Caruana et al., doi:10.1145/1015330.1015432; autogluon.core, `EnsembleSelection` and the defaults of
/// `GreedyWeightedEnsembleModel`.
struct AutoGluonGreedyRule: Rule {
  let name = "AutoGluon greedy"
  private static let rounds = 25

  func choose(_ draw: Draw) -> Choice {
    let members = draw.holdOut
    var generator = RandomStream(seed: 0, UInt64(draw.split))
    let probabilities = members.map { member in
      member.withLogProbabilities { exponentials($0.map(Double.init)) }
    }
    var sums = [Double](repeating: 0, count: probabilities[0].count)
    var order: [Int] = []
    var hitsOfRounds: [Int] = []
    for _ in 0..<Self.rounds {
      let hits = probabilities.map {
        Self.hits(sums, plus: $0, members[0].labels, classes: members[0].classes)
      }
      let most = hits.max() ?? 0
      var best = hits.indices.filter { hits[$0] == most }
      let used = best.filter(order.contains)
      if !used.isEmpty { best = used }
      let chosen = best[generator.integer(below: best.count)]
      for index in sums.indices { sums[index] += probabilities[chosen][index] }
      order.append(chosen)
      hitsOfRounds.append(most)
    }
    let last = hitsOfRounds.firstIndex(of: hitsOfRounds.max() ?? 0) ?? 0
    let kept = order[...last]
    let different = Set(kept).sorted()
    let weights = different.map { place in
      Double(kept.count { $0 == place }) / Double(kept.count)
    }
    return different.count == 1
      ? Choice(single: different[0]) : Choice(members: different, .meanProbability(weights))
  }

  /// How many images the sums of probabilities are right about, with one member's more.
  private static func hits(
    _ sums: [Double], plus added: [Double], _ labels: [Int64], classes: Int
  ) -> Int {
    var hits = 0
    for (image, label) in labels.enumerated() {
      let start = image * classes
      var best = 0
      var greatest = sums[start] + added[start]
      for place in 1..<classes where sums[start + place] + added[start + place] > greatest {
        best = place
        greatest = sums[start + place] + added[start + place]
      }
      if best == Int(label) { hits += 1 }
    }
    return hits
  }
}
