#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What an architecture is worth, from its accuracy and its cost.
public enum Reward: Hashable, Sendable {
  /// accuracy + weight |cost / target - 1|, with a weight below 0. Source: TuNAS, arXiv:2008.06120.
  case absolute(weight: Double)
  /// accuracy (cost / target)^exponent, with an exponent below 0. Source: MnasNet, arXiv:1807.11626.
  case mnasNet(exponent: Double)

  /// The reward.
  ///
  /// - Parameters:
  ///   - accuracy: In `0...1`.
  ///   - costRatio: The cost over its target; above 0.
  public func value(accuracy: Double, costRatio: Double) -> Double {
    switch self {
    case .absolute(let weight): accuracy + weight * abs(costRatio - 1)
    case .mnasNet(let exponent): accuracy * pow(costRatio, exponent)
    }
  }
}
