import Schemas
import Statistics

/// Test accuracy of what was trained in full against what it costs: ensembles, and their members alone.
struct FinalistChart {
  /// What an image costs.
  enum Measure {
    case milliseconds, multiplyAccumulates
  }

  let content: SearchContent
  let measure: Measure

  private struct Point {
    let kind, networks: String
    let cost, accuracy: Double
    /// Over seeds, in points.
    let deviation: Double?
    let seeds: Int?
    /// Where the ensemble lies of which this is one member.
    var ensemble: (cost: Double, accuracy: Double)?
  }

  /// Without colours; nil where no finalist's cost is known.
  func specification(title: String?, width: ChartWidth) -> JSONValue? {
    let points = points
    guard !points.isEmpty else { return nil }
    let accuracies = points.flatMap { point in
      [-1.0, 1].map { point.accuracy + $0 * (point.deviation ?? 0) }
    }
    var specification: [String: JSONValue] = [
      "description": "Test accuracy of the finalists against cost.", "height": 400,
      "data": ["values": .array(points.map(row))],
      "encoding": SearchCharts.encoding(
        costs: points.map(\.cost), in: measure == .milliseconds ? .latency : .multiplyAccumulates,
        title: axisTitle, accuracies: accuracies, "Test accuracy, %"),
      "layer": .array(layers),
    ]
    specification.merge(width.members) { $1 }
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": [
          "Filled: ensembles, means over seeds; bars: ± one standard deviation over seeds.",
          "Hollow: one member alone. Dashed: the most accurate for that cost or less.",
        ],
      ]
    }
    return .object(specification)
  }

  private var axisTitle: String {
    measure == .milliseconds
      ? "Milliseconds per image, members in turn" : "MACs per image, all members"
  }

  private static func kind(_ finalist: SearchContent.Finalist) -> String {
    finalist.setting?.rawValue ?? finalist.name.withTimesSigns
  }

  private var points: [Point] {
    content.finalists.flatMap { finalist -> [Point] in
      guard let trained = finalist.trained, let cost = cost(finalist) else { return [] }
      let kind = Self.kind(finalist)
      let accuracy = 100 * trained.meanAccuracy
      let whole = Point(
        kind: kind, networks: SearchText.networks(finalist.members.map(\.network)), cost: cost,
        accuracy: accuracy, deviation: trained.standardDeviation.map { 100 * $0 },
        seeds: trained.accuracies.count)
      guard finalist.members.count > 1 else { return [whole] }
      let members = finalist.differentMembers.compactMap { member -> Point? in
        guard let alone = member.accuracy, let cost = self.cost(member) else { return nil }
        return Point(
          kind: kind, networks: "\(member.network) alone", cost: cost, accuracy: 100 * alone,
          deviation: nil, seeds: nil, ensemble: (whole.cost, accuracy))
      }
      return members + [whole]
    }
  }

  private func cost(_ finalist: SearchContent.Finalist) -> Double? {
    switch measure {
    case .milliseconds: finalist.milliseconds
    case .multiplyAccumulates: finalist.multiplyAccumulates.map { Double($0) }
    }
  }

  private func cost(_ member: SearchContent.Member) -> Double? {
    switch measure {
    case .milliseconds: member.milliseconds
    case .multiplyAccumulates: member.multiplyAccumulates.map { Double($0) }
    }
  }

  private func row(_ point: Point) -> JSONValue {
    let deviation = point.deviation ?? 0
    return [
      "kind": .string(point.kind), "networks": .string(point.networks),
      "cost": .number(point.cost), "accuracy": JSONValue.rounded(point.accuracy),
      "low": JSONValue.rounded(max(0, point.accuracy - deviation)),
      "high": JSONValue.rounded(min(100, point.accuracy + deviation)),
      "sd": point.deviation.map { JSONValue.rounded($0) } ?? .null,
      "seeds": point.seeds.map { .integer($0) } ?? .null,
      "alone": .bool(point.ensemble != nil),
      "toCost": point.ensemble.map { .number($0.cost) } ?? .null,
      "toAccuracy": point.ensemble.map { JSONValue.rounded($0.accuracy) } ?? .null,
    ]
  }

  private var frontier: [JSONValue] {
    ParetoFrontier.indices(
      of: points.indices, cost: { points[$0].cost }, accuracy: { points[$0].accuracy }
    ).map { row(points[$0]) }
  }

  private var layers: [JSONValue] {
    let kinds = points.map(\.kind).reduce(into: [String]()) { kinds, kind in
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    let color = ChartParts.legend("kind", kinds)
    let isTime = measure == .milliseconds
    let tooltip: JSONValue = [
      ChartParts.word("kind", "Ensemble"), ChartParts.word("networks", "Networks"),
      ChartParts.quantity("accuracy", "Test, %", format: ".2f"),
      ChartParts.quantity("sd", "± sd, points", format: ".2f"),
      ChartParts.quantity("seeds", "Seeds", format: "d"),
      ChartParts.quantity("cost", isTime ? "ms" : "MACs", format: isTime ? ".3f" : ",d"),
    ]
    return [
      [
        "data": ["values": .array(frontier)],
        "mark": ["type": "line", "style": "frontier", "interpolate": "step-after"],
      ],
      [
        "transform": [["filter": "datum.alone"]],
        "mark": ["type": "rule", "strokeWidth": 1, "opacity": 0.45],
        "encoding": ["x2": ["field": "toCost"], "y2": ["field": "toAccuracy"], "color": color],
      ],
      [
        "transform": [["filter": "datum.sd > 0"]],
        "mark": ["type": "rule", "strokeWidth": 1.75, "opacity": 0.75],
        "encoding": [
          "y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"], "color": color,
        ],
      ],
      [
        "transform": [["filter": "datum.alone"]],
        "mark": ["type": "point", "filled": false, "size": 55, "strokeWidth": 1.5, "opacity": 1],
        "encoding": ["color": color, "shape": color, "tooltip": tooltip],
      ],
      [
        "transform": [["filter": "!datum.alone"]],
        "mark": ["type": "point", "filled": true, "size": 110, "opacity": 1],
        "encoding": ["color": color, "shape": color, "tooltip": tooltip],
      ],
    ]
  }
}
