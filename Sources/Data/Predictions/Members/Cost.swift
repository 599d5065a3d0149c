/// What a budget counts.
public enum CostMeasure: String, Codable, CaseIterable, Sendable {
  /// Multiply-accumulates of one image.
  case multiplyAccumulates
  /// Learnt numbers, which have to be stored.
  case parameters
  /// Measured milliseconds of one image, members one after another.
  case latency
  /// Measured milliseconds of one image, members side by side: the slowest. A cascade's members follow one another.
  case parallelLatency

  /// Whether it is a time, which has to be measured.
  public var isTime: Bool { self == .latency || self == .parallelLatency }

  /// Such as "ms".
  package var unit: String {
    switch self {
    case .multiplyAccumulates: "multiply-accumulates"
    case .parameters: "parameters"
    case .latency, .parallelLatency: "ms"
    }
  }
}

/// What one image costs.
public struct Cost: Codable, Hashable, Sendable {
  /// Over all members; a mean over images where a cascade stops early.
  public let multiplyAccumulates: Double
  /// Of all members.
  public let parameters: Int
  /// Members one after another; a mean over images where a cascade stops early. None where it was not measured.
  public let latencyMilliseconds: Double?
  /// Members side by side, the slowest; as `latencyMilliseconds` for a cascade.
  public let parallelLatencyMilliseconds: Double?

  /// In the unit of the measure; nil where it was not measured.
  public subscript(measure: CostMeasure) -> Double? {
    switch measure {
    case .multiplyAccumulates: multiplyAccumulates
    case .parameters: Double(parameters)
    case .latency: latencyMilliseconds
    case .parallelLatency: parallelLatencyMilliseconds
    }
  }
}

extension Cost {
  /// Of members that all run on each image.
  ///
  /// - Parameter latencies: Milliseconds of each member; nil where some member's is not known.
  package init(of members: [Predictions], latencies: [Double]?) {
    self.init(
      multiplyAccumulates: members.reduce(0) { $0 + Double($1.multiplyAccumulates) },
      parameters: Self.parameters(of: members),
      latencyMilliseconds: latencies?.reduce(0, +),
      parallelLatencyMilliseconds: latencies?.max())
  }

  /// Of a cascade.
  ///
  /// - Parameter exitFractions: Of each member, the share of the images that stop after it.
  package init(ofCascade members: [Predictions], exitFractions: [Double], latencies: [Double]?) {
    let latency = latencies.map { Self.expected($0, exitFractions) }
    self.init(
      multiplyAccumulates: Self.expected(
        members.map { Double($0.multiplyAccumulates) }, exitFractions),
      parameters: Self.parameters(of: members),
      latencyMilliseconds: latency, parallelLatencyMilliseconds: latency)
  }

  private static func parameters(of members: [Predictions]) -> Int {
    // Each is at most `Predictions.largestCost`; thousands of members are no overflow.
    members.reduce(0) { $0 + $1.parameters }
  }

  /// What an image costs on average where it stops after some of the members, in the unit of the costs.
  ///
  /// - Parameters:
  ///   - costs: Of each member.
  ///   - exitFractions: Of each member, the share of the images that stop after it.
  public static func expected(_ costs: [Double], _ exitFractions: [Double]) -> Double {
    var reaching = 1.0
    return zip(costs, exitFractions).reduce(0) { sum, stage in
      defer { reaching -= stage.1 }
      return sum + max(0, reaching) * stage.0
    }
  }
}
