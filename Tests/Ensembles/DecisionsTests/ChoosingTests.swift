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

  /// What an image counts: by hand, with a temperature of 2 the root of the odds.
  @Test func softAccuracies() throws {
    let one = try member(
      "a", [[0.9, 0.09, 0.01], [0.4, 0.4, 0.2], [0.16, 0.8, 0.04]], labels: [0, 1, 2])
    let plain = SoftAccuracies.shares(one, temperature: 1)
    let warmer = SoftAccuracies.shares(one, temperature: 2)
    for (value, expected) in zip(plain, [0.9 / 0.99, 0.5, 0.04 / 0.84]) {
      expectClose(value, expected, within: 1e-6)
    }
    for (value, odds) in zip(warmer, [10.0, 1, 0.05]) {
      let root = odds.squareRoot()
      expectClose(value, root / (1 + root), within: 1e-6)
    }
    let sure = try member("b", [[1, 0], [1, 0]], labels: [0, 1])
    let shares = SoftAccuracies.shares(sure, temperature: 1)
    #expect(shares[0] > 1 - 1e-9 && shares[1] < 1e-9)
    let alone = try member("c", [[1.0], [1]], labels: [0, 0])
    #expect(SoftAccuracies.shares(alone, temperature: 1).allSatisfy { $0 > 0.999 })
  }

  /// Members from weak to strong, whose scores are evidence in noise that they share in part.
  private func noisy(_ images: Int, split: String, seed: UInt64) throws -> [Predictions] {
    let qualities = [1.6, 2.0, 2.35, 2.65, 2.9]
    var generator = RandomStream(seed: seed, split == "test" ? 1 : 0)
    func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + generator.unitInterval() } }
    var rows = [[[Double]]](repeating: [], count: qualities.count)
    var labels: [Int64] = []
    for image in 0..<images {
      labels.append(Int64(image % 5))
      let (ease, shared) = (0.8 * normal(), (0..<5).map { _ in 0.85 * normal() })
      for (place, quality) in qualities.enumerated() {
        let scores = (0..<5).map { label in
          quality * (shared[label] + 0.5 * normal() + (label == image % 5 ? quality + ease : 0))
        }
        let greatest = scores.max() ?? 0
        let odds = scores.map { exponential($0 - greatest) }
        let total = odds.reduce(0, +)
        rows[place].append(odds.map { max($0 / total, 1e-30) })
      }
    }
    return try qualities.indices.map { place in
      try member(
        "m\(place)", network: "net-\(place)", macs: 10 << place, parameters: 10 << place,
        split: split, fingerprint: "\(split) \(seed)", rows[place], labels: labels)
    }
  }

  /// On few images what is likely to lose least is right more often than what looks most accurate there.
  @Test func fewImagesChooseWhatIsLikelyToLoseLeast() throws {
    var (soft, plain, count) = (0.0, 0.0, 0.0)
    for seed in UInt64(0)..<24 {
      let sets = try PredictionSets(
        holdOut: noisy(80, split: "hold-out", seed: seed),
        test: noisy(500, split: "test", seed: seed))
      let options = Decision.Options()
      let found = try CheapestAsGood(sets, options: options)
      guard !found.isShown else { continue }
      let pool = try CandidatePool(
        sets, options: options, costs: sets.costs(.multiplyAccumulates),
        builder: CandidateBuilder(sets: sets, options: options))
      let lucky = try #require(
        pool.search.accuracies.indices.max {
          pool.search.accuracies[$0] < pool.search.accuracies[$1]
        })
      let combined = try Combination().combine(
        pool.search.subsets[lucky].map { sets.test[$0] }, name: "lucky")
      soft += found.candidate.test.metrics.top1Accuracy
      plain += try Metrics(of: [combined]).top1Accuracy
      count += 1
    }
    #expect(count > 10 && soft > plain + 0.002 * count, "\(soft) \(plain) \(count)")
  }

  /// Whatever the images that prove look like, the same is designed and tested in the same order.
  @Test func proofHasNoSayInTheDesign() throws {
    for seed in UInt64(0)..<6 {
      let given = try sets([0.7, 0.74, 0.8], images: 300, seed: seed, costs: [10, 12, 60])
      let proof = HoldOutParts(given.holdOut, seed: Decision.Options().seed).proof
      let changed = try PredictionSets(
        holdOut: given.holdOut.map { try flattened($0, proof) }, test: given.test)
      func tested(_ sets: PredictionSets) throws -> [Candidate] {
        let decision = try Decision(sets)
        let tests = try #require(decision.promise).tests
        return tests.compactMap { decision.candidate($0.candidate) }
      }
      let (first, second) = (try tested(given), try tested(changed))
      #expect(first.map(\.members) == second.map(\.members), "\(seed)")
      #expect(first.map(\.combination) == second.map(\.combination), "\(seed)")
    }
  }

  /// The same predictions, of some images hardly sure of any class.
  private func flattened(_ given: Predictions, _ images: [Int]) throws -> Predictions {
    let flat = Set(images)
    let rows = (0..<given.count).map { image in
      given.withLogProbabilities { values in
        values[image * given.classes..<(image + 1) * given.classes].map { value in
          let probability = exponential(Double(value))
          return flat.contains(image)
            ? 0.97 / Double(given.classes) + 0.03 * probability : probability
        }
      }
    }
    return try member(
      given.name, network: given.network, macs: given.multiplyAccumulates,
      parameters: given.parameters, split: given.split, fingerprint: "changed", rows,
      labels: given.labels)
  }

  /// What thousands of simulated hold-outs are asked is what a decision says.
  @Test func theFirstAnswerAloneIsThatOfTheDecision() throws {
    for seed in UInt64(0)..<4 {
      let given = try sets([0.78, 0.8, 0.8], images: 300, seed: seed, costs: [10, 12, 60])
      var options = Decision.Options()
      options.tolerance = 3
      options.limits?.keptImages = seed % 2 == 0 ? 60 : 0
      let decision = try Decision(given, options: options)
      let alone = try CheapestAsGood(given, options: options, guaranteesCascades: true)
      #expect(alone.isShown == (decision.answers?.first?.isShown ?? false))
      #expect(alone.candidate.members == decision.deployed.members)
      #expect(alone.promise.tests.map(\.pValue) == decision.promise?.tests.map(\.pValue))
      let guarantees = try #require(decision.guarantees)
      #expect(alone.guarantees.map(\.pValue) == guarantees.map(\.pValue))
      for (own, other) in zip(alone.guarantees, guarantees) {
        #expect(
          own.candidate.flatMap(alone.candidate)?.combination
            == other.candidate.flatMap(decision.candidate)?.combination)
      }
      let deployed = try #require(try alone.deployed())
      #expect(deployed.combination == decision.deployed.combination)
      #expect(deployed.limits == decision.deployed.answerLimits)
    }
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

  /// What a cascade costs in the order of the tests is what it costs on the images that design.
  @Test func theOrderOfTheTestsIsTheDesigns() throws {
    let sets = try sets([0.72, 0.85], images: 400, costs: [10, 100])
    let options = Decision.Options()
    let builder = CandidateBuilder(sets: sets, options: options)
    var pool = try CandidatePool(
      sets, options: options, costs: sets.costs(.multiplyAccumulates), builder: builder)
    let parts = HoldOutParts(sets.holdOut, seed: 0)
    let hits = FoldHits(of: pool.search, in: parts)
    let designed = try pool.design(parts, hits, builder)
    var cascades = 0
    for (place, claim) in pool.claims(designed).enumerated() {
      let candidate = pool.candidates[designed.indices[place]]
      guard candidate.kind == .cascade else {
        expectClose(claim.cost, candidate.holdOut.cost.multiplyAccumulates)
        continue
      }
      cascades += 1
      let members = try Predictions.of(candidate.members, in: sets.holdOut)
      let exits = try candidate.combination.exits(members)
      let sums = members.indices.map { last in
        members[...last].reduce(0) { $0 + Double($1.multiplyAccumulates) }
      }
      let mean = parts.design.reduce(0) { $0 + sums[exits[$1]] } / Double(parts.design.count)
      expectClose(claim.cost, mean)
    }
    #expect(cascades > 0)
  }

  // MARK: Choices

  /// Something cheap that is as good as what costs ten times as much is shown to be so, and taken.
  @Test func whatIsAsGoodIsShown() throws {
    let decision = try Decision(sets([0.82, 0.8], images: 4000, costs: [10, 100]))
    let promise = try #require(decision.promise)
    // A fifth is kept apart.
    #expect(promise.designImages + promise.proofImages == 3200)
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

  // MARK: Cascades among the answers

  /// Two small members and a dearer one, of which "first" and "dear" are right on half of the images: "first" knows its half
  /// and is unsure of the rest, of which "second" is right about a third and "dear" about a half; where they are wrong they
  /// are sure of it, so that no mean helps, but cascades that begin with "first" do.
  private func complementary(images: Int, split: String) throws -> [Predictions] {
    var rows = [[[Double]]](repeating: [], count: 3)
    var labels: [Int64] = []
    var generator = RandomStream(seed: split == "test" ? 5 : 4)
    for image in 0..<images {
      let label = image % 4
      labels.append(Int64(label))
      func row(_ top: Int, _ peak: Double) -> [Double] {
        let jitter = 0.01 * generator.unitInterval()
        return (0..<4).map { $0 == top ? peak - jitter : (1 - peak + jitter) / 3 }
      }
      let (other, isEasy) = ((label + 1) % 4, image / 4 % 2 == 0)
      rows[0].append(isEasy ? row(label, 0.8) : row(other, 0.3))
      rows[1].append(!isEasy && image / 8 % 3 == 0 ? row(label, 0.9) : row(other, 0.97))
      rows[2].append(image / 16 % 2 == 0 ? row(label, 0.6) : row(other, 0.98))
    }
    return try zip(["first", "second", "dear"], [10, 10, 30]).enumerated().map { place, kind in
      try member(
        kind.0, network: kind.0, macs: kind.1, parameters: kind.1, split: split,
        fingerprint: split, rows[place], labels: labels)
    }
  }

  /// Where a cascade is right on two thirds of the images and each model on half of them, it is every answer, whatever counts.
  @Test(arguments: [CostMeasure.multiplyAccumulates, .parameters, .latency, .parallelLatency])
  func complementaryMembersMakeACascade(_ measure: CostMeasure) throws {
    let sets = try PredictionSets(
      holdOut: complementary(images: 960, split: "hold-out"),
      test: complementary(images: 960, split: "test"),
      latencies: ["first": 1, "second": 1, "dear": 3])
    var options = Decision.Options()
    options.cost = measure
    let decision = try Decision(sets, options: options)
    let singles = decision.candidates.filter { $0.kind == .single }
    for single in singles where single.members != ["second"] {
      #expect(single.holdOut.metrics.top1Accuracy == 0.5)
    }
    for answer in try #require(decision.answers) {
      let found = try #require(decision.candidate(answer.candidate))
      // The best single model is the cheapest of equals, and no two members cost as little.
      guard answer.question != .bestForSameCost else {
        #expect(
          found.holdOut.cost[measure]! <= decision.candidate(decision.reference)!.holdOut.cost[
            measure]!)
        continue
      }
      #expect(answer.question == .cheapestAsGood || found.kind == .cascade, "\(answer)")
      guard answer.question == .bestOfAll else { continue }
      #expect(answer.procedure == .cascade && found.test.metrics.top1Accuracy > 0.65)
      #expect(try #require(answer.crossFitted).accuracy > 0.65)
    }
    let rows = try #require(decision.crossFitting).rows
    #expect(rows.contains { $0.procedure == .cascade && $0.budget == nil })
  }

  /// Within a budget, too, and for the cost of the best single model where that is the dearest.
  @Test func complementaryMembersWithinABudget() throws {
    func lifted(_ split: String) throws -> [Predictions] {
      // The dear one is right on one image in 32 more.
      try complementary(images: 960, split: split).map { one in
        guard one.name == "dear" else { return one }
        return try one.replacing(
          one.withLogProbabilities { values in
            (0..<one.count).flatMap { image -> [Float] in
              let row = Array(values[image * 4..<image * 4 + 4])
              guard image % 32 == 31 else { return row }
              return (0..<4).map {
                $0 == Int(one.labels[image])
                  ? Float(naturalLogarithm(0.7)) : Float(naturalLogarithm(0.1))
              }
            }
          })
      }
    }
    let sets = try PredictionSets(holdOut: lifted("hold-out"), test: lifted("test"))
    let decision = try Decision(sets)
    #expect(decision.candidate(decision.reference)?.members == ["dear"])
    let same = try #require(decision.answers?[1])
    let found = try #require(decision.candidate(same.candidate))
    #expect(found.kind == .cascade && found.test.metrics.top1Accuracy > 0.65, "\(same)")
    #expect(found.holdOut.cost.multiplyAccumulates <= 30)
    var options = Decision.Options()
    options.maximumCost = 16
    let bounded = try Decision(sets, options: options).deployed
    #expect(bounded.kind == .cascade && bounded.test.metrics.top1Accuracy > 0.65)
  }

  // MARK: The first answer as a way to choose

  /// It is judged as it is found, and no image that judges it has a say: what is right about one fold alone is worth nothing.
  @Test func theFirstAnswerIsJudged() throws {
    for (images, isShown) in [(4000, true), (60, false)] {
      let decision = try Decision(sets([0.82, 0.8], images: images, costs: [10, 100]))
      let first = try #require(decision.answers?.first)
      let row = try #require(decision.crossFitting?.firstAnswer)
      #expect(first.isShown == isShown && first.crossFitted == row.estimate)
      #expect(row.candidate == first.candidate && row.budget == nil)
      #expect(decision.crossFitting?.rows.count { $0.procedure == .cheapestAsGood } == 1)
      #expect(decision.answers?.contains { $0.procedure == .cheapestAsGood } == false)
      #expect(row.estimate.cost > 0 && row.estimate.cost <= 110)
      guard isShown else { continue }
      // Whatever it chooses is about as good as the better one.
      #expect(abs(row.estimate.difference) < 0.02 && row.estimate.cost < 60)
    }
  }

  /// What is chosen anew on some folds is what those images alone choose.
  @Test func foldsAreHoldOutsOfTheirOwn() throws {
    let holdOut = try members([0.8, 0.7], images: 200, split: "hold-out", seed: 3)
    let parts = HoldOutParts(holdOut, seed: 5)
    let chosen = [0, 2, 3, 7, 11, 12]
    let (own, images) = parts.selecting(chosen)
    #expect(images == chosen.flatMap { parts.folds[$0] }.sorted())
    #expect(own.folds.map { $0.map { images[$0] } } == chosen.map { parts.folds[$0] })
    #expect((own.design + own.proof).sorted() == Array(images.indices) && own.repeated == 0)
    #expect(own.design.map { images[$0] } == [1, 3].flatMap { parts.folds[chosen[$0]] }.sorted())
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
