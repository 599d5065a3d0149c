import EnsembleTestSupport
import Files
import Foundation
import Predictions
import Statistics
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles

/// What decisions say is promised of the answers, also of very few images.
@Suite struct DecisionLimitsTests {
  @Test func theDeployedAndTheSingleModelHaveLimits() throws {
    let sets = try candidateSets()
    let decision = try Decision(sets)
    let limits = try #require(decision.limits)
    // The hold-out chose: nothing is promised.
    #expect(!limits.isPromised && limits.calibration.count == 240)
    #expect(limits.deployed.id == decision.chosen)
    #expect((limits.single == nil) == (decision.chosen == decision.reference))
    let answers = try #require(decision.deployed.answerLimits)
    #expect(answers.images == 240 && !answers.isPromised && answers.fault(classes: 5) == nil)
    #expect(decision.candidates.allSatisfy { $0.answerLimits == nil })
    // By hand: as deployed, on the same images.
    let members = try Predictions.of(decision.deployed.members, in: sets.holdOut)
    let combined = try decision.deployed.combination.combine(members, name: "d")
    #expect(try answers.sets == ConformalPredictor(calibratedOn: combined))
    let test = try decision.deployed.combination.combine(
      Predictions.of(decision.deployed.members, in: sets.test), name: "d")
    #expect(try limits.deployed.sets[0].test == ConformalReport(of: answers.sets, on: test))
    #expect(limits.deployed.sets.map(\.isByClass) == [false, true, false, true, false, true])
    #expect(limits.deployed.byClassRefusal == nil)
    #expect(limits.deployed.sets.dropFirst().allSatisfy { $0.test.byClass.isEmpty })
    #expect(limits.deployed.sets.allSatisfy { $0.shifted?.images == 50 })
    #expect(limits.deployed.abstention.curve == RiskCoverageCurve(of: test))
    #expect(try json(roundTrip(decision)) == json(decision))
  }

  /// Images that are kept apart calibrate promises, and choose nothing: whatever they show, the same is deployed.
  @Test func whatIsKeptIsPromised() throws {
    let sets = try candidateSets()
    var options = Decision.Options()
    options.limits?.keptImages = 80
    let kept = try #require(try KeptImages(of: sets.holdOut, options.limits, seed: options.seed))
    #expect(kept.calibrating.count == 80 && Set(kept.calibrating + kept.choosing).count == 240)
    let decision = try Decision(sets, options: options)
    let limits = try #require(decision.limits)
    #expect(limits.isPromised && limits.calibration.count == 80 && decision.holdOut.count == 160)
    let promise = try #require(decision.promise)
    #expect(promise.designImages + promise.proofImages == 160)
    // By hand: as deployed, on the images that were kept.
    let members = try Predictions.of(decision.deployed.members, in: sets.holdOut)
      .map { try $0.selecting(kept.calibrating) }
    let combined = try decision.deployed.combination.combine(members, name: "d")
    let answers = try #require(decision.deployed.answerLimits)
    #expect(try answers.sets == ConformalPredictor(calibratedOn: combined))
    #expect(answers.isPromised && answers.images == 80)
    // Other labels of these images move the thresholds and nothing else.
    let changed = try sets.holdOut.map { try relabelled($0, kept.calibrating) }
    let other = try Decision(
      PredictionSets(
        holdOut: changed, test: sets.test, shifted: sets.shifted, latencies: sets.latencies),
      options: options)
    #expect(other.deployed.combination == decision.deployed.combination)
    #expect(other.chosen == decision.chosen && other.deployed.members == decision.deployed.members)
    #expect(try json(other.candidates) == json(decision.candidates))
    #expect(other.deployed.answerLimits?.sets != answers.sets)
    #expect(
      try CheapestAsGood(sets, options: options).candidate.members
        == decision.candidate(decision.answers?.first?.candidate ?? "")?.members)
  }

  /// The same predictions, some images of which are of the next class.
  private func relabelled(_ member: Predictions, _ images: [Int]) throws -> Predictions {
    let moved = Set(images)
    return try Predictions(
      name: member.name, network: member.network,
      multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
      split: member.split, fingerprint: "other",
      logProbabilities: member.withLogProbabilities { Array($0) },
      labels: member.labels.enumerated().map { image, label in
        moved.contains(image) ? (label + 1) % Int64(member.classes) : label
      }, classes: member.classes)
  }

  @Test func howManyAreKept() throws {
    func kept(_ images: Int, _ wanted: Int?) throws -> Int {
      let rows = (0..<images).map { image -> [Double] in
        let share = 0.3 + 0.4 * Double(image) / Double(images)
        return [share, 1 - share]
      }
      let holdOut = [try member("a", rows, labels: (0..<images).map { Int64($0 % 2) })]
      var options = AnswerLimits.Options()
      options.keptImages = wanted
      return try KeptImages(of: holdOut, options, seed: 0)?.calibrating.count ?? 0
    }
    #expect(try kept(1999, nil) == 0 && kept(2000, nil) == 400 && kept(12_000, nil) == 2000)
    #expect(try kept(2000, 0) == 0 && kept(100, 50) == 50)
    let tooMany = #expect(throws: EnsembleError.self) { try kept(100, 51) }
    #expect(tooMany?.description.contains("(--kept-images) is 51") == true)
    var options = Decision.Options()
    options.limits?.keptImages = -1
    #expect(throws: EnsembleError.self) { try options.check() }
    #expect(try KeptImages(of: candidateSets().holdOut, nil, seed: 0) == nil)
    // Images that were given twice are on one side, and calibrate once.
    let holdOut = try candidateSets().holdOut
    let twice = try holdOut.map { try $0.selecting(Array(0..<240) + Array(0..<240)) }
    options.limits?.keptImages = 50
    let found = try #require(try KeptImages(of: twice, options.limits, seed: 3))
    #expect(found.calibrating.count == 50 && Set(found.calibrating.map { $0 % 240 }).count == 50)
    #expect(found.choosing.count == 480 - 100)
    #expect(
      Set(found.choosing.map { $0 % 240 }).isDisjoint(with: found.calibrating.map { $0 % 240 }))
  }

  /// 120 images, each given 20 times, are as many as 120 are: none are kept unasked, and each calibrates once.
  @Test func imagesGivenAgainAreNoFurtherEvidence() throws {
    let given = try candidateSets()
    func repeated(_ members: [Predictions]) throws -> [Predictions] {
      try members.map { member in
        try member.selecting((0..<20).flatMap { _ in Array(0..<120) })
      }
    }
    let sets = try PredictionSets(
      holdOut: repeated(given.holdOut), test: given.test, latencies: given.latencies)
    let decision = try Decision(sets)
    #expect(decision.holdOut.count == 2400 && decision.promise?.repeatedImages == 2280)
    let limits = try #require(decision.limits)
    #expect(limits.calibration.count == 120 && !limits.isPromised)
    for trial in try #require(decision.calibration.comparison).trials {
      let least = trial.method.leastImages(perClassOf: decision.classes) * decision.classes
      if least > 120 { #expect(trial.refusal != nil, "\(trial.method)") }
    }
    // 20 times the same images make no interval narrower.
    for row in try #require(decision.crossFitting).rows {
      let interval = row.estimate.interval
      let alone = ConfidenceInterval(ofShare: row.estimate.accuracy, count: 120)
      #expect(interval == alone)
    }
  }

  @Test func optionsReachWhatIsDeployed() throws {
    var options = Decision.Options()
    options.limits?.score = ConformalScore(.adaptive)
    options.limits?.isByClass = true
    options.limits?.missRate = 0.2
    options.limits?.error = 0.3
    let decision = try Decision(candidateSets(), options: options)
    let answers = try #require(decision.deployed.answerLimits)
    #expect(answers.sets.score.kind == .adaptive && answers.sets.missRate == 0.2)
    #expect(answers.sets.groupOfClass == [0, 1, 2, 3, 4])
    #expect(try #require(answers.abstention).error == 0.3)
    #expect(decision.limits?.deployed.abstention.test != nil)
    // Too few of a class: of all images together, and said so.
    options.limits?.missRate = 0.01
    let strict = try Decision(candidateSets(), options: options)
    #expect(strict.deployed.answerLimits?.sets.groupOfClass == nil)
    #expect(
      strict.limits?.deployed.byClassRefusal?.contains("need 99 images of each class") == true)
    options.limits = nil
    let none = try Decision(candidateSets(), options: options)
    #expect(none.limits == nil && none.deployed.answerLimits == nil)
    options.limits = AnswerLimits.Options()
    options.limits?.error = 0
    #expect(throws: EnsembleError.self) { try Decision(candidateSets(), options: options) }
  }

  @Test func theBestOnShiftedImagesIsSeenAfterwards() throws {
    let decision = try Decision(candidateSets())
    let choice = try #require(decision.shiftedChoice)
    let accuracies = decision.candidates.compactMap { $0.shifted?.metrics.top1Accuracy }
    let own = try #require(decision.deployed.shifted).metrics.top1Accuracy
    let best = try #require(decision.candidate(choice.best)?.shifted).metrics.top1Accuracy
    #expect(best == accuracies.max())
    #expect(abs(choice.difference - max(0, best - own)) < 1e-12)
    #expect(choice.betterCount == accuracies.count { $0 > own + 1e-12 })
    #expect(choice.interval.lowerBound <= choice.difference)
    #expect(choice.interval.upperBound >= choice.difference)
    let cost = try #require(decision.candidate(choice.bestForCost)).holdOut.cost
    #expect(cost.multiplyAccumulates <= decision.deployed.holdOut.cost.multiplyAccumulates + 1e-6)
  }

  @Test func imagesThatAreUnlikeAreTold() throws {
    let sets = try candidateSets()
    let decision = try Decision(sets)
    let novelty = try NoveltyFigures(
      of: decision, test: sets.test, unlike: candidateMembers("shifted"))
    #expect(novelty.images.count == 50 && novelty.meanSetSize != nil)
    let scores = novelty.deployed.map(\.score)
    #expect(scores.contains(.entropy) && !scores.contains(.energy))
    #expect(scores.contains(.mutualInformation) == (decision.deployed.members.count > 1))
    #expect(novelty.deployed.allSatisfy { $0.detection.known == 310 && $0.detection.unlike == 50 })
    let other = try member("a", [[0.5, 0.5]], labels: [0])
    #expect(throws: EnsembleError.self) {
      try NoveltyFigures(of: decision, test: sets.test, unlike: [other])
    }
  }

  /// Hold-outs of 1, 5 and 20 images, all right or all wrong, a class that is absent, probabilities of 0 and 1.
  @Test(arguments: [1, 5, 20], [true, false])
  func fewCertainImagesHaveFiniteFigures(_ images: Int, _ isRight: Bool) throws {
    func set(_ split: String) throws -> [Predictions] {
      try ["a", "b"].map { name in
        let rows: [[Double]] = (0..<images).map { image in
          let label = image % 2
          let said = isRight ? label : 2
          // No two are one image given twice, and no test image is one of the hold-out.
          let rest = 0.1 + 0.001 * Double(image) + (split == "test" ? 0.0005 : 0)
          return name == "a"
            ? (0..<3).map { $0 == said ? 1 : 0 }
            : (0..<3).map { $0 == said ? 1 - 2 * rest : rest }
        }
        return try member(
          name, split: split, fingerprint: split, rows, labels: (0..<images).map { Int64($0 % 2) })
      }
    }
    let decision = try Decision(PredictionSets(holdOut: set("hold-out"), test: set("test")))
    let limits = try #require(decision.limits)
    // The encoder refuses what is not finite.
    #expect(try json(roundTrip(decision)) == json(decision))
    #expect(limits.deployed.byClassRefusal != nil)
    #expect(limits.deployed.abstention.promise.rule == nil)
    #expect(limits.deployed.abstention.promise.refusal?.contains("at least 299") == true)
    #expect(limits.deployed.sets[0].boundedGroups == (images < 9 ? 0 : 1))
    if images < 9 { #expect(limits.deployed.sets[0].test.meanSize == 3) }
  }
}
