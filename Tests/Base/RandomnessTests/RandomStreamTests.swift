import Testing

@testable import Randomness

@Suite struct RandomStreamTests {
  @Test func drawsDependOnSeedAndPathOnly() {
    var first = RandomStream(seed: 7, 1, 2)
    var second = RandomStream(seed: 7, 1, 2)
    var otherPath = RandomStream(seed: 7, 2, 1)
    var otherSeed = RandomStream(seed: 8, 1, 2)
    let draws = (0..<8).map { _ in first.next() }
    #expect(draws == (0..<8).map { _ in second.next() })
    #expect(draws != (0..<8).map { _ in otherPath.next() })
    #expect(draws != (0..<8).map { _ in otherSeed.next() })
  }

  /// The first numbers of the reference implementation for the state 1234567.
  @Test func theGeneratorIsSplitMix64() {
    var stream = RandomStream(state: 1_234_567)
    let draws = (0..<3).map { _ in stream.next() }
    #expect(
      draws == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test func integersAreUniform() {
    var stream = RandomStream(seed: 1)
    var counts = [Int](repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[stream.integer(below: 6)] += 1 }
    // Chi-square with 5 degrees of freedom: 20.5 is exceeded with probability 0.001.
    let chiSquare = counts.reduce(0.0) { $0 + Double(($1 - 10_000) * ($1 - 10_000)) / 10_000 }
    #expect(chiSquare < 20.5)
  }

  @Test func permutationsHoldEveryIndexOnce() {
    var stream = RandomStream(seed: 2)
    let order = stream.permutation(of: 1000)
    #expect(order.sorted() == Array(0..<1000))
    #expect(order != Array(0..<1000))
    #expect(stream.permutation(of: 1000) != order)
    #expect(stream.permutation(of: 0).isEmpty)
  }

  @Test func unitIntervalStaysInside() {
    var stream = RandomStream(seed: 4)
    let draws = (0..<10_000).map { _ in stream.unitInterval() }
    #expect(draws.allSatisfy { (0..<1).contains($0) })
    #expect(abs(draws.reduce(0, +) / 10_000 - 0.5) < 0.01)
  }
}
