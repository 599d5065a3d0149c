import Statistics

/// How well a score tells images that are unlike the training's from those that are like them.
public struct NoveltyDetection: Codable, Hashable, Sendable {
  /// How many images are like the training's.
  public let known: Int
  /// How many are unlike.
  public let unlike: Int
  /// The probability that one that is unlike has the greater score of two (AUROC), equals counted half; 0.5 says nothing.
  public let areaUnderROC: Double
  /// Its 95 % interval, by DeLong's variance, at least as wide as a single image can move it.
  ///
  /// Source: doi:10.2307/2531595.
  public let interval: ConfidenceInterval
  /// The average precision of finding those that are unlike (AUPR).
  public let precisionOfUnlike: Double
  /// The average precision of finding those that are known.
  public let precisionOfKnown: Double
  /// The share of the known that are taken for unlike where 95 % of those that are unlike are found (FPR95).
  public let falseAlarms: Double
  /// The share of the unlike that are taken for known where 95 % of the known are kept (FPR95 with the known as positives).
  public let misses: Double

  /// Measures.
  ///
  /// - Parameters:
  ///   - known: Scores of images of the known kind, at least one; none is NaN.
  ///   - unlike: Scores of others, at least one; greater is more unlike.
  ///
  /// Complexity: O(N log N).
  public init(known: [Double], unlike: [Double]) {
    precondition(!known.isEmpty && !unlike.isEmpty, "there are images of both kinds")
    self.known = known.count
    self.unlike = unlike.count
    let groups = Self.groups(positives: unlike, negatives: known)
    let reversed = Array(groups.reversed()).map {
      Group(positives: $0.negatives, negatives: $0.positives)
    }
    let placements = Self.placements(groups, positives: unlike.count, negatives: known.count)
    areaUnderROC = placements.area
    let half = max(
      NormalDistribution.quantile975 * placements.variance.squareRoot(),
      0.5 / Double(min(known.count, unlike.count) + 1))
    interval = ConfidenceInterval(max(0, areaUnderROC - half)...min(1, areaUnderROC + half))
    precisionOfUnlike = Self.averagePrecision(groups)
    precisionOfKnown = Self.averagePrecision(reversed)
    falseAlarms = Self.falsePositives(groups, recall: 0.95)
    misses = Self.falsePositives(reversed, recall: 0.95)
  }

  /// Images of one score.
  private struct Group {
    var positives: Int
    var negatives: Int
  }

  /// The greatest score first.
  private static func groups(positives: [Double], negatives: [Double]) -> [Group] {
    let all = (positives.map { ($0, true) } + negatives.map { ($0, false) })
      .sorted { $0.0 > $1.0 }
    var groups: [Group] = []
    var last: Double?
    for (score, isPositive) in all {
      if score != last { groups.append(Group(positives: 0, negatives: 0)) }
      last = score
      if isPositive {
        groups[groups.count - 1].positives += 1
      } else {
        groups[groups.count - 1].negatives += 1
      }
    }
    return groups
  }

  /// The area, and its variance from how each image's place among the others differs.
  private static func placements(
    _ groups: [Group], positives: Int, negatives: Int
  ) -> (area: Double, variance: Double) {
    let (m, n) = (Double(positives), Double(negatives))
    var (above, below) = (0.0, n)
    var (sum, positiveSquares, negativeSquares) = (0.0, 0.0, 0.0)
    for group in groups {
      let (own, others) = (Double(group.positives), Double(group.negatives))
      below -= others
      let ofPositive = (below + others / 2) / n
      let ofNegative = (above + own / 2) / m
      above += own
      sum += own * ofPositive
      positiveSquares += own * ofPositive * ofPositive
      negativeSquares += others * ofNegative * ofNegative
    }
    let area = sum / m
    func variance(_ squares: Double, _ count: Double) -> Double {
      count > 1 ? max(0, squares - count * area * area) / (count - 1) / count : 0.25
    }
    return (area, variance(positiveSquares, m) + variance(negativeSquares, n))
  }

  /// The sum of the precisions at each score, weighted by the recall that it adds.
  private static func averagePrecision(_ groups: [Group]) -> Double {
    let all = groups.reduce(0) { $0 + $1.positives }
    var (found, taken, sum) = (0, 0, 0.0)
    for group in groups {
      found += group.positives
      taken += group.positives + group.negatives
      sum += Double(found) / Double(taken) * Double(group.positives)
    }
    return sum / Double(all)
  }

  /// The share of the negatives at the first score at which so many positives are found.
  private static func falsePositives(_ groups: [Group], recall: Double) -> Double {
    let positives = groups.reduce(0) { $0 + $1.positives }
    let negatives = groups.reduce(0) { $0 + $1.negatives }
    // A hair less, so that a whole number does not become the next.
    let wanted = Int((recall * Double(positives) - 1e-9).rounded(.up))
    var (found, taken) = (0, 0)
    for group in groups where found < wanted {
      found += group.positives
      taken += group.negatives
    }
    return Double(taken) / Double(negatives)
  }
}
