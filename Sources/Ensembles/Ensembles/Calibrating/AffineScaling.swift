import Predictions

/// A slope and an intercept for each class: the softmax of slope x log-probability + intercept.
///
/// Source: arXiv:1706.04599, section 4.2, on log-probabilities in place of logits, which is the diagonal case of
/// arXiv:1910.12656.
public struct VectorScaling: Codable, Hashable, Sendable {
  /// `[C]`, none below 0: as a class gets more probable, it stays so.
  public let slopes: [Double]
  /// `[C]`.
  public let intercepts: [Double]

  /// Creates a scaling; `CalibrationMap.fault(classes:)` says what is wrong with it.
  public init(slopes: [Double], intercepts: [Double]) {
    self.slopes = slopes
    self.intercepts = intercepts
  }

  /// Finds the numbers of the least negative log-likelihood on hold-out predictions, drawn to the temperature that fits them.
  ///
  /// Each slope's distance from the inverse temperature, and each intercept, has a normal prior with a standard deviation of
  /// `priorDeviation`: a class with few images, or none, stays near the temperature. The likelihood is convex in the numbers
  /// and the prior strictly so and without bound: there is one optimum, and it is finite.
  ///
  /// - Throws: `EnsembleError` where the temperature cannot be fitted.
  ///
  /// Complexity: O(N C) an iteration, of which it takes some tens.
  public init(fittedTo holdOut: Predictions) throws(EnsembleError) {
    let inverse = 1 / (try Temperature(fittedTo: holdOut).value)
    self.init(fittedTo: holdOut, inverse: inverse)
  }

  /// The standard deviation of a slope about the inverse temperature, and of an intercept.
  public static let priorDeviation = 0.5

  /// - Parameters:
  ///   - inverse: Of the temperature.
  ///   - start: Where the search begins, such as at the numbers of other images.
  ///   - tolerance: The distance from the optimum that may be left, in standard errors.
  init(
    fittedTo holdOut: Predictions, inverse: Double, start: VectorScaling? = nil,
    tolerance: Double = 1e-6
  ) {
    let classes = holdOut.classes
    let strength = 1 / (Self.priorDeviation * Self.priorDeviation)
    let found = AffineLikelihood(
      holdOut, isFull: false,
      centre: Array(repeating: inverse, count: classes) + Array(repeating: 0, count: classes),
      strengths: Array(repeating: strength, count: 2 * classes)
    ).minimum(from: start.map { $0.slopes + $0.intercepts }, tolerance: tolerance)
    slopes = found[..<classes].map { max(0, $0) }
    intercepts = Array(found[classes...])
  }
}

extension VectorScaling: ClassMap {
  var classes: Int { slopes.count }

  var fault: String? {
    guard intercepts.count == classes else { return "has not one intercept for each slope" }
    guard (slopes + intercepts).allSatisfy(Self.numbers.contains) else {
      return "has a number out of range"
    }
    return slopes.allSatisfy { $0 >= 0 } ? nil : "has a slope below 0"
  }

  func scores(_ logProbabilities: [Double]) -> [Double] {
    var scores = logProbabilities
    for start in stride(from: 0, to: scores.count, by: classes) {
      for c in 0..<classes { scores[start + c] = slopes[c] * scores[start + c] + intercepts[c] }
    }
    return scores
  }
}

/// A matrix and an intercept for each class: the softmax of weights x log-probabilities + intercepts.
///
/// Source: arXiv:1910.12656, with its off-diagonal and intercept regularisation (ODIR).
public struct DirichletScaling: Codable, Hashable, Sendable {
  /// `[C][C]`: of each calibrated class, what each given class counts.
  public let weights: [[Double]]
  /// `[C]`.
  public let intercepts: [Double]

  /// Creates a scaling; `CalibrationMap.fault(classes:)` says what is wrong with it.
  public init(weights: [[Double]], intercepts: [Double]) {
    self.weights = weights
    self.intercepts = intercepts
  }

  /// Finds the numbers of the least negative log-likelihood on hold-out predictions, drawn to the temperature that fits them.
  ///
  /// ODIR penalises the squares off the diagonal and those of the intercepts; here with strengths that are normal priors, of
  /// the standard deviations `offDiagonalDeviation` and `VectorScaling.priorDeviation`. ODIR leaves the diagonal free, and
  /// then images that are all right have no optimum: here it has `VectorScaling`'s prior, about the inverse temperature. The
  /// likelihood is convex and the priors strictly so and without bound: there is one optimum, and it is finite.
  ///
  /// - Throws: `EnsembleError` where the temperature cannot be fitted.
  ///
  /// Complexity: O(N C^2) an iteration, of which it takes some tens.
  public init(fittedTo holdOut: Predictions) throws(EnsembleError) {
    let inverse = 1 / (try Temperature(fittedTo: holdOut).value)
    self.init(fittedTo: holdOut, inverse: inverse)
  }

  /// The standard deviation of a weight off the diagonal.
  public static let offDiagonalDeviation = 0.1

  /// As `VectorScaling` has it.
  init(
    fittedTo holdOut: Predictions, inverse: Double, start: DirichletScaling? = nil,
    tolerance: Double = 1e-6
  ) {
    let classes = holdOut.classes
    let deviation = VectorScaling.priorDeviation
    let (strength, other) = (
      1 / (deviation * deviation), 1 / (Self.offDiagonalDeviation * Self.offDiagonalDeviation)
    )
    var centre = [Double](repeating: 0, count: classes * (classes + 1))
    var strengths = [Double](repeating: other, count: classes * classes)
    for c in 0..<classes {
      centre[c * classes + c] = inverse
      strengths[c * classes + c] = strength
    }
    strengths += Array(repeating: strength, count: classes)
    let found = AffineLikelihood(holdOut, isFull: true, centre: centre, strengths: strengths)
      .minimum(
        from: start.map { start in
          (0..<classes).flatMap { given in start.weights.map { $0[given] } } + start.intercepts
        }, tolerance: tolerance)
    weights = (0..<classes).map { c in (0..<classes).map { found[$0 * classes + c] } }
    intercepts = Array(found[(classes * classes)...])
  }
}

extension DirichletScaling: ClassMap {
  var classes: Int { weights.count }

  var fault: String? {
    guard intercepts.count == classes, weights.allSatisfy({ $0.count == classes }) else {
      return "has no square matrix, or not one intercept for each row"
    }
    return weights.allSatisfy { $0.allSatisfy(Self.numbers.contains) }
      && intercepts.allSatisfy(Self.numbers.contains) ? nil : "has a number out of range"
  }

  func scores(_ logProbabilities: [Double]) -> [Double] {
    var scores = [Double](repeating: 0, count: logProbabilities.count)
    for start in stride(from: 0, to: scores.count, by: classes) {
      for c in 0..<classes {
        var sum = intercepts[c]
        weights[c].withUnsafeBufferPointer { row in
          for other in 0..<classes { sum += row[other] * logProbabilities[start + other] }
        }
        scores[start + c] = sum
      }
    }
    return scores
  }
}
