import EnsembleTestSupport
import Randomness
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Predictions
@testable import Statistics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct ChoosingTests {
  /// Members whose errors are partly shared: each is right where a common and an own draw together are below its skill.
  private func members(
    _ skills: [Double], images: Int, classes: Int = 4, split: String, seed: UInt64,
    costs: [Int]? = nil
  ) throws -> [Predictions] {
    var generator = RandomStream(seed: seed, split == "test" ? 1 : 0)
    let labels = (0..<images).map { _ in Int64(generator.integer(below: classes)) }
    var rows = [[[Double]]](repeating: [], count: skills.count)
    for label in labels {
      let hardness = generator.unitInterval()
      for (place, skill) in skills.enumerated() {
        let own = 0.7 * hardness + 0.3 * generator.unitInterval()
        let isRight = own < skill
        let top =
          isRight ? Int(label) : (Int(label) + 1 + generator.integer(below: classes - 1)) % classes
        let peak = 0.3 + 0.69 * (isRight ? 1 - own : generator.unitInterval() * 0.7)
        var row = (0..<classes).map { _ in 0.01 + generator.unitInterval() }
        let rest = row.reduce(0, +) - row[top]
        row = row.indices.map { $0 == top ? peak : (1 - peak) * row[$0] / rest }
        rows[place].append(row)
      }
    }
    return try skills.indices.map {
      try member(
        "m\($0)", network: "net-\(costs?[$0] ?? 10)", macs: costs?[$0] ?? 10,
        parameters: costs?[$0] ?? 10, split: split, fingerprint: "\(split) \(seed) \(images)",
        rows[$0], labels: labels)
    }
  }

  private func sets(
    _ skills: [Double], images: Int, seed: UInt64 = 0, costs: [Int]? = nil
  ) throws -> PredictionSets {
    try PredictionSets(
      holdOut: members(skills, images: images, split: "hold-out", seed: seed, costs: costs),
      test: members(skills, images: 400, split: "test", seed: seed, costs: costs))
  }

  // MARK: Parts

  @Test(arguments: [1, 2, 5, 19, 20, 300, 1001]) func partsAreDisjointAndBalanced(_ images: Int)
    throws
  {
    let holdOut = try members([0.8, 0.7], images: images, split: "hold-out", seed: 3)
    let parts = HoldOutParts(holdOut, seed: 5)
    #expect((parts.design + parts.proof).sorted() == Array(0..<images))
    #expect(parts.folds.flatMap { $0 }.sorted() == Array(0..<images) && parts.repeated == 0)
    #expect(parts.proofBits.count == parts.proof.count)
    #expect(parts.folds.map(\.count).max()! - parts.folds.map(\.count).min()! <= 1)
    guard images >= 300 else { return }
    #expect(abs(Double(parts.proof.count) / Double(images) - HoldOutParts.proofShare) < 0.02)
    for label in Int64(0)..<4 {
      let counts = parts.folds.map { $0.count { holdOut[0].labels[$0] == label } }
      #expect(counts.max()! - counts.min()! <= 1)
    }
    let other = HoldOutParts(holdOut, seed: 6)
    #expect(other.proof != parts.proof && HoldOutParts(holdOut, seed: 5).proof == parts.proof)
  }

  /// Images that were given twice stay together and prove once; rounded answers are no such images.
  @Test func repeatedImages() throws {
    let holdOut = try members([0.8, 0.7], images: 100, split: "hold-out", seed: 3)
    let twice = try holdOut.map { try $0.selecting(Array(0..<100) + Array(0..<100)) }
    let parts = HoldOutParts(twice, seed: 5)
    #expect(parts.repeated == 100)
    for fold in parts.folds {
      for image in fold { #expect(fold.contains((image + 100) % 200)) }
    }
    #expect(parts.proofBits.count * 2 == parts.proof.count)
    let hard = try member(
      "a", (0..<60).map { $0 % 2 == 0 ? [1.0, 0] : [0.0, 1] },
      labels: (0..<60).map { Int64($0 % 2) })
    #expect(HoldOutParts([hard, try hard.renamed("b")], seed: 0).repeated == 0)
    // Two names of one model are no reason to see through all.
    let copies = [holdOut[0], try holdOut[0].renamed("copy")]
    #expect(HoldOutParts(copies, seed: 0).repeated == 0)
  }

  // MARK: Shrinking

  /// What nothing distinguishes is its mean; what differs by far more than chance stays.
  @Test func shrinking() {
    func shrunken(_ rates: [Double], kinds: [Int], images: Int = 100) -> [Double] {
      var generator = RandomStream(seed: 1)
      let hits = (0..<20).map { _ in
        rates.map { rate in
          Int32((0..<images).count { _ in generator.unitInterval() < rate })
        }
      }
      return ShrunkenAccuracies(
        hits: FoldHits(hits: hits, images: Array(repeating: images, count: 20)),
        folds: Array(0..<20), kinds: kinds, sizes: Array(repeating: 1, count: rates.count)
      ).values
    }
    let alike = shrunken(Array(repeating: 0.7, count: 12), kinds: Array(repeating: 0, count: 12))
    #expect(alike.allSatisfy { abs($0 - 0.7) < 0.02 } && alike.max()! - alike.min()! < 0.01)
    let apart = shrunken([0.5, 0.6, 0.9], kinds: [0, 1, 2])
    for (value, rate) in zip(apart, [0.5, 0.6, 0.9]) { #expect(abs(value - rate) < 0.03) }
    // A single fold shows no spread: all are their mean.
    let one = ShrunkenAccuracies(
      hits: FoldHits(hits: [[1, 0, 1]], images: [1]), folds: [0], kinds: [0, 0, 0],
      sizes: [1, 1, 1])
    #expect(one.values.allSatisfy { abs($0 - 2.0 / 3) < 1e-12 })
  }

  // MARK: The sequence of tests

  /// Of candidates that lose just the tolerance one passes in no more than the level's share of hold-outs, however many come
  /// after one another, and whatever order the images that design say.
  @Test func theSequenceKeepsItsLevel() throws {
    let (images, draws) = (300, 1000)
    let parts = HoldOutParts(
      try members([0.8], images: images, split: "hold-out", seed: 3), seed: 5)
    var generator = RandomStream(seed: 8)
    var (broken, shown) = (0, 0)
    for _ in 0..<draws {
      var bits = [[Bool]](repeating: Array(repeating: false, count: images), count: 5)
      for image in 0..<images {
        let common = generator.unitInterval()
        // The rival, one that is better, and three that lose two points.
        bits[0][image] = common < 0.8
        bits[1][image] = common < 0.86
        for place in 2..<5 {
          let own = generator.unitInterval()
          bits[place][image] = own < 0.1 ? generator.unitInterval() < 0.6 : common < 0.8
        }
      }
      let rival = ImageBits(bits[0])
      let claims = (1..<5).map {
        Claim(
          isRight: ImageBits(bits[$0]), cost: Double(10 - $0),
          rivals: [Claim.Rival(index: 0, isRight: rival)])
      }
      let sequence = FixedSequence(claims, parts, tolerance: 0.02, level: 0.05)
      let passing = sequence.steps.filter(\.isShown).map(\.claim)
      shown += passing.contains(0) ? 1 : 0
      broken += passing.contains { $0 > 0 } ? 1 : 0
      #expect(sequence.shown?.claim == passing.last)
    }
    // 50 at most are expected; more than 71 of 1,000 have a chance of one in a thousand.
    #expect(broken <= 71 && broken > 5, "\(broken)")
    #expect(shown > 900)
  }

  // MARK: Choices

  /// Something cheap that is as good as what costs ten times as much is shown to be so, and taken.
  @Test func whatIsAsGoodIsShown() throws {
    let decision = try Decision(sets([0.82, 0.8], images: 4000, costs: [10, 100]))
    let promise = try #require(decision.promise)
    #expect(promise.designImages + promise.proofImages == 4000)
    let shown = try #require(promise.shown)
    #expect(decision.chosen == shown && decision.answers?[0].isShown == true)
    #expect(decision.candidate(shown)?.members == ["m0"])
    #expect(promise.neededImages == nil && promise.tests.last { $0.isShown }?.candidate == shown)
    let test = try #require(promise.tests.last { $0.isShown })
    #expect(abs(test.accuracy - (decision.candidate(shown)?.test.metrics.top1Accuracy ?? 0)) < 0.05)
    // What is shown of answers holds with temperatures.
    #expect(decision.deployed.combination.memberTemperatures == nil)
    // Each that is tested is cheaper than all before.
    let costs = promise.tests.compactMap {
      decision.candidate($0.candidate)?.holdOut.cost.multiplyAccumulates
    }
    #expect(zip(costs, costs.dropFirst()).allSatisfy { $0 > $1 })
  }

  /// Few images show nothing: it says how many would.
  @Test func fewImagesShowNothing() throws {
    let decision = try Decision(
      sets([0.8, 0.8, 0.8], images: 60, costs: [10, 12, 14]))
    let promise = try #require(decision.promise)
    #expect(promise.shown == nil && decision.answers?[0].isShown == false)
    #expect(try #require(promise.neededImages) > 60)
    #expect(decision.chosen == decision.answers?[0].candidate)
  }

  /// Estimates of ways to choose are lower than what these show on the images that they chose on.
  @Test func crossFittingIsNotFlattered() throws {
    var flattery: [Double] = []
    for seed in UInt64(0)..<6 {
      let decision = try Decision(
        sets(Array(repeating: 0.75, count: 6), images: 150, seed: seed))
      let rows = try #require(decision.crossFitting?.rows)
      let single = try #require(rows.first { $0.procedure == .bestSingle && $0.budget == nil })
      #expect(single.estimate.difference == 0)
      flattery.append(single.estimate.flattery)
      for row in rows {
        #expect(
          row.estimate.interval.lowerBound <= row.estimate.accuracy
            && row.estimate.accuracy <= row.estimate.interval.upperBound)
        let cost = try #require(
          decision.candidate(row.candidate)?.holdOut.cost.multiplyAccumulates)
        #expect(cost <= (row.budget ?? .infinity) * (1 + 1e-9))
      }
    }
    #expect(flattery.mean > 0.005)
  }

  @Test func guaranteedCascades() throws {
    let decision = try Decision(
      sets([0.72, 0.85], images: 6000, costs: [10, 100])
    )
    let guarantees = try #require(decision.guarantees)
    #expect(guarantees.map(\.target) == [.bestSingle, .fullEnsemble])
    for guarantee in guarantees {
      #expect(guarantee.tested > 0)
      if let plan = guarantee.plan { #expect(decision.candidate(plan)?.kind == .cascade) }
      guard let id = guarantee.candidate else { continue }
      let cascade = try #require(decision.candidate(id))
      #expect(cascade.kind == .cascade && cascade.origin == .designPart)
      #expect(try #require(guarantee.pValue) <= 0.05)
      expectClose(try #require(guarantee.cost), cascade.holdOut.cost.multiplyAccumulates)
    }
    #expect(guarantees.contains { $0.candidate != nil })
  }

  @Test func quantilesOfCosts() throws {
    let costs = [1.0, 2, 4]
    for (quantile, expected) in [
      (CostQuantile.mean, 1 * 0.5 + 3 * 0.4 + 7 * 0.1), (.percentile(50), 1), (.percentile(51), 3),
      (.percentile(90), 3), (.percentile(91), 7), (.worst, 7),
    ] {
      expectClose(quantile.cost(costs, [0.5, 0.4, 0.1]), expected)
      #expect(CostQuantile(name: quantile.name) == quantile)
      #expect(try roundTrip([quantile]) == [quantile])
    }
    for name in ["p49", "p100", "median", "", "p"] { #expect(CostQuantile(name: name) == nil) }
    var options = Decision.Options()
    options.maximumCost = 100
    options.costQuantile = .worst
    let decision = try Decision(
      sets([0.72, 0.85], images: 500, costs: [10, 100]), options: options)
    let whole = decision.deployed.members.reduce(0) { $0 + ($1 == "m0" ? 10 : 100) }
    #expect(whole <= 100)
  }

  // MARK: Bad input

  /// Every number of a decision is finite, whatever the hold-out.
  @Test(arguments: [1, 2, 5, 20, 45]) func tinyHoldOuts(_ images: Int) throws {
    for (skills, seed) in [([0.9, 0.5, 0.7], 0), ([2, 2, 2], 1), ([-1, -1, -1], 2), ([0.6], 3)]
      as [([Double], UInt64)]
    {
      for tolerance in [0, 0.5, 99] {
        var options = Decision.Options()
        options.tolerance = tolerance
        let decision = try Decision(sets(skills, images: images, seed: seed), options: options)
        // A number that is not finite is refused by the encoder.
        #expect(try json(roundTrip(decision)) == json(decision))
        #expect(decision.answers?.count == 3 && decision.promise != nil)
        #expect(decision.candidate(decision.chosen) != nil)
        if images == 1, skills.count > 1 { #expect(decision.promise?.shown == nil) }
        if skills.count == 1 { #expect(decision.chosen == decision.reference) }
      }
    }
  }

  @Test func identicalMembersAndRepeatedImages() throws {
    let base = try sets([0.8, 0.7], images: 120)
    func doubled(_ members: [Predictions]) throws -> [Predictions] {
      try members.map { try $0.selecting(Array(0..<$0.count) + Array(0..<$0.count)) }
    }
    let twice = try Decision(PredictionSets(holdOut: doubled(base.holdOut), test: base.test))
    #expect(twice.promise?.repeatedImages == 120)
    #expect(try json(roundTrip(twice)) == json(twice))
    let same = try Decision(
      PredictionSets(
        holdOut: [base.holdOut[0], base.holdOut[0].renamed("copy")],
        test: [base.test[0], base.test[0].renamed("copy")]))
    #expect(same.candidate(same.chosen)?.members.count == 1)
    #expect(try json(roundTrip(same)) == json(same))
  }
}
