import Networks

/// What an ensemble shall cost.
public struct CostTarget: Codable, Hashable, Sendable {
  /// Multiply-accumulates, or milliseconds, of the whole ensemble, for one image.
  public var target: Double
  /// The share by which an architecture may cost more or less, or it is not evaluated at all; nil for no such limit.
  public var tolerance: Double?
  /// What is counted.
  public var measure: Measure

  /// What costs.
  public enum Measure: String, Codable, Hashable, Sendable, CaseIterable {
    /// Multiply-accumulates of convolutions and linear layers.
    case multiplyAccumulates = "macs"
    /// Milliseconds of one image on one thread, members one after another, by a table measured on this machine.
    case latency
  }

  /// Creates a target in the unit of `measure`.
  public init(target: Double, tolerance: Double?, measure: Measure = .multiplyAccumulates) {
    self.target = target
    self.tolerance = tolerance
    self.measure = measure
  }

  /// Whether an architecture of that cost is to be evaluated.
  ///
  /// - Parameter share: Of the target that the architecture may have.
  func admits(_ cost: Double, share: Double) -> Bool {
    guard let tolerance else { return true }
    return abs(cost / (target * share) - 1) <= tolerance
  }

  /// Such as "26.7 M multiply-accumulates".
  public func text(_ cost: Double) -> String { measure.text(cost) }
}

extension CostTarget.Measure {
  /// Such as "26.7 M MACs" or "1.25 ms".
  public func text(_ cost: Double) -> String {
    switch self {
    case .multiplyAccumulates: "\(scaled(cost)) MACs"
    case .latency: "\((cost * 1000).rounded() / 1000) ms"
    }
  }

  private func scaled(_ cost: Double) -> String {
    var (value, unit) = (cost, "")
    for next in [" k", " M", " G"] where value >= 1000 { (value, unit) = (value / 1000, next) }
    return "\((value * 10).rounded() / 10)\(unit)"
  }
}

/// Counts or looks up what a network costs.
public enum CostModel: Sendable {
  /// Multiply-accumulates.
  case multiplyAccumulates
  /// By a measured table.
  case latency(LatencyTable)

  /// The cost of one image; nil where the table lacks a part of the network.
  public func cost(of network: Network) -> Double? {
    switch self {
    case .multiplyAccumulates: Double(network.totals.multiplyAccumulates)
    case .latency(let table): table.latency(of: network)
    }
  }
}
