import Statistics

/// How often a promise was broken in simulated draws, beside how often it may be.
public struct GuaranteeCheck: Codable, Sendable {
  /// What was promised, of which images.
  public let name: String
  /// How many times all was drawn anew.
  public let draws: Int
  /// The share that may be broken.
  public let level: Double
  /// The share that was.
  public let violations: Double
  /// The standard error of `violations`, over the draws.
  public let standardError: Double

  /// - Parameter shares: Of each draw, the share that was broken: 0 or 1 where a draw keeps its promise or does not.
  public init(_ name: String, level: Double, shares: [Double]) {
    self.name = name
    self.level = level
    draws = shares.count
    violations = shares.mean
    standardError = shares.sampleStandardDeviation / Double(shares.count).squareRoot()
  }

  /// Whether it was broken more often than it may be, by more than chance: three standard errors.
  public var isBroken: Bool { violations > level + 3 * standardError }
}
