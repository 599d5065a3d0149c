import Concurrency

/// One way to draw images, and what is promised of each draw.
public struct GuaranteeSetting: Sendable {
  /// Something that is promised.
  public struct Promise: Sendable {
    /// What it is, of which images.
    public let name: String
    /// The share that may be broken.
    public let level: Double
    /// How firmly it is said.
    public let strength: GuaranteeCheck.Strength

    /// - Parameter strength: Exact for any number of images, unless otherwise said.
    public init(_ name: String, level: Double, strength: GuaranteeCheck.Strength = .exact) {
      (self.name, self.level, self.strength) = (name, level, strength)
    }
  }

  /// What came of one promise in one draw.
  public struct Outcome: Sendable {
    /// Whether something was promised. Where nothing was, nothing is broken, and the draw counts: the level is one of all draws.
    public let isMade: Bool
    /// Whether it was broken on each of some further images, or once for the whole draw; none where no image says anything.
    public let isBroken: [Bool]

    /// Of further images, drawn after the promise was made.
    public init(onImages isBroken: [Bool]) { (isMade, self.isBroken) = (true, isBroken) }

    /// Of a draw that keeps its promise or breaks it; nil where it made none.
    public init(_ isBroken: Bool?) {
      (isMade, self.isBroken) = (isBroken != nil, [isBroken ?? false])
    }
  }

  /// Identifies it in its part.
  public let name: String
  /// What is promised of each draw.
  public let promises: [Promise]
  /// What comes of one draw, one for each promise; the same number gives the same.
  private let outcomes: @Sendable (_ draw: Int) throws -> [Outcome]

  /// A setting whose draws are made by `outcomes`.
  public init(
    _ name: String, _ promises: [Promise],
    outcomes: @escaping @Sendable (_ draw: Int) throws -> [Outcome]
  ) {
    (self.name, self.promises, self.outcomes) = (name, promises, outcomes)
  }

  /// A setting with one promise, called as it is.
  public init(
    _ promise: Promise, outcome: @escaping @Sendable (_ draw: Int) throws -> Outcome
  ) {
    self.init(promise.name, [promise]) { [try outcome($0)] }
  }

  /// Nothing drawn yet.
  public var unchecked: [GuaranteeCheck] { promises.map(GuaranteeCheck.init) }

  /// Adds some draws, on all cores; the sum is the same on any number of them.
  public func add(_ draws: Range<Int>, to checks: inout [GuaranteeCheck]) throws {
    let found = try parallelMap(draws.count) { try outcomes(draws.lowerBound + $0) }
    for outcomes in found {
      for place in checks.indices { checks[place].add(outcomes[place]) }
    }
  }

  /// What came of so many draws.
  public func checks(draws: Int) throws -> [GuaranteeCheck] {
    var checks = unchecked
    try add(0..<draws, to: &checks)
    return checks
  }
}
