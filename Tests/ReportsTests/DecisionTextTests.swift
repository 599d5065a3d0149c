import CLI
import Ensembles
import Files
import Foundation
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
        + "\(Figures.percent(deployed.test.metrics.top1Accuracy)) % on the test images (95 % interval "
        + "\(Figures.percent(deployed.testInterval.lowerBound, 1)) to "
        + "\(Figures.percent(deployed.testInterval.upperBound, 1))), at \(Figures.percent(share, 0)) % of the "
        + "MACs of the best single model, wide-resnet-16-4-0 "
        + "(\(Figures.percent(reference.test.metrics.top1Accuracy)) %).")
    #expect(text.otherCosts?.hasPrefix("Measured, an image takes ") == true)
    #expect(text.otherCosts?.hasSuffix(" % of the best single model's 2.94 ms).") == true)
    #expect(
      text.images
        == "400 images of the split 'hold-out' chose among \(decision.subsetCount) models and ensembles, and "
        + "cascades of them; 400 images of 'test', which chose nothing, judge.")
    #expect(
      text.goal.hasPrefix(
        "Wanted: the least MACs with an accuracy by one standard error above that of the best "
          + "single model ("))
    for (margin, words) in [
      (0, "at least the accuracy of"), (2, "an accuracy by 2 standard errors above that of"),
      (0.5, "an accuracy by 0.50 standard errors above that of"),
    ] as [(Double, String)] {
      let text = DecisionText(try changed([(["options", "margin"], margin)]))
      #expect(text.goal.contains("the least MACs with \(words) the best single model ("))
    }
    #expect(
      text.shifted?.hasPrefix("On the shifted images (400 images of 'shifted') it has ") == true)
    #expect(text.caveat.contains("not corrected for the number of comparisons"))
    #expect(text.sentences.count == 8)
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
    let text = DecisionText(try decision { $0.options.maximumCost = 1e12 })
    #expect(text.deploy.contains(" It costs more: "))
    #expect(text.deploy.hasSuffix(" M MACs against 393 M MACs."))
    #expect(
      text.goal.hasPrefix(
        "Wanted: the most accurate on the hold-out for at most 1.00 T MACs an image. There it has ")
    )
  }

  @Test func timeCanBeWhatCounts() throws {
    let text = DecisionText(
      try decision { report in
        report.options.cost = .latency
        report.options.minimumAccuracy = 0.5
      })
    #expect(text.deploy.contains(" at 21 % of the measured time of the best single model"))
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
    ])
    #expect(
      DecisionText(decision).comparison
        == "The difference, +0.33 points (−0.02 to +0.68; McNemar p < 0.001), \(words)")
  }

  @Test func temperaturesThatMakeItWorseAreSaidTo() throws {
    let path = ["calibration", "calibrated", "metrics", "negativeLogLikelihood"]
    let worse = DecisionText(try changed([(path, 9.0)])).temperatures
    #expect(worse.contains(" makes the probabilities worse on the test images: NLL "))
    #expect(worse.contains(" → 9.000 nats"))
    let none = DecisionText(try changed([(["calibration", "place"], NSNull())])).temperatures
    #expect(none == "No temperature was better than none on the hold-out, and none is used.")
    let before = DecisionText(try changed([(["calibration", "place"], "beforeCombining")]))
    #expect(before.temperatures.hasPrefix("Temperatures of the members, before combining, make "))
  }

  @Test func aPredictionThatTemperaturesTurnIsToldApart() throws {
    let path = ["deployed", "test", "metrics", "top1Accuracy"]
    let text = DecisionText(try changed([(path, 0.123)]))
    #expect(text.deploy.contains(": 12.30 % on the test images"))
    #expect(text.comparison?.hasPrefix("The difference without temperatures (") == true)
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
