import EnsembleTestSupport
import Randomness
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Formatting
@testable import Predictions
@testable import Statistics

/// Searches that are bounded: in time, in memory, and by the images that thresholds are searched on.
@Suite struct SearchPaceTests {
  /// Members of one network that are right more often than not.
  private func sets(_ count: Int, images: Int) throws -> PredictionSets {
    func members(_ split: String) throws -> [Predictions] {
      var generator = RandomStream(seed: UInt64(images), split == "test" ? 1 : 2)
      let labels = (0..<images).map { _ in Int64(generator.integer(below: 3)) }
      return try (0..<count).map { place in
        let rows = labels.map { label -> [Double] in
          let top = generator.unitInterval() < 0.7 ? Int(label) : generator.integer(below: 3)
          let peak = Double(4 + generator.integer(below: 6)) / 10
          return (0..<3).map { $0 == top ? peak : (1 - peak) / 2 }
        }
        return try member(
          "m\(place)", network: "n", macs: 10, parameters: 5, split: split, fingerprint: split,
          rows, labels: labels)
      }
    }
    return try PredictionSets(holdOut: members("hold-out"), test: members("test"))
  }

  /// After no time at all the smallest ensembles are tried and no cascade, and that is on record.
  @Test func whatTimeCutsOffIsOnRecord() throws {
    let sets = try sets(14, images: 30)
    let whole = try Decision(sets)
    #expect(whole.search?.isCut == false && whole.search?.seconds == nil)
    #expect(whole.search?.ensembles == SearchRecord.Share(planned: 1470, tried: 1470))
    #expect(whole.search?.largestEnsemble == 4 && whole.search?.cascadeImages == nil)
    let cut = try Decision(sets, pace: SearchPace(seconds: 1e-9))
    let record = try #require(cut.search)
    #expect(record.isCut && record.seconds == 1e-9)
    #expect(record.ensembles == SearchRecord.Share(planned: 1470, tried: 1024))
    #expect(cut.subsetCount == 1024 && record.largestEnsemble == 4)
    #expect(record.cascadeGoals.tried == 0 && record.cascadeGoals.planned >= 15)
    #expect(cut.candidates.allSatisfy { $0.kind != .cascade })
    #expect(cut.candidates.count { $0.kind == .single } == 14)
    #expect(cut.reference == whole.reference)
    #expect(try json(roundTrip(cut)) == json(cut))
  }

  /// All ensembles are told of, then the sequences for cascades; with time enough all are tried.
  @Test func progressIsTold() throws {
    var found: [SearchPace.Progress] = []
    let decision = try Decision(
      sets(14, images: 60), pace: SearchPace(seconds: 1e6) { found.append($0) })
    #expect(decision.search?.isCut == false)
    let ensembles = found.filter { $0.kind == .ensembles }
    #expect(ensembles.map(\.done) == [1024, 1470] && ensembles.allSatisfy { $0.total == 1470 })
    #expect(ensembles.allSatisfy { ($0.secondsLeft ?? -1) >= 0 })
    let cascades = found.filter { $0.kind == .cascades }
    #expect(!cascades.isEmpty && cascades.allSatisfy { $0.done <= $0.total })
  }

  @Test func ensemblesThatDoNotFitAreRefused() throws {
    let sets = try sets(40, images: 2)
    var options = Decision.Options()
    options.maximumMembers = 20
    options.maximumSubsets = 1_000_000_000
    let error = #expect(throws: EnsembleError.self) { try Decision(sets, options: options) }
    guard case .tooManySubsets(let needed, let limit, let fitting)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(needed > Double(limit) && limit == 1 << 30 && (10_000..<10_000_000).contains(fitting))
    options.maximumSubsets = fitting
    #expect(throws: Never.self) {
      try EnsembleSearch(of: Array(sets.test.prefix(12)), options: options)
    }
  }

  @Test func subsetsInLittleMemory() {
    var list = SubsetList()
    for subset in [[0], [3], [0, 1], [0, 2], [1, 2], [0, 1, 3]] { list.append(subset) }
    #expect(list.count == 6 && list[3] == [0, 2] && list[5] == [0, 1, 3] && list.size(4) == 2)
    // [0] 1, [3] 1, [0, 1] 2, then 1 more for [0, 2], 2 for [1, 2], and 3.
    #expect(list.additions(0..<6) == 10 && list.additions(3..<4) == 2)
  }

  /// Blocks of rows give what rows alone give.
  @Test(arguments: CombinationRule.allCases) func rowsInBlocks(_ rule: CombinationRule) throws {
    var generator = RandomStream(seed: 3)
    let (images, classes) = (3000, 100)
    let labels = (0..<images).map { Int64($0 % classes) }
    let members = try (0..<2).map { place in
      let rows = labels.map { label -> [Double] in
        let raw = (0..<classes).map {
          $0 == label ? 0.505 : 0.005 * (0.5 + generator.unitInterval())
        }
        let total = raw.reduce(0, +)
        return raw.map { $0 / total }
      }
      return try member("m\(place)", rows, labels: labels)
    }
    let combined = rule.combine(members)
    for image in [0, 1, 2620, 2621, 2622, 2999] {
      let alone = rule.combine(try members.map { try $0.selecting([image]) })
      #expect(Array(combined[image * classes..<(image + 1) * classes]) == alone)
    }
  }

  /// SHA-256 of the same bytes by Python's hashlib.
  @Test func membersAreToldByTheirPredictions() throws {
    let one = try member("a", [[0.25, 0.75], [1, 0]], labels: [0, 0])
    #expect(
      one.contentSHA256() == "fab007c8c0ab1a119b1bf80d14c18d14e7c269519e2a7235e8f296d64e232947")
    let decision = try Decision(sets(3, images: 20))
    let members = try #require(decision.members)
    #expect(members.map(\.name) == ["m0", "m1", "m2"])
    #expect(Set(members.flatMap { [$0.holdOutSHA256, $0.testSHA256] }).count == 6)
    #expect(members[1].multiplyAccumulates == 10 && members[1].parameters == 5)
  }

  /// Thresholds are searched on a sample, and the budget holds on all images.
  @Test func manyImagesAreSampled() throws {
    let holdOut = try sets(2, images: CandidatePool.mostCascadeImages + 5).holdOut
    let (sample, count) = try CandidatePool.cascadeSample(holdOut, seed: 4)
    #expect(count == CandidatePool.mostCascadeImages)
    #expect(sample.allSatisfy { $0.count == CandidatePool.mostCascadeImages })
    #expect(sample[0].labels == sample[1].labels)
    let few = try CandidatePool.cascadeSample(sets(2, images: 9).holdOut, seed: 4)
    #expect(few.count == nil && few.0[0].count == 9)
    #expect(Decision.fewestReaching(of: 200) == 20 && Decision.fewestReaching(of: 5001) == 51)
  }

  /// In the limit the interval is that of the normal distribution, from the counts of discordant images.
  @Test func manyImagesAreNotResampled() {
    let images = PairedBootstrap.mostResampledImages + 1
    let first = (0..<images).map { $0 % 10 < 7 ? 1.0 : 0 }
    let second = (0..<images).map { $0 % 10 < 6 || $0 % 100 == 99 ? 1.0 : 0 }
    let interval = PairedBootstrap(columns: [first, second], seed: 1).interval(0, minus: 1)
    let count = Double(images)
    let gained = Double((0..<images).count { first[$0] > second[$0] })
    let lost = Double((0..<images).count { first[$0] < second[$0] })
    let mean = (gained - lost) / count
    let deviation = ((gained + lost) / count - mean * mean).squareRoot()
    expectClose(
      interval.lowerBound, mean - 1.959963984540054 * deviation / count.squareRoot(), within: 1e-12)
    expectClose(
      interval.upperBound, mean + 1.959963984540054 * deviation / count.squareRoot(), within: 1e-12)
  }

  /// A threshold that a measure of confidence never has is refused.
  @Test(
    arguments: [
      (CascadeConfidence.maximumProbability, [0.0, 0.5, 1], [-0.1, 1.5, .infinity, .nan]),
      (.margin, [0, 1], [-0.5, 1.01]), (.agreement, [0.5, 1], [2, -1]),
      (.entropy, [-3, 0], [0.5, -.infinity]),
    ] as [(CascadeConfidence, [Double], [Double])])
  func thresholdsInTheirRange(_ measure: CascadeConfidence, good: [Double], bad: [Double]) {
    for threshold in good {
      #expect(CascadeStops(confidence: measure, confidenceThresholds: [threshold]).fault == nil)
    }
    for threshold in bad {
      #expect(
        CascadeStops(confidence: measure, confidenceThresholds: [nil, threshold]).fault != nil,
        "\(threshold)")
    }
  }

  /// More than sixteen members: fewer ensembles of each size, and gains that are still Shapley's on average.
  @Test func contributionsOfManyMembersAreSampled() throws {
    let members = try sets(20, images: 60).holdOut
    let found = try MemberContributions(of: members)
    #expect(found.isSampled && found.contributions.count == 20)
    let all = try Metrics(of: members).top1Accuracy
    // Shapley's values sum to what all members reach, within the chance of the sample.
    expectClose(found.contributions.reduce(0) { $0 + $1.shapleyValue }, all, within: 0.05)
  }
}
