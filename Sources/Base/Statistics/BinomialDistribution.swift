/// How many of `count` independent things come out, each with the same probability.
struct BinomialDistribution {
  let count: Int
  let share: Double

  /// Of exactly `place`.
  func probability(of place: Int) -> Double {
    guard (0...count).contains(place) else { return 0 }
    if share <= 0 { return place == 0 ? 1 : 0 }
    if share >= 1 { return place == count ? 1 : 0 }
    let (n, k) = (Double(count), Double(place))
    return exponential(
      logarithmOfGamma(n + 1) - logarithmOfGamma(k + 1) - logarithmOfGamma(n - k + 1)
        + k * naturalLogarithm(share) + (n - k) * naturalLogarithm(1 - share))
  }

  /// Of `place` or more: the smaller side is summed until what follows no longer counts.
  func probability(ofAtLeast place: Int) -> Double {
    if place <= 0 { return 1 }
    if place > count { return 0 }
    guard share > 0 else { return 0 }
    guard share < 1 else { return 1 }
    let odds = share / (1 - share)
    let isUpper = Double(place) > Double(count) * share
    var place = isUpper ? place : place - 1
    var term = probability(of: place)
    var sum = 0.0
    while term > 0, term > sum * 1e-17 {
      sum += term
      if isUpper {
        guard place < count else { break }
        term *= Double(count - place) / Double(place + 1) * odds
        place += 1
      } else {
        guard place > 0 else { break }
        term *= Double(place) / Double(count - place + 1) / odds
        place -= 1
      }
    }
    return min(1, max(0, isUpper ? sum : 1 - sum))
  }
}

/// The relative entropy of a coin of one probability from one of another, in nats; infinite where the other rules it out.
func relativeEntropy(_ share: Double, _ other: Double) -> Double {
  func part(_ share: Double, _ other: Double) -> Double {
    guard share > 0 else { return 0 }
    return other > 0 ? share * naturalLogarithm(share / other) : .infinity
  }
  return part(share, other) + part(1 - share, 1 - other)
}
