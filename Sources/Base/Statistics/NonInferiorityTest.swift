/// Whether a classifier is shown to lose less than a tolerance against another one on the same images: the exact
/// unconditional test of the difference of two paired shares.
///
/// The hypothesis is that the first's accuracy lies at least the tolerance below the second's. Images are ordered by the
/// score statistic, which has the variance of the most likely shares under the hypothesis; the p-value is the greatest
/// probability of a statistic as great, over all shares of images on which the two differ that the images leave open, and
/// over these shares' interval's own error (the method of Berger and Boos). So its level holds for any number of images,
/// however few differ; the normal approximation is not used. With a tolerance of 0 it is an exact form of McNemar's test.
///
/// Sources: the statistic: Tango 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B; its exact
/// distribution, which is greatest where the difference is the tolerance: Sidik 2003, doi:10.1002/sim.1382; the interval:
/// Berger and Boos 1994, doi:10.1080/01621459.1994.10476836.
package struct NonInferiorityTest: Hashable, Sendable {
  /// Images on which only the first is right.
  package let onlyFirst: Int
  /// Images on which only the second is right.
  package let onlySecond: Int
  /// All images.
  package let images: Int
  /// The accuracy that may be lost, in `0..<1`.
  package let tolerance: Double

  /// The error of the interval of the share of images that differ.
  static let intervalError = 1e-5
  /// Shares that are tried in that interval before the greatest is refined.
  private static let gridCount = 32

  package init(onlyFirst: Int, onlySecond: Int, images: Int, tolerance: Double) {
    precondition((0..<1).contains(tolerance), "a tolerance lies in 0..<1")
    precondition(
      onlyFirst >= 0 && onlySecond >= 0 && onlyFirst + onlySecond <= images,
      "no more images can differ than there are")
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
    self.images = images
    self.tolerance = tolerance
  }

  /// The first's accuracy less the second's.
  package var difference: Double {
    images > 0 ? Double(onlyFirst - onlySecond) / Double(images) : 0
  }

  /// How many standard deviations the difference lies above minus the tolerance.
  package var statistic: Double { statistic(onlyFirst, of: onlyFirst + onlySecond) }

  /// The probability of images that speak as much against the hypothesis where it holds, at most; in `0...1`.
  ///
  /// Complexity: O(square root of N) for each of some fifty shares.
  package var pValue: Double {
    guard images > 0 else { return 1 }
    let interval = differingShares
    guard interval.upperBound >= tolerance else { return Self.intervalError }
    let low = max(interval.lowerBound, tolerance)
    let region = Region(self, Self.reach(low, images)..<Self.reach(interval.upperBound, images, 1))
    // More of the shares are tried where they are small: there the probability changes fastest.
    let (start, end) = (low.squareRoot(), interval.upperBound.squareRoot())
    func probability(_ place: Double) -> Double {
      let root = start + (end - start) * place
      return region.probability(differing: min(interval.upperBound, max(low, root * root)))
    }
    let count = Double(Self.gridCount)
    let found = (0...Self.gridCount).map { probability(Double($0) / count) }
    let best = found.indices.reduce(0) { found[$1] > found[$0] ? $1 : $0 }
    var greatest = found[best]
    var (left, right) = (max(0, Double(best - 1) / count), min(1, Double(best + 1) / count))
    for _ in 0..<12 {
      let third = (right - left) / 3
      let (first, second) = (probability(left + third), probability(right - third))
      greatest = max(greatest, first, second)
      if first < second { left += third } else { right -= third }
    }
    return min(1, greatest + Self.intervalError)
  }

  /// Shares of images that differ which the images leave open, by Chernoff's bound.
  private var differingShares: ClosedRange<Double> {
    let count = Double(images)
    let share = Double(onlyFirst + onlySecond) / count
    let limit = naturalLogarithm(2 / Self.intervalError) / count
    func end(from inside: Double, to outside: Double) -> Double {
      var (inside, outside) = (inside, outside)
      for _ in 0..<60 {
        let middle = (inside + outside) / 2
        if relativeEntropy(share, middle) <= limit { inside = middle } else { outside = middle }
      }
      return outside
    }
    return (share > 0 ? end(from: share, to: 0) : 0)...(share < 1 ? end(from: share, to: 1) : 1)
  }

  /// How many images differ at least, or at most with `side` 1, where the share is this.
  fileprivate static func reach(_ share: Double, _ images: Int, _ side: Double = -1) -> Int {
    let mean = share * Double(images)
    let far = mean + side * (9 * (mean * (1 - share)).squareRoot() + 40)
    return min(images, max(0, Int(far)))
  }

  /// The score statistic where `first` of `differing` images are the first's.
  fileprivate func statistic(_ first: Int, of differing: Int) -> Double {
    let (n, a, b) = (Double(images), Double(first), Double(differing - first))
    let linear =
      a * (1 - 3 * tolerance) + b * (1 - tolerance) - 2 * (n - a - b) * tolerance
    // The most likely share of images that only the first gets right, where it loses the tolerance.
    let root = (linear * linear + 8 * n * a * tolerance * (1 - tolerance)).squareRoot()
    let share = max(0, (linear + root) / (4 * n))
    let variance = n * (2 * share + tolerance * (1 - tolerance))
    let gain = a - b + n * tolerance
    return variance > 0 ? gain / variance.squareRoot() : 0
  }
}

/// The numbers of images that speak as much against the hypothesis: for each number of images that differ, how many of
/// them only the first has to get right.
private struct Region {
  private let test: NonInferiorityTest
  /// How many images differ, at least.
  private let start: Int
  /// For each number of them from `start`, how many only the first gets right at least.
  private let least: [Int]

  init(_ test: NonInferiorityTest, _ range: Range<Int>) {
    self.test = test
    start = range.lowerBound
    // What was computed in the same way is as great, whatever the last bit.
    let bound = test.statistic - 1e-9
    var (low, high) = (0, start + 1)
    while low < high {
      let middle = (low + high) / 2
      if test.statistic(middle, of: start) >= bound { high = middle } else { low = middle + 1 }
    }
    var least = [low]
    least.reserveCapacity(range.count + 1)
    for differing in start + 1..<max(start + 1, range.upperBound + 1) {
      // A further image that differs takes one more of the first's, or none.
      let same = least[least.count - 1]
      let isEnough = same <= differing && test.statistic(same, of: differing) >= bound
      least.append(isEnough ? same : same + 1)
    }
    self.least = least
  }

  /// Of the region, where a share of the images differs and the first loses the tolerance.
  func probability(differing share: Double) -> Double {
    let images = test.images
    guard share > 0 else { return least.first.map { $0 <= 0 && start == 0 ? 1 : 0 } ?? 1 }
    let first = max(0, (share - test.tolerance) / (2 * share))
    let from = max(start, NonInferiorityTest.reach(share, images))
    let to = min(start + least.count - 1, NonInferiorityTest.reach(share, images, 1))
    guard from <= to else { return 1 }
    var mass = BinomialDistribution(count: images, share: share).probability(of: from)
    var tail = BinomialTail(count: from, share: first, least: least[from - start])
    var sum = 0.0
    let odds = share / (1 - share)
    for differing in from...to {
      if differing > from {
        tail.advance(to: least[differing - start])
        mass =
          share < 1
          ? mass * Double(images - differing + 1) / Double(differing) * odds
          : (differing == images ? 1 : 0)
      }
      sum += mass * tail.probability
    }
    return min(1, max(0, sum))
  }
}

/// The probability of at least so many of a growing count, kept up step by step.
private struct BinomialTail {
  private var count: Int
  private let share: Double
  private var least: Int
  /// Of `least` or more.
  private(set) var probability: Double
  /// Of exactly `least - 1`.
  private var below: Double

  init(count: Int, share: Double, least: Int) {
    self.count = count
    self.share = share
    self.least = least
    let distribution = BinomialDistribution(count: count, share: share)
    probability = distribution.probability(ofAtLeast: least)
    below = least > 0 ? distribution.probability(of: least - 1) : 0
  }

  /// One more in all, of which at least `next`, the same or one more, are asked for.
  mutating func advance(to next: Int) {
    probability += share * below
    count += 1
    if least > 0 {
      below =
        least - 1 < count
        ? below * Double(count) / Double(count - least + 1) * (1 - share) : 0
    }
    guard next > least else { return }
    let exactly = BinomialTail.term(count, share, least, after: below)
    probability = max(0, probability - exactly)
    below = exactly
    least = next
  }

  /// The probability of exactly `place`, from that of one less.
  private static func term(_ count: Int, _ share: Double, _ place: Int, after below: Double)
    -> Double
  {
    if place == 0 { return power(1 - share, Double(count)) }
    return share < 1
      ? below * Double(count - place + 1) / Double(place) * share / (1 - share)
      : (place == count ? 1 : 0)
  }
}
