/// A stream of pseudo-random numbers that a seed and a path select: the same ones on every machine, in any order of work.
///
/// A draw depends on nothing but its own stream, so that a training resumed in the middle, or run beside others, draws
/// what it would have drawn alone.
/// Source: SplitMix64, Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195.
public struct RandomStream: RandomNumberGenerator, Hashable, Sendable {
  @usableFromInline var state: UInt64
  @usableFromInline static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// Selects a stream.
  ///
  /// - Parameters:
  ///   - seed: What the user chose.
  ///   - path: What the numbers are for, such as a member, a purpose, an epoch and a step.
  public init(seed: UInt64, _ path: UInt64...) {
    self.init(state: Self.mixed(seed &+ Self.increment))
    for element in path { self = branch(element) }
  }

  /// The stream one step further along the path, provided that nothing was drawn from this one.
  public func branch(_ element: UInt64) -> RandomStream {
    RandomStream(
      state: Self.mixed(state ^ Self.mixed(element &+ Self.increment) &+ Self.increment))
  }

  init(state: UInt64) {
    self.state = state
  }

  @inlinable static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// The next 64 random bits.
  @inlinable public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mixed(state)
  }

  /// A whole number in `0..<bound`, each with the same probability.
  ///
  /// Source: Lemire 2019, doi:10.1145/3230636.
  @inlinable public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "there is no number below \(bound)")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// A number in `0..<1`, a multiple of 2^-53.
  public mutating func unitInterval() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// `0..<count` in random order, each order with the same probability.
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, integer(below: last + 1))
    }
    return order
  }
}
