import Decisions
import Formatting
import Foundation
import Testing

@testable import Reports

@Suite struct FindingsTests {
  @Test func eachVerdictIsSaid() throws {
    let findings = Findings(try Fixture.frontier())
    #expect(
      findings.headline
        == "At equal or less compute, the smaller network's ensemble beats the larger network in 1 of 2 pairs; "
        + "it is undecided in 1. In 1 more pair, too few members are trained to use that compute: worse in 1."
    )
    #expect(findings.findings.map(\.verdict) == [.better, .undecided, .worse])
    #expect(
      findings.findings[0].text
        == "3 × wide-resnet-16-2 beats one wide-resnet-16-4: 91.05 % against 89.80 % (a mean one of 2), +1.25 points "
        + "(95 % interval +0.75 to +1.75; one pair +1.35, McNemar p < 0.001), for 77 % of the larger network's MACs "
        + "(303 M against 393 M). With 4 members, for 103 % of the larger network's MACs "
        + "(404 M against 393 M): better, 91.25 %, +1.45 points "
        + "(95 % interval +0.95 to +1.95; one pair +1.55, McNemar p < 0.001).")
    #expect(
      findings.findings[1].text.hasPrefix(
        "3 × wide-resnet-16-1 and one wide-resnet-16-2 cannot be told apart: 86.80 % against 87.10 % (a mean one of 4), "
          + "−0.30 points (95 % interval −0.75 to +0.15; one pair −0.20, McNemar p = 0.131)"))
    // The most members within the larger network's compute, not the best of them.
    #expect(
      findings.findings[2].text
        == "8 × wide-resnet-16-1 falls short of one wide-resnet-16-4: 87.35 % against 89.80 % (a mean one of 2), "
        + "−2.45 points (95 % interval −3.05 to −1.85; one pair −2.35, McNemar p < 0.001), for 54 % of the larger "
        + "network's MACs (213 M against 393 M); only 8 trained, 14 would fit.")
  }

  @Test func oneNetworkHasNothingToCompareWith() throws {
    var object = try #require(
      try JSONSerialization.jsonObject(with: Data(try Fixture.text("frontier.json").utf8))
        as? [String: Any])
    object["comparisons"] = []
    let curves = try #require(object["curves"] as? [Any])
    for (count, start) in [(1, "One network alone"), (2, "Two members of a smaller network")] {
      object["curves"] = Array(curves.prefix(count))
      let data = try JSONSerialization.data(withJSONObject: object)
      let findings = Findings(try JSONDecoder().decode(Frontier.self, from: data))
      #expect(findings.findings.isEmpty)
      #expect(findings.headline.hasPrefix(start))
    }
  }

  /// The fixture with its text changed, and without comparisons where `isEmpty`.
  private func findings(_ changes: [(String, String)], isEmpty: Bool = false) throws -> Findings {
    var text = try Fixture.text("frontier.json")
    for (old, new) in changes {
      #expect(text.contains(old), "\(old)")
      text = text.replacingOccurrences(of: old, with: new)
    }
    var object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    if isEmpty { object["comparisons"] = [] }
    let data = try JSONSerialization.data(withJSONObject: object)
    return Findings(try JSONDecoder().decode(Frontier.self, from: data))
  }

  @Test func networksOfOneCostAreSaidSo() throws {
    let same = ["101106944", "392612352"].map {
      ("\"multiplyAccumulates\": \($0),", "\"multiplyAccumulates\": 26657408,")
    }
    #expect(try findings(same, isEmpty: true).headline.hasPrefix("The networks cost the same"))
  }

  @Test func aClearMeanWithADoubtfulPairLeadsOrTrails() throws {
    let leads = try findings([("\"lowerBound\": -0.0075", "\"lowerBound\": 0.0005")])
    let doubt = "on average, but not clearly for every choice of members"
    #expect(leads.findings[1].claim == "3 × wide-resnet-16-1 leads one wide-resnet-16-2 \(doubt)")
    let trails = try findings([("\"upperBound\": 0.0015", "\"upperBound\": -0.0005")])
    #expect(trails.findings[1].claim == "3 × wide-resnet-16-1 trails one wide-resnet-16-2 \(doubt)")
  }

  @Test func aMajorityVoteHasNoLikelihood() throws {
    let text = try Fixture.text("frontier.json")
      .replacingOccurrences(of: "geometricMean", with: "majorityVote")
    let table = FrontierSummary.table(try Frontier(json: text))
    #expect(table.contains(" – ") && !table.contains("0.4340"))
  }

  @Test func theTextFitsATerminal() throws {
    let lines = FrontierSummary.text(try Fixture.frontier()).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(lines.last == "  For these trained members; training again may change it.")
    #expect(lines.contains("  + 3 × wide-resnet-16-2 beats one wide-resnet-16-4:"))
    #expect(
      lines.contains("  ? 3 × wide-resnet-16-1 and one wide-resnet-16-2 cannot be told apart:"))
    #expect(lines.contains("  - 8 × wide-resnet-16-1 falls short of one wide-resnet-16-4:"))
  }

  @Test func theTextHasARowAPoint() throws {
    let text = FrontierSummary.table(try Fixture.frontier())
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == 15)
    #expect(
      lines[2] == [
        "wide-resnet-16-1", "2", "53.3", "M", "107", "M", "86.00", "0.16", "28", "0.4340", "0.0490",
        "*",
      ])
    #expect(
      lines[8] == [
        "wide-resnet-16-1", "8", "213", "M", "427", "M", "87.35", "1", "0.3922", "0.0443",
      ])
  }
}
