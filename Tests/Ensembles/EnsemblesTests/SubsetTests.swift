import EnsembleTestSupport
import Files
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

@Suite struct SubsetTests {
  /// The counts of hits by sums in float, of few classes, against the ranks of every class by sums in double.
  @Test(arguments: CombinationRule.allCases, [1, 2, 3, 17, 100])
  func top1AccuraciesAreThoseOfTheMetrics(_ rule: CombinationRule, classes: Int) throws {
    for kind in Kind.allCases {
      let members = try madeUp(kind, members: 4, images: 24, classes: classes)
      let subsets = (1..<16).map { bits in (0..<4).filter { bits >> $0 & 1 == 1 } }
      let evaluator = SubsetEvaluator(members: members, rule: rule, subsets: subsets)
      let fast = evaluator.top1Accuracies()
      #expect(fast == evaluator.metrics().map(\.top1Accuracy), "\(kind), \(classes) classes")
      let rows = members.map { member in
        let values = member.withLogProbabilities { $0.map(Double.init) }
        return rule == .arithmeticMean ? exponentials(values) : values.map { max($0, -1e12) }
      }
      let expected = subsets.map { reference(rule, $0.map { rows[$0] }, members[0]) }
      #expect(fast == expected, "\(kind), \(classes) classes")
      #expect(evaluator.correctness() == evaluator.evaluate().correctness, "\(kind)")
    }
  }

  /// Kinds of predictions that lead through every path of the kernels.
  enum Kind: CaseIterable {
    /// Most classes have no chance.
    case alike
    /// No class is without a chance.
    case independent
    /// Few values, so that sums tie.
    case tied
    /// Probabilities of 0, also of labels.
    case zeros
    /// Sums closer than floats distinguish.
    case close
  }

  private func madeUp(
    _ kind: Kind, members: Int, images: Int, classes: Int
  ) throws -> [Predictions] {
    var generator = RandomStream(seed: 11, UInt64(classes))
    let labels = (0..<images).map { _ in Int64(generator.integer(below: classes)) }
    let shared = (0..<images * classes).map { _ in 4 * generator.unitInterval() }
    return try (0..<members).map { index in
      let rows = (0..<images).map { image in
        let scores = (0..<classes).map { c -> Double in
          let isLabel = Int64(c) == labels[image]
          let place = image * classes + c
          return switch kind {
          case .alike: shared[place] + generator.unitInterval() + (isLabel ? 2 : 0)
          case .independent: 3 * generator.unitInterval()
          case .tied: Double(generator.integer(below: 3))
          case .zeros: generator.integer(below: 3) == 0 ? -.infinity : generator.unitInterval()
          case .close: 1 + 1e-7 * Double(generator.integer(below: 4))
          }
        }
        let weights = scores.map(exponential)
        let total = weights.reduce(0, +)
        return total > 0
          ? weights.map { $0 / total } : (0..<classes).map { $0 == 0 ? 1 : 0 }
      }
      return try member("m\(index)", rows, labels: labels)
    }
  }

  /// The accuracy of one ensemble, written out.
  private func reference(
    _ rule: CombinationRule, _ rows: [[Double]], _ data: Predictions
  ) -> Double {
    var hits = 0
    for image in 0..<data.count {
      let places = image * data.classes..<(image + 1) * data.classes
      let sums = places.map { place in rows.dropFirst().reduce(rows[0][place]) { $0 + $1[place] } }
      var votes = [Int](repeating: 0, count: data.classes)
      if rule == .majorityVote {
        for row in rows { votes[first(places.map { (0, row[$0]) })] += 1 }
      }
      if Int64(first(Array(zip(votes, sums)))) == data.labels[image] { hits += 1 }
    }
    return Double(hits) / Double(data.count)
  }

  /// The position of the greatest key, of equals the first.
  private func first(_ keys: [(Int, Double)]) -> Int {
    keys.indices.reduce(0) { keys[$1] > keys[$0] ? $1 : $0 }
  }

  @Test func scoresOfAllSubsets() throws {
    let members = try fixtureMembers()
    let fast = try SubsetScores(of: members, sizes: 1...3)
    #expect(fast.subsets.count == 6 + 15 + 20 && !fast.isSampled && fast.metrics.isEmpty)
    #expect(fast.members == members.map(\.name) && fast.fingerprint == "made-up")
    for (subset, accuracy) in zip(fast.subsets, fast.top1Accuracies) {
      #expect(try Metrics(of: subset.map { members[$0] }).top1Accuracy == accuracy)
    }
    let all = try SubsetScores(of: members, sizes: 2...9, measure: .allMetrics)
    #expect(all.subsets.count == 63 - 6 && all.top1Accuracies == all.metrics.map(\.top1Accuracy))
    let best = try #require(fast.best())
    let place = try #require(fast.subsets.firstIndex(of: best))
    #expect(fast.top1Accuracies[place] == fast.top1Accuracies.max())
    #expect(fast.top1Accuracies.firstIndex(of: fast.top1Accuracies[place]) == place)
    #expect(fast.best { $0.count == 1 }?.count == 1 && fast.best { _ in false } == nil)
    #expect(try SubsetScores(of: members, sizes: 2...3, maximumSubsets: 4).isSampled)
    #expect(throws: EnsembleError.invalidSizes(7...8, members: 6)) {
      try SubsetScores(of: members, sizes: 7...8)
    }
    #expect(throws: EnsembleError.invalidSubsetLimit(0)) {
      try SubsetScores(of: members, sizes: 1...1, maximumSubsets: 0)
    }
  }

  /// The exponential and the logarithm behind the metrics, against the C library's.
  @Test func exponentialsAreAccurate() {
    var generator = RandomStream(seed: 5)
    let values: [Double] =
      [0, -0.0, -708, -708.1, -1e12, -Double.infinity]
      + (0..<5000).map { _ in
        -50 * generator.unitInterval() * generator.unitInterval()
      }
    let results = exponentials(values)
    for (value, result) in zip(values, results) {
      let exact = exponential(value)
      let tolerance = value < -708 ? 1e-307 : 4e-16 * exact
      expectClose(result, exact, within: tolerance, "\(value)")
    }
  }

  /// A mapped file's memory may be given back at any time.
  @Test func releasedMemoryIsReadAgain() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/bytes"
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    try DurableFile.write(bytes, to: path)
    let file = try MappedFile(path: path)
    for range in [0..<0, 0..<100_000, 5000..<20_000, 90_000..<200_000, 99_999..<100_000] {
      file.release(range)
      #expect(file.withBytes { Array($0) } == bytes)
    }
  }
}
