import Predictions

/// Which of all images' costs a budget bounds: those of a cascade differ from image to image.
public enum CostQuantile: Codable, Hashable, Sendable {
  /// The mean over images.
  case mean
  /// What at most so many percent of the images do not exceed, in `50...99`.
  case percentile(Int)
  /// That of the image that costs most: one that comes to all members, whether or not one of the hold-out does.
  case worst

  /// Such as "p99".
  public var name: String {
    switch self {
    case .mean: "mean"
    case .percentile(let percent): "p\(percent)"
    case .worst: "worst"
    }
  }

  /// What `name` says; nil for what is none.
  public init?(name: String) {
    switch name {
    case "mean": self = .mean
    case "worst": self = .worst
    default:
      guard name.hasPrefix("p"), let percent = Int(name.dropFirst()), (50...99).contains(percent)
      else { return nil }
      self = .percentile(percent)
    }
  }

  /// Reads its name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let found = Self(name: name) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(name)' is not mean, worst or p50 to p99")
    }
    self = found
  }

  /// Writes its name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  /// The cost of a cascade's image.
  ///
  /// - Parameters:
  ///   - costs: Of each member alone, in order.
  ///   - exitFractions: Of each member, the share of the images that stop after it.
  public func cost(_ costs: [Double], _ exitFractions: [Double]) -> Double {
    switch self {
    case .mean: return Cost.expected(costs, exitFractions)
    case .worst: return costs.reduce(0, +)
    case .percentile(let percent):
      var (sum, stopped) = (0.0, 0.0)
      for (cost, fraction) in zip(costs, exitFractions) {
        sum += cost
        stopped += fraction
        // A hair, so that shares that are summed do not miss their percentage.
        if stopped >= Double(percent) / 100 - 1e-9 { return sum }
      }
      return sum
    }
  }
}
