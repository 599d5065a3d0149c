import Decisions
import Foundation
import Schemas
import Testing

@testable import Reports

@Suite struct ChartTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func rows(_ specification: [String: Any]) throws -> [[String: Any]] {
    let data = try #require(specification["data"] as? [String: Any])
    return try #require(data["values"] as? [[String: Any]])
  }

  private func specification(of frontier: Frontier, title: String) throws -> String {
    try FrontierChart(frontier: frontier).file(title: title, dataset: nil).readableJSON()
  }

  @Test func theSpecificationHoldsEveryPoint() throws {
    let frontier = try Fixture.frontier()
    let specification = try object(specification(of: frontier, title: "run"))
    #expect(
      specification["$schema"] as? String == "https://vega.github.io/schema/vega-lite/v5.json")
    let rows = try rows(specification)
    #expect(rows.count == 14)
    // The numbers as the generator wrote them, not as we read them.
    let first = rows[0]
    #expect(first["network"] as? String == "wide-resnet-16-1")
    #expect(first["macs"] as? Int == 26_657_408)
    #expect(first["flops"] as? Int == 53_314_816)
    #expect(abs((first["accuracy"] as? Double ?? 0) - 84.2) < 1e-9)
    #expect(first["subsets"] as? Int == 8)
    let last = rows[13]
    #expect(last["network"] as? String == "wide-resnet-16-4")
    #expect(last["n"] as? Int == 2)
    #expect(last["pareto"] as? Bool == true)
    #expect(last["sd"] is NSNull, "one subset has no spread")
    #expect(rows.filter { $0["pareto"] as? Bool == true }.count == 10)
  }

  @Test func theAxesSayWhatTheyMeasure() throws {
    let specification = try object(
      specification(of: Fixture.frontier(), title: "run"))
    let encoding = try #require(specification["encoding"] as? [String: [String: Any]])
    #expect(encoding["x"]?["title"] as? String == "MACs per image (log scale)")
    #expect(encoding["y"]?["title"] as? String == "Test accuracy, %")
    let scale = try #require(encoding["x"]?["scale"] as? [String: Any])
    #expect(scale["type"] as? String == "log")
    let accuracy = try #require(encoding["y"]?["scale"] as? [String: Any])
    let domain = try #require(accuracy["domain"] as? [Double])
    #expect(domain.count == 2 && domain[0] >= 0 && domain[1] <= 100)
  }

  @Test func nothingIsDrawnBeyondAllRight() throws {
    let text = try Fixture.text("frontier.json")
      .replacingOccurrences(
        of: "\"top1StandardDeviation\": 0.0035,", with: "\"top1StandardDeviation\": 0.2,")
    let specification = try object(
      specification(of: Frontier(json: text), title: "x"))
    let encoding = try #require(specification["encoding"] as? [String: [String: Any]])
    let scale = try #require(encoding["y"]?["scale"] as? [String: Any])
    #expect((scale["domain"] as? [Double])?.last == 100)
    #expect(try rows(specification).compactMap { $0["high"] as? Double }.max() == 100)
  }

  @Test func labelsKeepClearOfOtherNetworks() throws {
    let above = FrontierChart(frontier: try Fixture.frontier()).labelsAbove()
    // Four to six of the smallest network lie right under the line of the next.
    #expect(above[0] == [true, true, true, false, false, false, true, true])
    #expect(above[1] == [true, true, true, true])
    #expect(above[2] == [true, true])
  }

  @Test func theSpecificationIsTheSameEachTime() throws {
    let frontier = try Fixture.frontier()
    let texts = try (0..<5).map { _ in try specification(of: frontier, title: "x") }
    #expect(Set(texts).count == 1)
  }

  @Test func fewOrCostlyPointsHaveTicks() throws {
    let text = try Fixture.text("frontier.json")
      .replacingOccurrences(
        of: "\"multiplyAccumulates\": 26657408,", with: "\"multiplyAccumulates\": 1,")
    let frontier = try JSONDecoder().decode(Frontier.self, from: Data(text.utf8))
    let specification = try object(specification(of: frontier, title: "x"))
    let encoding = try #require(specification["encoding"] as? [String: [String: Any]])
    let axis = try #require(encoding["x"]?["axis"] as? [String: Any])
    #expect((axis["values"] as? [Double])?.first == 1)
  }
}
