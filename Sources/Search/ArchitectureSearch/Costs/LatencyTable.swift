import Formatting
import Networks
import Statistics

/// How long networks take for one image, from the measured times of their segments.
public struct LatencyTable: Sendable {
  /// Of each segment that was measured.
  public let milliseconds: [NetworkSegment: Double]
  /// What a run takes besides its segments.
  public let overheadMilliseconds: Double
  /// How it was measured, in words: engine, processor, images at a time, threads.
  public let conditions: String
  /// How well it predicts whole networks; nil where none were measured.
  public let check: Check?

  /// Creates a table of what was measured under the same `conditions`.
  ///
  /// - Parameters:
  ///   - milliseconds: Of each segment, finite and positive.
  ///   - overheadMilliseconds: What a run takes besides, finite and not negative.
  public init(
    milliseconds: [NetworkSegment: Double], overheadMilliseconds: Double, conditions: String,
    check: Check? = nil
  ) {
    self.milliseconds = milliseconds
    self.overheadMilliseconds = overheadMilliseconds
    self.conditions = conditions
    self.check = check
  }

  /// Milliseconds for one image; nil where a segment was not measured.
  public func latency(of network: Network) -> Double? {
    latency(of: network.segments())
  }

  /// Milliseconds of a network of these segments for one image; nil where one of them was not measured.
  public func latency(of segments: [NetworkSegment]) -> Double? {
    var sum = overheadMilliseconds
    for segment in segments {
      guard let time = milliseconds[segment] else { return nil }
      sum += time
    }
    return sum
  }

  /// The segments of a network that were not measured, in order.
  public func missingSegments(of network: Network) -> [NetworkSegment] {
    network.segments().filter { milliseconds[$0] == nil }
  }

  /// The same table, with its segments' times multiplied by one factor, so that it predicts these networks well.
  ///
  /// The factor is the median of those that would be right for each network. The conditions say it.
  public func calibrated(on networks: [Check.Comparison]) -> LatencyTable {
    let factors = networks.map {
      ($0.measuredMilliseconds - overheadMilliseconds)
        / ($0.predictedMilliseconds - overheadMilliseconds)
    }
    guard !factors.isEmpty, factors.median.isTime else { return self }
    let factor = factors.median
    return LatencyTable(
      milliseconds: milliseconds.mapValues { $0 * factor },
      overheadMilliseconds: overheadMilliseconds,
      conditions: "\(conditions); segments times \((factor * 1000).rounded() / 1000), "
        + "fitted on \(networks.count) whole networks", check: check)
  }

  /// The same table, checked.
  public func checked(on networks: [Check.Comparison]) -> LatencyTable {
    LatencyTable(
      milliseconds: milliseconds, overheadMilliseconds: overheadMilliseconds,
      conditions: conditions, check: Check(networks: networks))
  }
}

extension LatencyTable {
  /// How well a table predicts whole networks that it was not made of.
  public struct Check: Hashable, Sendable {
    /// What was predicted and what was measured.
    public let networks: [Comparison]

    /// Compares networks, none of which the table was made of.
    public init(networks: [Comparison]) {
      self.networks = networks
    }

    /// The median over the networks of the absolute relative error; nil where there are none.
    public var medianError: Double? {
      networks.isEmpty ? nil : networks.map(\.error).median
    }

    /// The absolute relative error that nine networks in ten do not exceed, by the nearest rank; nil where there are none.
    public var ninetiethPercentileError: Double? {
      let errors = networks.map(\.error).sorted()
      guard !errors.isEmpty else { return nil }
      return [Double].nearestRank(0.9, ofSorted: errors)
    }
  }
}

extension LatencyTable.Check {
  /// What a table predicts of a network, and how long the whole network took.
  public struct Comparison: Codable, Hashable, Sendable {
    /// The network's name.
    public let network: String
    /// What the table says, in milliseconds.
    public let predictedMilliseconds: Double
    /// What the whole network took, in milliseconds.
    public let measuredMilliseconds: Double

    /// Creates a comparison; both times are finite and positive.
    public init(network: String, predictedMilliseconds: Double, measuredMilliseconds: Double) {
      self.network = network
      self.predictedMilliseconds = predictedMilliseconds
      self.measuredMilliseconds = measuredMilliseconds
    }

    /// |predicted - measured| / measured.
    public var error: Double {
      abs(predictedMilliseconds - measuredMilliseconds) / measuredMilliseconds
    }
  }
}

// MARK: - JSON

extension LatencyTable: Codable {
  private enum CodingKeys: CodingKey {
    case version, conditions, overheadMilliseconds, segments, check
  }

  private struct Row: Codable {
    let milliseconds: Double
    let segment: NetworkSegment
  }

  private static let version = 1

  /// Decodes what `encode` wrote, and believes none of it unseen.
  ///
  /// - Throws: `DecodingError` where a key is missing, a segment is there twice or makes no sense, or a time is not
  ///   finite and positive.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .version)
    func require(_ condition: Bool, _ key: CodingKeys, _ fault: String) throws {
      guard condition else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: fault)
      }
    }
    try require(version == Self.version, .version, "it is \(version), not \(Self.version)")
    let overhead = try container.decode(Double.self, forKey: .overheadMilliseconds)
    try require(
      overhead.isFinite && overhead >= 0, .overheadMilliseconds,
      "a time is finite and not negative, not \(overhead)")
    let rows = try container.decode([Row].self, forKey: .segments)
    var milliseconds: [NetworkSegment: Double] = [:]
    for (index, row) in rows.enumerated() {
      try require(
        row.milliseconds.isTime, .segments,
        "segment \(index) takes \(row.milliseconds) ms; a time is finite and positive")
      try require(
        (try? row.segment.output()) != nil, .segments,
        "segment \(index) is not a piece of a network")
      let earlier = milliseconds.updateValue(row.milliseconds, forKey: row.segment)
      try require(earlier == nil, .segments, "segment \(index) is there twice")
    }
    let check = try container.decodeIfPresent(Check.self, forKey: .check)
    for compared in check?.networks ?? [] {
      try require(
        compared.predictedMilliseconds.isTime && compared.measuredMilliseconds.isTime, .check,
        "'\(compared.network)' has a time that is not finite and positive")
    }
    self.init(
      milliseconds: milliseconds, overheadMilliseconds: overhead,
      conditions: try container.decode(String.self, forKey: .conditions), check: check)
  }

  /// Encodes the table, the longest segments first.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.version, forKey: .version)
    try container.encode(conditions, forKey: .conditions)
    try container.encode(overheadMilliseconds, forKey: .overheadMilliseconds)
    let rows = milliseconds.map { Row(milliseconds: $1, segment: $0) }
    try container.encode(rows.sorted(by: Self.precedes), forKey: .segments)
    try container.encodeIfPresent(check, forKey: .check)
  }

  /// The order must not depend on that of a dictionary, which differs from run to run.
  private static func precedes(_ first: Row, _ second: Row) -> Bool {
    if first.milliseconds != second.milliseconds { return first.milliseconds > second.milliseconds }
    return "\(first.segment)" < "\(second.segment)"
  }
}

extension LatencyTable.Check: Codable {
  private enum CodingKeys: CodingKey {
    case networks, medianError, ninetiethPercentileError
  }

  /// Decodes the networks; the errors follow from them.
  ///
  /// - Throws: `DecodingError` at the key that is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(networks: try container.decode([Comparison].self, forKey: .networks))
  }

  /// Encodes the networks, and the errors for who reads the file.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(networks, forKey: .networks)
    try container.encodeIfPresent(medianError, forKey: .medianError)
    try container.encodeIfPresent(ninetiethPercentileError, forKey: .ninetiethPercentileError)
  }
}

extension Double {
  fileprivate var isTime: Bool { isFinite && self > 0 }
}

extension LatencyTable {
  /// How many parts there are, and how well they predict whole networks: a line or two.
  public var summary: String {
    var text = "\(milliseconds.count) parts of networks timed: \(conditions)"
    if let check, let median = check.medianError, let most = check.ninetiethPercentileError {
      text +=
        "\nerror on \(check.networks.count) whole networks: \(percent(median)) in the median, "
        + "\(percent(most)) for nine in ten"
    }
    return text
  }

  private func percent(_ share: Double) -> String { NumberFormat.percent(share, 1) + " %" }
}
