/// Fisher's exact test of whether two samples have the same share of something. Neither is taken for the truth: it holds for
/// samples of any size.
///
/// Of the two together so many have it; how many of these are in the first is hypergeometric where the shares are the same. The
/// test is two-sided: it sums all outcomes that are no more probable than what was found.
///
/// Source: Fisher, doi:10.2307/2340521; two-sided as in R and SciPy.
package struct FisherExactTest {
  /// Things of a sample, and those of them that have it.
  package struct Sample: Hashable, Sendable {
    let hits: Int
    let count: Int

    /// - Parameter hits: In `0...count`.
    package init(hits: Int, count: Int) {
      precondition((0...count).contains(hits), "hits are counted among all")
      self.hits = hits
      self.count = count
    }

    /// The share, in `0...1`; 0 of nothing.
    package var share: Double { count > 0 ? Double(hits) / Double(count) : 0 }
  }

  /// Rounding makes equal probabilities differ by less.
  private static let tolerance = 1e-7

  private let first: Sample
  /// Of both.
  private let hits: Int
  private let secondCount: Int
  /// How many hits the first can have.
  private let range: ClosedRange<Int>

  package init(_ first: Sample, _ second: Sample) {
    self.first = first
    hits = first.hits + second.hits
    secondCount = second.count
    range = max(0, hits - second.count)...min(first.count, hits)
  }

  /// The natural logarithm of the probability of what is no more probable than what was found, at most 0: of so little evidence
  /// against equal shares it is certain, and of much it is far below the least number of a Double.
  ///
  /// Complexity: O(the standard deviation of the hits) in the main.
  package var logPValue: Double {
    let found = logProbability(first.hits)
    let mode = mode
    let isBelow = first.hits < mode
    let own = tail(from: first.hits, isLower: isBelow)
    guard let start = otherTail(isLower: !isBelow, mode: mode, limit: found) else {
      return min(0, found + naturalLogarithm(own))
    }
    let other = exponential(logProbability(start) - found) * tail(from: start, isLower: !isBelow)
    return first.hits == mode ? 0 : min(0, found + naturalLogarithm(own + other))
  }

  private var mode: Int {
    let (all, one) = (Double(first.count + secondCount), Double(first.count))
    let place = Int(((Double(hits) + 1) * (one + 1) / (all + 2)).rounded(.down))
    return min(max(place, range.lowerBound), range.upperBound)
  }

  private func logProbability(_ value: Int) -> Double {
    logBinomial(first.count, value) + logBinomial(secondCount, hits - value)
      - logBinomial(first.count + secondCount, hits)
  }

  /// How much more probable one hit more is.
  private func ratio(_ value: Int) -> Double {
    Double(hits - value) * Double(first.count - value)
      / (Double(value + 1) * Double(secondCount - hits + value + 1))
  }

  /// The probability of `start` and what lies beyond, in that of `start`; terms fall away from the mode.
  private func tail(from start: Int, isLower: Bool) -> Double {
    var (term, sum) = (1.0, 1.0)
    var value = start
    while isLower ? value > range.lowerBound : value < range.upperBound {
      term *= isLower ? 1 / ratio(value - 1) : ratio(value)
      value += isLower ? -1 : 1
      sum += term
      if term < 1e-17 * sum { break }
    }
    return sum
  }

  /// The value nearest to the mode on one side of which the probability is at most `limit`; nil where there is none.
  private func otherTail(isLower: Bool, mode: Int, limit: Double) -> Int? {
    let reaches = { (value: Int) in logProbability(value) <= limit + Self.tolerance }
    let end = isLower ? range.lowerBound : range.upperBound
    // The found value is on the other side; the mode itself belongs to that above.
    var near = isLower ? mode - 1 : mode
    guard isLower ? near >= end : near <= end, reaches(end) else { return nil }
    if reaches(near) { return near }
    var far = end
    while abs(far - near) > 1 {
      let middle = (near + far) / 2
      if reaches(middle) { far = middle } else { near = middle }
    }
    return far
  }
}

/// The natural logarithm of the number of ways to choose `count` of `all` things.
private func logBinomial(_ all: Int, _ count: Int) -> Double {
  logarithmOfGamma(Double(all + 1)) - logarithmOfGamma(Double(count + 1))
    - logarithmOfGamma(Double(all - count + 1))
}
