#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The one-sided signed-rank test of paired differences, by the normal approximation without correction for continuity.
///
/// Source: Wilcoxon 1945, doi:10.2307/3001968; as `scipy.stats.wilcoxon(method="approx")`.
enum WilcoxonTest {
  /// How probable so high a rank sum of the positive differences is where neither sign is favoured.
  static func pValue(greater differences: [Double]) -> Double {
    let ranked = differences.filter { $0 != 0 }.sorted { abs($0) < abs($1) }
    let count = Double(ranked.count)
    guard count > 0 else { return 1 }
    var (sum, ties, start) = (0.0, 0.0, 0)
    while start < ranked.count {
      var end = start
      while end < ranked.count, abs(ranked[end]) == abs(ranked[start]) { end += 1 }
      // Equal ones share the mean of their ranks, counted from 1.
      let rank = Double(start + 1 + end) / 2
      sum += rank * Double(ranked[start..<end].count { $0 > 0 })
      let size = Double(end - start)
      ties += size * size * size - size
      start = end
    }
    let mean = count * (count + 1) / 4
    let variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48
    return erfc((sum - mean) / variance.squareRoot() / 2.0.squareRoot()) / 2
  }
}
