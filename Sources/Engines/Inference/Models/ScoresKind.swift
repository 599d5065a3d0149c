import Synchronization

/// What the numbers plainly are that a model gave where logits were expected.
public enum ScoresKind: Hashable, Sendable, CustomStringConvertible {
  /// Every row is of 0 to 1 and sums to 1.
  case probabilities
  /// Every row is of 0 to 100 and sums to 100.
  case percentages
  /// Every number is 1.
  case ones
  /// Every row holds the negated logarithms of a distribution.
  case negatedLogarithms

  /// What was seen, and the option that settles it.
  public var description: String {
    switch self {
    case .probabilities:
      "its outputs are probabilities, not logits: all are of 0 to 1 and each row sums to 1; say so with --output-kind "
        + "probabilities (of an ensemble's member, when building it), or --output-kind logits to take their softmax all the same"
    case .percentages:
      "its outputs are percentages, not logits: all are of 0 to 100 and each row sums to 100; say so with --output-kind "
        + "percentages (of an ensemble's member, when building it), or --output-kind logits to take their softmax all the same"
    case .ones:
      "its outputs are all 1, as those of a softmax over an axis of a single number; export it with a softmax over the axis "
        + "of the classes, or without one"
    case .negatedLogarithms:
      "its outputs are the negated logarithms of a distribution, so that the most probable class has the least; export the "
        + "logits, or say --output-kind logits to take their softmax all the same"
    }
  }
}

/// Looks at rows of what is taken for logits, on several threads, and finds out where it is something else.
package final class ScoresObserver: Sendable {
  private struct State {
    var rows = 0
    /// Whether all rows so far may be each of them.
    var (areProbabilities, arePercentages, areOnes) = (true, true, true)
    var areNegatedLogarithms = true
    var areWithinUnit = true
    /// Whether a row's negated logarithms are of several probabilities: 6 and 0 are rather logits.
    var isSpread = false
  }

  private let state = Mutex(State())

  package init() {}

  /// Adds rows of `classes` numbers.
  package func add(_ values: UnsafeBufferPointer<Float>, classes: Int) {
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
    let sum = row.reduce(0.0) { $0 + Double($1) }
    state.areProbabilities = state.areProbabilities && isDistribution(row, sum: sum, of: 1)
    state.arePercentages = state.arePercentages && isDistribution(row, sum: sum, of: 100)
    state.areOnes = state.areOnes && row.allSatisfy { $0 == 1 }
    state.areWithinUnit = state.areWithinUnit && row.allSatisfy { $0 >= 0 && $0 <= 1 }
    if state.areNegatedLogarithms {
      let probabilities = row.map { Double(exponential(-$0)) }
      state.areNegatedLogarithms =
        row.allSatisfy { $0 >= -1e-6 } && abs(probabilities.reduce(0, +) - 1) <= 2e-3
      state.isSpread = state.isSpread || row.allSatisfy { $0 > 1e-2 }
    }
  }

  private static func isDistribution(
    _ row: UnsafeBufferPointer<Float>, sum: Double, of whole: Double
  ) -> Bool {
    guard abs(sum - whole) <= tolerance * whole else { return false }
    return row.allSatisfy { Double($0) >= -1e-6 * whole && Double($0) <= 1.001 * whole }
  }

  /// What to say of rows that may be logits, and may be something else.
  package var doubt: String? {
    state.withLock { state in
      // A few rows of mild logits may lie there by chance.
      guard state.rows >= 8, state.areWithinUnit else { return nil }
      return
        "its outputs are taken as logits, although all are of 0 to 1 (rows do not sum to 1): where they are no "
        + "logits, export those"
    }
  }

  /// What the rows so far plainly are; nil for logits. Rows that sum to anything else may be logits: of a network whose
  /// weights of all classes sum to the same, all rows do.
  package var found: ScoresKind? {
    state.withLock { state in
      guard state.rows > 0 else { return nil }
      if state.areProbabilities { return .probabilities }
      if state.arePercentages { return .percentages }
      if state.areOnes { return .ones }
      return state.areNegatedLogarithms && state.isSpread ? .negatedLogarithms : nil
    }
  }
}
