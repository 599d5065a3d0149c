import CLI
import Ensembles
import Foundation
import Testing

@testable import Reports

@Suite struct FindingsTests {
  @Test func eachVerdictIsSaid() throws {
    let findings = Findings(try Fixture.frontier())
    #expect(
      findings.headline
        == "At equal or less compute, the smaller network's ensemble beats the larger network in 1 of 3 pairs; "
        + "it is undecided in 1 and falls short in 1.")
    #expect(findings.findings.map(\.verdict) == [.better, .undecided, .worse])
    #expect(
      findings.findings[0].text
        == "3 × wide-resnet-16-2 beats one wide-resnet-16-4: 91.05 % against 89.80 %, +1.25 points "
        + "(95 % interval +0.75 to +1.75; one pair +1.35, McNemar p < 0.001), for 77 % of the larger network's MACs "
        + "(303 M against 393 M). With 4 members, for 103 % of the larger network's MACs "
        + "(404 M against 393 M): better, 91.25 %, +1.45 points "
        + "(95 % interval +0.95 to +1.95; one pair +1.55, McNemar p < 0.001).")
    #expect(
      findings.findings[1].text.hasPrefix(
        "3 × wide-resnet-16-1 and one wide-resnet-16-2 cannot be told apart: 86.80 % against 87.10 %, "
          + "−0.30 points (95 % interval −0.75 to +0.15; one pair −0.20, McNemar p = 0.131)"))
    // The most members within the larger network's compute, not the best of them.
    #expect(
      findings.findings[2].text
        == "8 × wide-resnet-16-1 falls short of one wide-resnet-16-4: 87.35 % against 89.80 %, "
        + "−2.45 points (95 % interval −3.05 to −1.85; one pair −2.35, McNemar p < 0.001), for 54 % of the larger "
        + "network's MACs (213 M against 393 M).")
  }

  @Test func oneNetworkHasNothingToCompareWith() throws {
    var object = try #require(
      try JSONSerialization.jsonObject(with: Data(try Fixture.text("frontier.json").utf8))
        as? [String: Any])
    object["comparisons"] = []
    let curves = try #require(object["curves"] as? [Any])
    for (count, start) in [(1, "One network alone"), (2, "No ensemble of a smaller network")] {
      object["curves"] = Array(curves.prefix(count))
      let data = try JSONSerialization.data(withJSONObject: object)
      let findings = Findings(try JSONDecoder().decode(Frontier.self, from: data))
      #expect(findings.findings.isEmpty)
      #expect(findings.headline.hasPrefix(start))
    }
  }

  @Test func theTextFitsATerminal() throws {
    let lines = FrontierSummary.text(try Fixture.frontier()).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 100 })
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
