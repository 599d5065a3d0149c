import Decisions
import Foundation
import Randomness
import Schemas
import TestSupport
import Testing

@testable import Reports

/// The two names on the chart of accuracy against cost lie on nothing, and each is tied to its own ring.
@Suite struct LabelTests {
  private static let root = checkout

  private static func object(_ data: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private static func recorded() throws -> [String: Any] {
    try object(
      Data(contentsOf: root.appendingPathComponent("results/cifar10-mixed/report/decision.json")))
  }

  /// Where a candidate lies: MACs and accuracy.
  private typealias Place = (cost: Double, accuracy: Double)

  /// The recorded decision with these two elsewhere, and all others at `others` where given.
  private static func decision(
    deployed: Place, reference: Place, others: [Place]? = nil, name: String? = nil
  ) throws -> Decision {
    var decision = try recorded()
    let ids = try [decision["chosen"], decision["reference"]].map { try #require($0 as? String) }
    var candidates = try #require(decision["candidates"] as? [[String: Any]])
    var rest = others?.makeIterator()
    for index in candidates.indices {
      let id = try #require(candidates[index]["id"] as? String)
      let place = id == ids[0] ? deployed : id == ids[1] ? reference : rest?.next()
      guard let place else { continue }
      for images in ["test", "holdOut"] {
        var evaluation = try #require(candidates[index][images] as? [String: Any])
        var metrics = try #require(evaluation["metrics"] as? [String: Any])
        var cost = try #require(evaluation["cost"] as? [String: Any])
        (metrics["top1Accuracy"], cost["multiplyAccumulates"]) = (place.accuracy, place.cost)
        (evaluation["metrics"], evaluation["cost"]) = (metrics, cost)
        candidates[index][images] = evaluation
      }
      if let name, ids.contains(id) {
        (candidates[index]["network"], candidates[index]["kind"]) = (name, "single")
      }
    }
    decision["candidates"] = candidates
    return try JSONDecoder().decode(
      Decision.self, from: JSONSerialization.data(withJSONObject: decision))
  }

  /// On top of each other, beside each other, at every edge and corner, among many, and with hard names.
  private static func hardCases() throws -> [String: Decision] {
    var cases = [
      "recorded": try JSONDecoder().decode(
        Decision.self, from: JSONSerialization.data(withJSONObject: recorded()))
    ]
    let spots: [Place] = [
      (2.6e7, 0.815), (2.7e7, 0.999), (6.2e8, 0.816), (6.1e8, 1), (1.5e8, 0.86),
    ]
    for (first, deployed) in spots.enumerated() {
      for (second, reference) in spots.enumerated() {
        cases["spots-\(first)-\(second)"] = try decision(deployed: deployed, reference: reference)
      }
    }
    for (number, share) in [0.9, 0.99, 1.0, 1.001, 1.1].enumerated() {
      for (height, accuracy) in [0.84, 0.86, 0.8605, 0.88].enumerated() {
        cases["near-\(number)-\(height)"] = try decision(
          deployed: (1.5e8 * share, accuracy), reference: (1.5e8, 0.86))
      }
    }
    var stream = RandomStream(seed: 7, 0)
    func place() -> Place {
      (pow(10, 7 + 2 * stream.unitInterval()), 0.3 + 0.7 * stream.unitInterval())
    }
    for number in 0..<12 {
      let others = (0..<200).map { _ in place() }
      cases["crowd-\(number)"] = try decision(
        deployed: place(), reference: place(), others: others)
    }
    cases["one-cost"] = try decision(
      deployed: (1e8, 0.9), reference: (1e8, 0.8),
      others: (0..<200).map { (1e8, 0.7 + 0.001 * Double($0)) })
    for (number, name) in [
      String(repeating: "very-long-", count: 30), "</script><b>&\"'", "רשת עצבית גדולה מאוד",
      "👩‍👩‍👧‍👦 网络网络网络网络网络网络网络网络网络", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ].enumerated() {
      cases["name-\(number)"] = try decision(
        deployed: (1.5e8, 0.86), reference: (1.6e8, 0.87), name: name)
    }
    return cases
  }

  @Test(
    .enabled(
      if: Fixture.dependencies != nil, "the chart renderer is not installed: run `make setup`"))
  func namesLieOnNothingAndPointAtTheirOwnRings() throws {
    let cases = try Self.hardCases()
    var specifications: [String: String] = [:]
    for (name, decision) in cases {
      for width in [230, 720] {
        let chart = TradeoffChart(decision: decision)
          .specification(title: "title", width: .pixels(width), isInteractive: false)
        specifications["\(name) \(width)"] = try ChartTheme(isDark: false).complete(chart)
          .readableJSON()
      }
    }
    try Fixture.withDirectory { directory in
      let drawn = try ChartRenderer(dependencies: Fixture.dependencies)
        .render(specifications, in: directory)
      #expect(drawn.charts.count == 2 * cases.count && cases.count > 60)
      for (key, picture) in drawn.charts {
        let parts = key.split(separator: " ")
        let decision = try #require(cases[String(parts[0])])
        let width = try #require(Double(parts[1]))
        check(
          DrawnChart(svg: String(decoding: picture.svg, as: UTF8.self)), decision, width, key)
      }
    }
  }

  private func check(_ chart: DrawnChart, _ decision: Decision, _ width: Double, _ key: String) {
    let labels = chart.texts.filter { $0.role.contains("role-mark") }
    let count = decision.chosen == decision.reference ? 1 : 2
    #expect(labels.count == count, "\(key)")
    let boxes = labels.map { Self.box(of: $0, room: CandidateLabel.room($0.text)) }
    if count == 2 { #expect(!boxes[0].overlaps(boxes[1]), "\(key): on each other") }
    let marks = chart.symbols.filter { $0.role.contains("role-mark") }
    #expect(marks.count > 100, "\(key)")
    let leaders = chart.lines.filter { $0.role.contains("role-mark layer_0") }
    let others = chart.texts.filter { !$0.role.contains("role-mark") && !$0.role.contains("axis") }
    #expect(others.count > 3, "\(key): the title and the legend")
    for (label, box) in zip(labels, boxes) {
      #expect(
        !marks.contains { DrawnChart.Box($0.x, $0.y, across: 11, up: 11).overlaps(box) },
        "\(key): '\(label.text)' lies on a mark")
      #expect(!leaders.contains { $0.box.overlaps(box) }, "\(key): a line crosses '\(label.text)'")
      for other in others {
        let room = Self.box(of: other, room: 1.35 * CandidateLabel.room(other.text))
        #expect(!room.overlaps(box), "\(key): '\(label.text)' lies on '\(other.text)'")
      }
    }
    checkLeaders(chart, labels, boxes, decision, width, key)
  }

  /// From a label straight down, then across to where the candidate's mark is.
  private func checkLeaders(
    _ chart: DrawnChart, _ labels: [DrawnChart.Text], _ boxes: [DrawnChart.Box],
    _ decision: Decision, _ width: Double, _ key: String
  ) {
    let scale = TradeoffChart(decision: decision).scale(.multiplyAccumulates)
    let left = chart.symbols.isEmpty ? 0 : Self.origin(of: chart)
    let down = chart.lines.filter { $0.role.contains("layer_0_layer_0") }
    let across = chart.lines.filter { $0.role.contains("layer_0_layer_1") }
    for (label, box) in zip(labels, boxes) {
      let id = label.text.hasPrefix("Deploy") ? decision.chosen : decision.reference
      #expect(box.left >= left - 1 && box.right <= left + width + 1, "\(key): in the plot")
      guard let cost = decision.candidate(id)?.test.cost.multiplyAccumulates else {
        Issue.record("\(key): no candidate")
        continue
      }
      let x = left + width * log(cost / scale.low) / log(scale.high / scale.low)
      let own = zip(down, across).first { line, end in
        abs(end.endX - x) < 1.5 && abs(line.endY - box.bottom) < 3
          && line.endX >= box.left - 0.5 && line.endX <= box.right + 0.5
      }
      #expect(own != nil, "\(key): '\(label.text)' is tied to its ring")
      let rings = chart.symbols.filter { $0.role.contains("layer_7") }
      #expect(
        rings.contains { abs($0.x - x) < 1 && abs($0.y - (own?.1.endY ?? -1)) < 1 }, "\(key): ring")
    }
  }

  /// Where the plot begins: the axis of accuracies.
  private static func origin(of chart: DrawnChart) -> Double {
    chart.lines.first { $0.role.contains("axis-domain") && $0.x == $0.endX }?.x ?? 0
  }

  private static func box(of text: DrawnChart.Text, room: Double) -> DrawnChart.Box {
    let middle =
      switch text.anchor {
      case "end": text.x - room / 2
      case "middle": text.x
      default: text.x + room / 2
      }
    // The baseline is given: of letters of 12 pixels about 4 below the middle.
    return DrawnChart.Box(middle, text.y - 4, across: room / 2, up: 7)
  }
}
