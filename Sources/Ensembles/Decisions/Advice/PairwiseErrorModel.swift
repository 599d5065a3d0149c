import Statistics

/// The error of an ensemble out of what its networks do alone, and of what each two members have that differs:
///
///     error = mean of e - (sum of d over all pairs of members) / n²
///
/// with e the error of one member of a network, and d by how much more a pair errs alone than together. Of squared errors it
/// is exact (Krogh and Vedelsby 1994, "Neural network ensembles, cross validation, and active learning"); of the share of
/// wrong images it is fitted to all ensembles that are measured.
struct PairwiseErrorModel {
  /// `[J]`: e.
  private(set) var errors: [Double]
  /// `[J][J]`, symmetric: d.
  private(set) var differences: [[Double]]

  /// What d is of e before anything is seen, and how surely. On record are seven Wide ResNets, of 0.14 to 0.29 of their
  /// error, and seven pairs of two of one run, of 0.19 to 0.44.
  static let usualDifference = 0.25
  static let usualDeviation = 0.1
  /// How far a mean error may lie from the model.
  private static let misfit = 0.003

  /// Fits all numbers by least squares, with what is usual of d as one more observation of each.
  ///
  /// - Parameters:
  ///   - table: Measured, each network alone among them.
  ///   - networkErrors: `[J]`, which say what is usual.
  init(
    fittedTo table: [(composition: EnsembleComposition, error: Double)], networkErrors: [Double]
  ) {
    let networks = networkErrors.count
    let pairs = Self.pairs(networks)
    var rows = table.map { line in
      Self.features(line.composition, pairs).map { $0 / Self.misfit }
    }
    var values = table.map { $0.error / Self.misfit }
    for (place, pair) in pairs.enumerated() {
      // Members without an error have no difference either.
      let error = max((networkErrors[pair.0] + networkErrors[pair.1]) / 2, 1e-6)
      var row = [Double](repeating: 0, count: networks + pairs.count)
      row[networks + place] = 1 / (Self.usualDeviation * error)
      rows.append(row)
      values.append(Self.usualDifference / Self.usualDeviation)
    }
    let found = LeastSquares.solve(rows, values)
    errors = Array(found.prefix(networks))
    differences = Array(repeating: Array(repeating: 0, count: networks), count: networks)
    for (place, pair) in pairs.enumerated() {
      differences[pair.0][pair.1] = found[networks + place]
      differences[pair.1][pair.0] = found[networks + place]
    }
  }

  /// All pairs of networks, each with itself too.
  static func pairs(_ networks: Int) -> [(Int, Int)] {
    (0..<networks).flatMap { first in (first..<networks).map { (first, $0) } }
  }

  /// What each e and d counts in the error.
  private static func features(_ composition: EnsembleComposition, _ pairs: [(Int, Int)])
    -> [Double]
  {
    composition.weights + pairs.map { -share($0, in: composition) }
  }

  /// The share of all ordered pairs of members, times a half, that are of these networks.
  static func share(_ pair: (Int, Int), in composition: EnsembleComposition) -> Double {
    let weights = composition.weights
    guard pair.0 == pair.1 else { return weights[pair.0] * weights[pair.1] }
    return weights[pair.0] * (weights[pair.0] - 1 / Double(composition.members)) / 2
  }

  /// The error of an ensemble; networks that the composition lacks at its end have no member.
  func callAsFunction(_ composition: EnsembleComposition) -> Double {
    let pairs = Self.pairs(composition.counts.count)
    let alone = zip(composition.weights, errors).reduce(0) { $0 + $1.0 * $1.1 }
    return alone
      - pairs.reduce(0) { $0 + Self.share($1, in: composition) * differences[$1.0][$1.1] }
  }

  /// d over e, over all pairs.
  var meanRelativeDifference: Double {
    Self.pairs(errors.count).map { pair in
      2 * differences[pair.0][pair.1] / max(errors[pair.0] + errors[pair.1], 1e-6)
    }.mean
  }

  /// With one more network, of this error, that differs from all as they do from each other.
  func adding(error: Double, relativeDifference: Double) -> PairwiseErrorModel {
    var result = self
    let column = errors.map { relativeDifference * ($0 + error) / 2 }
    for place in column.indices { result.differences[place].append(column[place]) }
    result.differences.append(column + [relativeDifference * error])
    result.errors.append(error)
    return result
  }
}
