/// The SplitMix64 generator: the same numbers from the same seed on every machine.
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators",
/// https://doi.org/10.1145/2714064.2660195.
struct SplitMix64: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A generator of its own for one counter under one seed, independent of how many numbers others drew.
  init(seed: UInt64, stream: UInt64, counter: UInt64) {
    state = Self.mixed(Self.mixed(Self.mixed(seed) ^ stream) ^ counter)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A whole number of `range`, by multiply and shift; the bias is below 2^-32 for the small ranges drawn here.
  mutating func integer(in range: ClosedRange<Int>) -> Int {
    let width = UInt64(range.upperBound - range.lowerBound + 1)
    return range.lowerBound + Int(next().multipliedFullWidth(by: width).high)
  }

  /// True with a chance of `percent` in a hundred.
  mutating func chance(percent: Int) -> Bool { integer(in: 0...99) < percent }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
