import Statistics

/// What the rows of a table of scores look like.
///
/// Scores are of a normalised kind where every row's probabilities sum to 1, within the rounding of the digits that are
/// given: rows of 0.33 three times are probabilities of two decimals.
struct ScoreEvidence {
  /// What is kept of a row.
  private struct Row {
    var sum = 0.0
    var least = Double.infinity
    var greatest = -Double.infinity
    /// How many are not 0.
    var parts = 0.0
    /// The sums of e, 2 and 10 to the power of each, where all are about 0 or less.
    var powers: (Double, Double, Double)?
  }

  /// C.
  let classes: Int
  private var rows: [Row] = []
  /// The decimals that all scores are given with; more than `mostDecimals` for any number.
  private var decimals = 0
  private var mayBeLogarithms = true
  /// Whether all rows so far may be the negated logarithms of distributions, and whether one is of several classes.
  private var (mayBeNegated, isNegatedSpread) = (true, false)

  private static let mostDecimals = 5
  /// What sums of bfloat16, or of two significant digits, may be off by.
  private static let tolerance = 1e-2
  /// Below 0 by no more than this is a 0 that was computed.
  static let leastShare = -1e-6
  /// The most that lost digits may take from a sum.
  private static let greatestLoss = 0.5
  private static let scales = [1.0, 10, 100, 1000, 10_000, 100_000]

  /// What a row takes of memory, in bytes.
  static let rowBytes = MemoryLayout<Row>.stride

  /// - Parameters:
  ///   - classes: C.
  ///   - rows: How many come, where it is known.
  init(classes: Int, rows: Int = 0) {
    self.classes = classes
    self.rows.reserveCapacity(rows)
  }

  /// Whether the scores are plainly negated logarithms, the least for the most probable class.
  var areNegatedLogarithms: Bool { !rows.isEmpty && mayBeNegated && isNegatedSpread }

  /// The number of rows.
  var count: Int { rows.count }

  /// Looks at the next row, C numbers, none of them NaN.
  mutating func add(_ scores: some Collection<Double>) {
    var row = Row()
    for score in scores {
      row.sum += score
      if score < row.least { row.least = score }
      if score > row.greatest { row.greatest = score }
      if score != 0 { row.parts += 1 }
    }
    if decimals <= Self.mostDecimals {
      for score in scores where score.isFinite { countDecimals(of: score) }
    }
    mayBeLogarithms = mayBeLogarithms && row.greatest <= 0.01
    if mayBeLogarithms {
      var powers = (0.0, 0.0, 0.0)
      for score in scores {
        powers.0 += exponential(score)
        powers.1 += exponential(score * 0.6931471805599453)
        powers.2 += exponential(score * 2.302585092994046)
      }
      row.powers = powers
    }
    if mayBeNegated {
      let sum = scores.reduce(0.0) { $0 + exponential(-$1) }
      mayBeNegated = row.least >= Self.leastShare && abs(sum - 1) <= 2e-3
      isNegatedSpread = isNegatedSpread || row.least > 1e-2
    }
    rows.append(row)
  }

  private mutating func countDecimals(of score: Double) {
    while decimals <= Self.mostDecimals {
      let scaled = score * Self.scales[decimals]
      if abs(scaled - scaled.rounded()) <= 1e-4 { return }
      decimals += 1
    }
  }

  /// The unit of the last digit; 0 where digits are many.
  private var unit: Double {
    decimals > Self.mostDecimals ? 0 : 1 / Self.scales[decimals]
  }

  /// Whether row `image` is a distribution of the kind.
  func fits(_ kind: ScoreKind, _ image: Int) -> Bool {
    let row = rows[image]
    switch kind {
    case .logits: return row.greatest > -.infinity
    case .unnormalizedProbabilities: return row.least >= 0 && row.sum > 0
    case .probabilities: return fits(row, total: 1)
    case .percents: return fits(row, total: 100)
    case .logProbabilities, .log2Probabilities, .log10Probabilities:
      guard let sum = total(kind, image) else { return false }
      // A logarithm that is rounded makes its probability wrong by as much of it.
      let rounding = max(Self.tolerance, unit < 1 ? unit * (kind.nats ?? 1) : 0)
      return abs(sum - 1) <= rounding
    }
  }

  private func fits(_ row: Row, total: Double) -> Bool {
    let isWithin =
      row.least >= Self.leastShare * total && row.greatest <= (1 + Self.tolerance) * total
    // Whole numbers are not rounded shares.
    let unit = total == 1 && decimals == 0 ? 0 : self.unit
    let loss = max(Self.tolerance * total, min(Double(classes) * unit, Self.greatestLoss * total))
    let gain = max(Self.tolerance * total, row.parts * unit / 2 * 1.0001)
    return isWithin && row.sum >= total - loss && row.sum <= total + gain
  }

  /// What the row's numbers sum to, as the kind has them: probabilities, or per cent.
  func total(_ kind: ScoreKind, _ image: Int) -> Double? {
    let row = rows[image]
    switch kind {
    case .logProbabilities: return row.powers?.0
    case .log2Probabilities: return row.powers?.1
    case .log10Probabilities: return row.powers?.2
    case .logits, .probabilities, .percents, .unnormalizedProbabilities: return row.sum
    }
  }

  /// The least and the greatest number of a row.
  func range(_ image: Int) -> ClosedRange<Double> { rows[image].least...rows[image].greatest }

  /// The kinds whose rows sum to something that is known.
  static let normalised: [ScoreKind] = [
    .probabilities, .percents, .logProbabilities, .log2Probabilities, .log10Probabilities,
  ]

  /// The kind that every row is of; nil where there is none.
  var certainKind: ScoreKind? {
    guard !rows.isEmpty else { return nil }
    return Self.normalised.first { kind in rows.indices.allSatisfy { fits(kind, $0) } }
  }

  /// The kind that most rows are of, and the first row that is not.
  var commonKind: (kind: ScoreKind, exception: Int)? {
    for kind in Self.normalised {
      let fitting = rows.indices.count { fits(kind, $0) }
      if 2 * fitting > rows.count, let exception = rows.indices.first(where: { !fits(kind, $0) }) {
        return (kind, exception)
      }
    }
    return nil
  }

  /// Whether all numbers are in 0...1, or nearly.
  var areWithinUnit: Bool { rows.allSatisfy { $0.least >= -0.01 && $0.greatest <= 1.01 } }

  /// What all rows sum to, where none has a number below 0 and all sums are the same.
  var commonSum: Double? {
    guard let first = rows.first, first.sum > 0, rows.count > 2,
      rows.allSatisfy({ $0.least >= 0 && abs($0.sum - first.sum) <= 1e-3 * first.sum })
    else { return nil }
    return first.sum
  }

  /// Whether all numbers are whole.
  var areWhole: Bool { decimals == 0 }

  /// Whether each row names one class, by a 1 among zeros.
  var nameOneClass: Bool {
    decimals == 0 && rows.allSatisfy { $0.least >= 0 && $0.greatest == 1 && $0.sum == 1 }
  }

  /// The least and the greatest sum of a row.
  var sums: ClosedRange<Double> {
    (rows.map(\.sum).min() ?? 0)...(rows.map(\.sum).max() ?? 0)
  }
}
