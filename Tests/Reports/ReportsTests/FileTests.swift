import Ensembles
import Files
import Foundation
import Schemas
import Testing

@testable import Reports

@Suite struct FileTests {
  @Test func aCandidateHasALine() throws {
    let decision = try #require(try SyntheticReport.plain.get().decision)
    let lines = ReportFiles.candidates(decision).split(separator: "\n")
    #expect(lines.count == decision.candidates.count + 1)
    let heads = lines[0].split(separator: ",")
    #expect(heads.first == "id" && heads.last == "verdict")
    for line in lines {
      #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == heads.count)
    }
    #expect(lines.contains { $0.hasPrefix("\(decision.chosen),") })
  }

  @Test func aRuleHasALine() throws {
    let rules = try #require(try SyntheticReport.plain.get().decision?.rules)
    let lines = ReportFiles.rules(rules).split(separator: "\n")
    #expect(lines.count == rules.rows.count + 1)
    #expect(lines[1].hasPrefix("geometric mean,7,"))
  }

  @Test func fieldsAreQuotedWhereTheyMust() {
    var csv = CSV(["a", "b", "c"])
    csv.append(["x,y", "say \"z\"", nil])
    #expect(csv.text == "a,b,c\n\"x,y\",\"say \"\"z\"\"\",\n")
  }

  @Test func manyCandidatesKeepThePageSmall() throws {
    var report = SyntheticReport()
    report.members.images = 300
    report.members.networks[0].count = 8
    report.members.networks[1].count = 4
    report.members.networks[2].count = 2
    report.members.networks[0].name = String(repeating: "a-very-long-name-", count: 8)
    let content = try report.content()
    #expect(content.decision.map { $0.candidates.count > 300 } == true)
    let rows = ReportCharts(content: content).tradeoff?.rows ?? []
    #expect(try JSONValue.array(rows).compactText().utf8.count < 1_000_000)
  }
}
