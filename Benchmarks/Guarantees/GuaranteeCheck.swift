import Statistics

/// How often a promise was broken in simulated draws, beside how often it may be.
public struct GuaranteeCheck: Codable, Hashable, Sendable {
  /// How firmly something is said.
  public enum Strength: String, Codable, Sendable {
    /// It holds for any number of images.
    case exact
    /// It holds as the number of images grows.
    case asymptotic
    /// It is not promised, only estimated: what comes of it is shown for comparison.
    case estimate
  }

  /// What was promised, of which images.
  public let name: String
  /// The share that may be broken.
  public let level: Double
  /// How firmly it was said.
  public let strength: Strength
  /// How many times all was drawn anew.
  public private(set) var draws = 0
  /// In how many of them something was promised.
  public private(set) var made = 0
  /// In how many of them it was broken: where further images say so, on the first of them.
  public private(set) var broken = 0
  /// Whether further images say so.
  public private(set) var isOfImages = false
  /// Over the draws, the sum of the share of a draw's further images on which it was broken, and of its square.
  private var (sum, squares) = (0.0, 0.0)

  init(_ promise: GuaranteeSetting.Promise) {
    (name, level, strength) = (promise.name, promise.level, promise.strength)
  }

  mutating func add(_ outcome: GuaranteeSetting.Outcome) {
    guard let first = outcome.isBroken.first else { return }
    let share = Double(outcome.isBroken.count { $0 }) / Double(outcome.isBroken.count)
    draws += 1
    made += outcome.isMade ? 1 : 0
    broken += first ? 1 : 0
    isOfImages = isOfImages || outcome.isBroken.count > 1
    sum += share
    squares += share * share
  }

  /// The share that was broken, on all further images of all draws.
  public var violations: Double { sum / Double(max(1, draws)) }

  /// The standard error of `violations`, over the draws.
  public var standardError: Double {
    let count = Double(max(2, draws))
    let variance = max(0, squares / count - violations * violations) * count / (count - 1)
    return (variance / count).squareRoot()
  }

  /// Clopper and Pearson's 95 % interval of the share that is broken: of draws that were independent of each other.
  public var interval: ClosedRange<Double> {
    func bound(_ bound: (Int, Int, Double) -> Double) -> Double { bound(broken, draws, 0.975) }
    return bound {
      BinomialBounds.lower(hits: $0, count: $1, confidence: $2)
    }...bound {
      BinomialBounds.upper(hits: $0, count: $1, confidence: $2)
    }
  }

  /// Whether it was broken more often than it may be, by more than chance: three standard errors.
  public var isBroken: Bool { violations > level + 3 * standardError }
}
