import Synchronization

/// What the numbers plainly are that a model gave where logits were expected.
public enum ScoresKind: Hashable, Sendable, CustomStringConvertible {
  /// Every row is of 0 to 1 and sums to 1.
  case probabilities
  /// Every row is not negative, and all sum to the same.
  case sameSum(Double)
  /// Every number is of 0 to 1, and the rows sum to one thing and another.
  case independent
  /// Every row holds the negated logarithms of a distribution.
  case negatedLogarithms

  /// What was seen, and the option that settles it.
  public var description: String {
    switch self {
    case .probabilities:
      "its outputs are probabilities, not logits: all are of 0 to 1 and each row sums to 1; say so with --output-kind "
        + "probabilities (of an ensemble's member, when building it), or --output-kind logits to take their softmax all the same"
    case .sameSum(let sum):
      "its outputs are no logits: none is negative and each row sums to \(Float(sum)), as scaled or several distributions do; "
        + "say --output-kind percentages where it is 100, export one distribution otherwise, or say --output-kind logits to take "
        + "their softmax all the same"
    case .independent:
      "its outputs are all of 0 to 1 and do not sum to 1, as sigmoids do, each class by itself; export the logits, or say "
        + "--output-kind logits to take their softmax all the same"
    case .negatedLogarithms:
      "its outputs are the negated logarithms of a distribution, so that the most probable class has the least; export the "
        + "logits, or say --output-kind logits to take their softmax all the same"
    }
  }
}

/// Looks at rows of what is taken for logits, on several threads, and finds out where it is something else.
final class ScoresObserver: Sendable {
  private struct State {
    var rows = 0
    var first: [Float] = []
    var differs = false
    var (isUnit, isPositive, sumsToOne, isNegatedLogarithm) = (true, true, true, true)
    var sums = (least: Double.infinity, greatest: -Double.infinity)
  }

  private let state = Mutex(State())

  /// Adds rows of `classes` numbers.
  func add(_ values: UnsafeBufferPointer<Float>, classes: Int) {
    state.withLock { state in
      for start in stride(from: 0, to: values.count, by: classes) {
        Self.add(values.extracting(start..<start + classes), to: &state)
      }
    }
  }

  /// Of rounding, also in half precision.
  private static let tolerance = 1e-2

  private static func add(_ row: UnsafeBufferPointer<Float>, to state: inout State) {
    state.rows += 1
    if state.first.isEmpty { state.first = Array(row) }
    let greatest = row.max() ?? 0
    state.differs =
      state.differs || zip(row, state.first).contains { abs($0 - $1) > 1e-3 * max(greatest, 1e-3) }
    guard state.isPositive, row.allSatisfy({ $0 >= -1e-6 }) else {
      (state.isPositive, state.isUnit, state.sumsToOne, state.isNegatedLogarithm) = (
        false, false, false, false
      )
      return
    }
    let sum = row.reduce(0.0) { $0 + Double($1) }
    state.isUnit = state.isUnit && greatest <= 1.001
    state.sumsToOne = state.sumsToOne && abs(sum - 1) <= tolerance
    state.sums = (min(state.sums.least, sum), max(state.sums.greatest, sum))
    if state.isNegatedLogarithm {
      let total = row.reduce(0.0) { $0 + Double(exponential(-$1)) }
      state.isNegatedLogarithm = abs(total - 1) <= tolerance
    }
  }

  /// What the rows so far plainly are; nil for logits.
  var found: ScoresKind? {
    state.withLock { state in
      guard state.rows > 0, state.isPositive else { return nil }
      if state.isUnit, state.sumsToOne { return .probabilities }
      if state.isNegatedLogarithm { return .negatedLogarithms }
      guard state.differs, state.sums.greatest > 0 else { return nil }
      let spread = state.sums.greatest - state.sums.least
      if spread <= 1e-3 * state.sums.greatest { return .sameSum(state.sums.greatest) }
      return state.isUnit ? .independent : nil
    }
  }
}
