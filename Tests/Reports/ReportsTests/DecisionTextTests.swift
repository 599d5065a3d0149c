import Decisions
import Formatting
import Foundation
import Predictions
import Schemas
import Testing

@testable import Reports

@Suite struct DecisionTextTests {
  private func decision(_ change: (inout SyntheticReport) -> Void) throws -> Decision {
    var report = SyntheticReport()
    report.members.images = 200
    report.options.maximumStages = 1
    change(&report)
    return try Decision(report.members.sets(), options: report.options)
  }

  /// The plain decision with values at keys put in place of its own.
  private func changed(_ changes: [([String], Any)]) throws -> Decision {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let data = Data(try decision.readableJSON().utf8)
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    for (path, value) in changes { object = Self.put(value, at: path[...], in: object) }
    return try JSONDecoder().decode(
      Decision.self, from: JSONSerialization.data(withJSONObject: object))
  }

  private static func put(
    _ value: Any, at path: ArraySlice<String>, in object: [String: Any]
  ) -> [String: Any] {
    guard let key = path.first else { return object }
    var object = object
    let inner = object[key] as? [String: Any] ?? [:]
    object[key] = path.count == 1 ? value : put(value, at: path.dropFirst(), in: inner)
    return object
  }

  @Test func aCascadeIsDeployed() throws {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let text = DecisionText(decision)
    let deployed = decision.deployed
    let reference = try #require(decision.candidate(decision.reference))
    #expect(deployed.kind == .cascade)
    let share = deployed.test.cost.multiplyAccumulates / reference.test.cost.multiplyAccumulates
    #expect(
      text.deploy
        == "Deploy a cascade of \(deployed.members[0]) and \(deployed.members[1]): "
        + "\(NumberFormat.percent(deployed.test.metrics.top1Accuracy)) % on the test images (95 % interval "
        + "\(NumberFormat.percent(deployed.testInterval.lowerBound, 1)) to "
        + "\(NumberFormat.percent(deployed.testInterval.upperBound, 1))), at \(NumberFormat.percent(share, 0)) % of the "
        + "MACs of the best single model, wide-resnet-16-4-0 "
        + "(\(NumberFormat.percent(reference.test.metrics.top1Accuracy)) %). That is a mean: "
        + "\(NumberFormat.percent(try #require(deployed.test.exitFractions?.last), 0)) % of the test images run through "
        + "both members, for \(CostMeasure.multiplyAccumulates.amount(try allMembers(deployed, decision, .multiplyAccumulates))) "
        + "and \(CostMeasure.latency.amount(try allMembers(deployed, decision, .latency))) each.")
    #expect(
      text.otherCosts?.hasPrefix(
        "Expected of its members' times and of the images that come to each, an image takes on average "
      )
        == true)
    #expect(text.otherCosts?.hasSuffix(" % of the best single model's 2.94 ms).") == true)
    #expect(text.measured == nil)
    #expect(text.cautions.isEmpty)
    #expect(
      text.images
        == "400 images of the split 'hold-out' chose among \(decision.subsetCount) models and ensembles, and "
        + "cascades of them; 400 images of 'test', which chose nothing, judge.")
    #expect(text.goal.hasPrefix("Wanted: the least MACs with at least 94.00 % on the hold-out. "))
    #expect(text.answers.count == 3)
    #expect(
      text.shifted?.hasPrefix("On the shifted images (400 images of 'shifted') it has ") == true)
    #expect(text.caveat.contains("hold one by one"))
    #expect(text.errors.count == 1)
    let row = try #require(decision.crossFitting?.firstAnswer)
    let worth = try #require(text.crossFitting)
    #expect(
      worth.hasPrefix(
        "Chosen anew on parts of the hold-out, the first answer is right on "
          + "\(NumberFormat.percent(row.estimate.accuracy)) % of the images that did not choose it")
    )
    #expect(worth.contains("Other ways to choose: ") && worth.contains("the best cascade "))
    #expect(text.sentences.contains(worth) && text.sentences.count == 17)
  }

  /// Nothing but what was timed as a whole is called measured.
  @Test func aCascadeIsMeasuredAsAWhole() throws {
    func time(_ median: Double) -> [String: Any] {
      ["median": median, "least": median - 0.25, "greatest": median + 0.5]
    }
    let measured: [String: Any] = [
      "deployed": time(2), "slowestPath": time(5), "reference": time(4), "rounds": 5,
      "imagesPerRound": 1200,
    ]
    let text = DecisionText(try changed([(["measured"], measured)]))
    #expect(
      text.measured
        == "Measured as a whole, an image takes 2.00 ms (1.75 to 2.50) on average, through all members 5.00 ms (4.75 to "
        + "5.50); the best single model's takes 4.00 ms (3.75 to 4.50): medians, least and greatest of 5 rounds of "
        + "1,200 images, in turns, one image at a time, stopping as often as the test images do.")
    #expect(text.otherCosts == nil && text.sentences.contains(text.measured ?? ""))
    let figures = KeyFigure.of(try changed([(["measured"], measured)]))
    #expect(figures.contains { $0.name == "Measured time" && $0.value == "50 %" })
    let expected = KeyFigure.of(try changed([]))
    #expect(expected.contains { $0.name == "Expected time" })
    #expect(!DecisionText(try changed([])).sentences.contains { $0.hasPrefix("Measured") })
  }

  /// A budget holds the mean alone, of MACs or of times.
  /// A budget of time is looked at where what it bounds was measured, and one that is missed is a caution.
  @Test(arguments: [
    ("p99", 4.5, "99 % of the images take at most"), ("mean", 2.5, "on average it takes"),
  ])
  func budgetsOfTimeAreMeasured(_ quantile: String, _ found: Double, _ words: String) throws {
    func time(_ median: Double) -> [String: Double] {
      ["median": median, "least": median - 0.1, "greatest": median + 0.1]
    }
    func decision(within budget: Double) throws -> Decision {
      let measured: [String: Any] = [
        "deployed": time(2.5), "slowestPath": time(6), "reference": time(4),
        "quantile": ["percent": 99, "time": time(4.5)], "rounds": 5, "imagesPerRound": 80,
      ]
      return try changed([
        (["measured"], measured), (["options", "cost"], "latency"),
        (["options", "maximumCost"], budget), (["options", "costQuantile"], quantile),
      ])
    }
    let kept = try decision(within: found + 0.5)
    #expect(kept.measuredBudget?.isKept == true && kept.measuredBudget?.time.median == found)
    let said = try #require(CostSentences(kept).measured)
    #expect(said.contains("measured: \(words) ") && said.hasSuffix("within it."), "\(said)")
    #expect(!DecisionCautions(kept).sentences.contains { $0.contains("misses the budget") })
    let missed = try decision(within: found - 0.5)
    #expect(missed.measuredBudget?.isKept == false)
    #expect(CostSentences(missed).measured?.hasSuffix("which misses it.") == true)
    #expect(DecisionCautions(missed).sentences.contains { $0.contains("misses the budget") })
    let other = try changed([
      (
        ["measured"],
        [
          "deployed": time(1), "slowestPath": time(2), "reference": time(3), "rounds": 1,
          "imagesPerRound": 9,
        ]
      ),
      (["options", "cost"], "latency"), (["options", "maximumCost"], 0.1),
      (["options", "costQuantile"], "p99"),
    ])
    #expect(other.measuredBudget == nil, "it was not measured")
  }

  @Test(arguments: [CostMeasure.multiplyAccumulates, .latency])
  func theSlowestPathIsSaidBesideABudget(measure: CostMeasure) throws {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let path = try #require(decision.slowestPath)
    #expect(path.testFraction == decision.deployed.test.exitFractions?.last)
    #expect(path.holdOutFraction == decision.deployed.holdOut.exitFractions?.last)
    for counted in [CostMeasure.multiplyAccumulates, .latency] {
      let sum = try allMembers(decision.deployed, decision, counted)
      #expect(abs(try #require(path[counted]) - sum) < 1e-9 * sum)
    }
    let cost = try #require(path[measure])
    for (budget, isBeyond) in [(0.9 * cost, true), (1.1 * cost, false)] {
      let text = DecisionText(
        try changed([
          (["options", "cost"], measure.rawValue), (["options", "maximumCost"], budget),
        ]))
      let words =
        ", more than \(measure.amount(budget)), to which the budget holds the mean alone."
      #expect(text.deploy.contains(words) == isBeyond, "\(text.deploy)")
      #expect(text.deploy.contains("% of the test images run through both members, for "))
      #expect(text.deploy.contains(" of the expected time of ") == (measure == .latency))
      if measure == .latency {
        #expect(text.otherCosts?.hasPrefix("On average an image takes ") == true)
      }
    }
  }

  /// What its members cost together, one after another.
  private func allMembers(
    _ candidate: Candidate, _ decision: Decision, _ measure: CostMeasure
  ) throws -> Double {
    try candidate.members.reduce(0) { sum, name in
      let single = decision.candidates.first { $0.kind == .single && $0.members == [name] }
      return sum + (try #require(single?.test.cost[measure]))
    }
  }

  /// A hold-out of few images, and one that is much easier than the test images.
  @Test func whatIsDoubtfulIsSaid() throws {
    #expect(
      DecisionText(try changed([(["holdOut", "count"], 20)])).cautions == [
        "Careful: only 20 images of 'hold-out' choose. Accuracies of so few are uncertain by up to 22 points: take more "
          + "images before relying on this."
      ])
    let both = DecisionText(try changed([(["holdOut", "count"], 150), (["test", "count"], 100)]))
    #expect(
      both.cautions.first?.hasPrefix(
        "Careful: only 150 images of 'hold-out' choose and 100 images of 'test' judge.")
        == true)
    #expect(both.sentences.contains { $0.hasPrefix("Careful: only 150 ") })
    #expect(try changed([(["holdOut", "count"], 200)]).holdOut.count == 200)
  }

  @Test(arguments: [(0.99, 0.7, "hold-out"), (0.7, 0.99, "test images")])
  func imagesThatWereTrainedOnAreSuspected(holdOut: Double, test: Double, which: String) throws {
    let plain = try #require(try SyntheticReport.plain.get().decision)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(try plain.readableJSON().utf8)) as? [String: Any])
    let candidates = try #require(object["candidates"] as? [[String: Any]]).map { candidate in
      var candidate = Self.put(holdOut, at: ["holdOut", "metrics", "top1Accuracy"], in: candidate)
      candidate = Self.put(test, at: ["test", "metrics", "top1Accuracy"], in: candidate)
      return candidate
    }
    let text = DecisionText(try changed([(["candidates"], candidates)]))
    let caution = try #require(text.cautions.first)
    #expect(caution.hasPrefix("Careful: members are far better on the \(which) than on the "))
    #expect(caution.contains("Were they trained on the \(which)?"))
    #expect(caution.contains("99.0 %") && caution.contains("70.0 %"))
  }

  @Test func oneModelUnderTwoNamesIsSaid() throws {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let members = try #require(decision.members)
    let twins = members.prefix(2).map { member -> [String: Any] in
      [
        "name": member.name, "network": member.network,
        "multiplyAccumulates": member.multiplyAccumulates, "parameters": member.parameters,
        "holdOutSHA256": "a", "testSHA256": "b",
      ]
    }
    let text = DecisionText(try changed([(["members"], twins)]))
    #expect(
      text.cautions == [
        "Careful: \(members[0].name) and \(members[1].name) predict the same to the last bit: one model under two names "
          + "adds nothing to an ensemble but its cost."
      ])
  }

  @Test func whatWasNotTriedIsSaid() throws {
    let cut: [String: Any] = [
      "seconds": 10, "ensembles": ["planned": 123_456, "tried": 1024], "largestEnsemble": 3,
      "cascadeGoals": ["planned": 17, "tried": 5], "cascadeImages": 100_000,
    ]
    let text = DecisionText(try changed([(["search"], cut)]))
    #expect(
      text.cautions == [
        "The search was ended after 10 s (--seconds): 1,024 of 123,456 ensembles were tried, those of the fewest members "
          + "first (up to 3) and cascades were searched for 5 of 17 budgets and accuracies. The best of these was taken; "
          + "there may be better.",
        "Cascades and their thresholds were searched on 100,000 of the hold-out's images, drawn at random; their figures "
          + "are of all.",
      ])
  }

  /// A decision of an earlier version says nothing of its members and its search.
  @Test func earlierDecisionsAreRead() throws {
    let decision = try changed([(["members"], NSNull()), (["search"], NSNull())])
    #expect(decision.members == nil && decision.search == nil)
    #expect(DecisionText(decision).cautions.isEmpty)
  }

  /// What nothing could be fitted to, and images that may be the same, are said once, with the other doubts.
  @Test func gapsAndImagesThatMayBeTheSameAreCautions() throws {
    let text = DecisionText(
      try changed([
        (["calibration", "gap"], "noError"), (["calibration", "place"], NSNull()),
        (["calibration", "comparison"], NSNull()),
        (["separation"], "unknown"),
      ]))
    #expect(text.calibration == nil)
    #expect(
      text.cautions == [
        "Careful: whether hold-out and test images are different ones is not known: give both ids, or a "
          + "\"fingerprint\" in their lists. Figures are flattered where they share images.",
        "Careful: no temperature was fitted: every hold-out image is right, which does not show how often such "
          + "predictions err.",
      ])
    let all = text.sentences.joined(separator: "\n")
    #expect(all.components(separatedBy: "no temperature was fitted").count == 2)
    #expect(all.components(separatedBy: "is not known").count == 2)
  }

  /// What looks the same is not called better.
  @Test func noDifferenceIsNoImprovement() throws {
    let path = ["calibration", "calibrated", "metrics", "negativeLogLikelihood"]
    let before = ["calibration", "uncalibrated", "metrics", "negativeLogLikelihood"]
    let text = try #require(
      DecisionText(try changed([(path, 0.42101), (before, 0.42149)])).calibration)
    #expect(
      text.contains(" makes hardly any difference on the test images: NLL 0.421 → 0.421 nats"))
    #expect(!text.contains("better"))
  }

  @Test func nothingIsChosenWithoutAHoldOut() {
    let lines = DecisionText.lines(ofNothingChosen: 60).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 60 })
    #expect(lines[0].hasPrefix("Nothing could be chosen: there are no hold-out predictions"))
  }

  @Test func oneModelCanBeEnough() throws {
    let text = DecisionText(
      try decision { report in
        report.members.networks = [report.members.networks[2]]
        report.members.hasLatencies = false
        report.members.hasShifted = false
      })
    #expect(text.deploy.hasPrefix("One model is enough: deploy wide-resnet-16-4-0: "))
    #expect(
      text.deploy.hasSuffix(
        ", for 393 M MACs an image. It is the best single model on the hold-out."))
    #expect(text.comparison == nil && text.otherCosts == nil && text.shifted == nil)
  }

  @Test func aCheaperModelCanBeEnough() throws {
    let text = DecisionText(try decision { $0.options.minimumAccuracy = 0.5 })
    #expect(text.deploy.hasPrefix("One model is enough: deploy wide-resnet-16-1-"))
    #expect(
      text.deploy.contains(", at 7 % of the MACs of the best single model, wide-resnet-16-4-0 ("))
    #expect(
      text.goal.hasPrefix("Wanted: the least MACs with at least 50.00 % on the hold-out. There it"))
  }

  @Test func whatCostsMoreIsSaidTo() throws {
    let text = DecisionText(
      try changed([
        (["options", "maximumCost"], 1e12),
        (["deployed", "test", "cost", "multiplyAccumulates"], 5e8),
      ]))
    #expect(text.deploy.contains(" It costs more: "))
    #expect(text.deploy.contains(" 500 M MACs against 393 M MACs."))
    #expect(
      text.goal.hasPrefix(
        "Wanted: the most accurate for at most 1.00 T MACs an image on average with at least 94.00 %, by the way "
      )
    )
  }

  @Test func timeCanBeWhatCounts() throws {
    let text = DecisionText(
      try decision { report in
        report.options.cost = .latency
        report.options.minimumAccuracy = 0.5
      })
    #expect(text.deploy.contains(" at 21 % of the time of the best single model"))
    #expect(
      text.otherCosts
        == "An image takes 26.7 M MACs (7 % of the best single model's 393 M MACs).")
  }

  @Test(arguments: [
    ("better", "is clear: it is better than the best single model."),
    ("worse", "is clear: it is worse than the best single model."),
    ("undecided", "is not clear."),
  ])
  func eachVerdictIsSaid(verdict: String, words: String) throws {
    let decision = try changed([
      (["deployed", "comparison", "verdict"], verdict),
      (["deployed", "comparison", "difference"], 0.0033),
      (["deployed", "comparison", "interval"], ["lowerBound": -0.0002, "upperBound": 0.0068]),
      (["deployed", "comparison", "mcNemarPValue"], 0),
      (["deployed", "comparison", "adjustedPValue"], NSNull()),
    ])
    #expect(
      DecisionText(decision).comparison
        == "The difference, +0.33 points (−0.02 to +0.68; McNemar p < 0.001), \(words)")
  }

  @Test func temperaturesThatMakeItWorseAreSaidTo() throws {
    let path = ["calibration", "calibrated", "metrics", "negativeLogLikelihood"]
    let worse = try #require(DecisionText(try changed([(path, 9.0)])).calibration)
    #expect(
      worse.contains(
        " makes the likelihood worse and the calibration error less on the test images: NLL "
      ))
    #expect(worse.contains(" → 9.000 nats"))
    func placed(_ place: Any) throws -> String? {
      try DecisionText(
        changed([
          (["calibration", "comparison"], NSNull()), (["calibration", "place"], place),
        ])
      ).calibration
    }
    let none = try placed(NSNull())
    #expect(none == "No calibration was better than none on the hold-out, and none is used.")
    #expect(
      try placed("beforeCombining")?
        .hasPrefix("Temperatures of the members, before combining, make ") == true)
  }

  /// What calibrates beyond temperatures is named, and what chance explains of the calibration error is said.
  @Test func whatCalibratesIsNamed() throws {
    let decision = try changed([
      (["calibration", "comparison"], Self.comparison),
      (["calibration", "calibrated", "test"], NSNull()),
    ])
    #expect(decision.calibration.method == .isotonic)
    #expect(DecisionText(decision).calibration?.hasPrefix("Isotonic regression makes ") == true)
    #expect(CalibrationSentence(decision).test == nil)
    for (pValue, verdict) in [(0.001, "more than chance"), (0.051, "no more than chance")] {
      let test: [String: Any] = [
        "calibrationError": 0.02, "expectedError": 0.008, "largestError": 0.0141, "pValue": pValue,
        "bands": [NSNull()], "draws": 999,
      ]
      let tested = try changed([(["calibration", "calibrated", "test"], test)])
      let text = try #require(CalibrationSentence(tested).test)
      #expect(text.hasPrefix("An ECE of 0.020 is \(verdict) explains (p "))
      #expect(text.contains("have 0.008 on average, and 0.014 or less in 95 %"))
    }
  }

  private static var comparison: [String: Any] {
    [
      "chosen": "isotonic", "images": 500, "folds": 5,
      "trials": [
        ["method": "none", "negativeLogLikelihood": 0.5, "gained": 0, "lost": 0],
        ["method": "dirichlet", "refusal": "it needs more", "gained": 0, "lost": 0],
      ],
    ]
  }

  @Test func aPerfectHoldOutIsACaution() throws {
    let path = ["deployed", "holdOut", "metrics", "top1Accuracy"]
    let text = DecisionText(try changed([(path, 1.0)]))
    #expect(text.cautions.contains { $0.contains("every hold-out image is right") })
  }

  @Test func aPredictionThatCalibrationTurnsIsToldApart() throws {
    let path = ["deployed", "test", "metrics", "top1Accuracy"]
    let text = DecisionText(try changed([(path, 0.123)]))
    #expect(text.deploy.contains(": 12.30 % on the test images"))
    #expect(text.comparison?.hasPrefix("The difference without calibration (") == true)
  }

  @Test func manyMembersAreCounted() throws {
    let text = DecisionText(
      try changed([
        (["deployed", "kind"], "greedy"), (["deployed", "members"], ["a", "b", "c", "d", "e"]),
        (["deployed", "network"], "5 x small"),
      ]))
    #expect(
      text.deploy.hasPrefix("Deploy a greedily chosen ensemble of 5 members (5 × small): "))
  }

  @Test func theLinesFitATerminal() throws {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let lines = DecisionText(decision).lines(width: 80).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 } && lines.count > 8)
  }
}
