import Decisions
import Predictions
import Schemas

/// The chart of accuracy against compute as a Vega-Lite 5 specification.
struct FrontierChart {
  let frontier: Frontier

  /// The specification without colours, which `configuration` holds.
  func specification(title: String?, dataset: String? = nil, width: ChartWidth) -> JSONValue {
    var specification: [String: JSONValue] = [
      "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
      "description": "Accuracy against multiply-accumulates, a line a network.",
      "height": 400,
      "data": ["values": .array(rows())],
      "encoding": ["x": xEncoding(), "y": yEncoding()],
      "layer": .array(layers()),
    ]
    specification.merge(width.members) { $1 }
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": [
          .string(source(dataset)),
          "The number beside a point: members of the ensemble. Bars: ± one standard deviation over",
          "subsets of members. Rings and the dashed line: the most accurate for that compute or less.",
        ],
      ]
    }
    return .object(specification)
  }

  /// The chart as a file: complete, in light colours.
  func file(title: String, dataset: String?) -> JSONValue {
    ChartTheme(isDark: false).complete(
      specification(title: title, dataset: dataset, width: .pixels(680)))
  }

  /// The data and the rule: charts of one run differ in them.
  private func source(_ dataset: String?) -> String {
    let rule = frontier.rule.name
    return (dataset.map { $0 + " · " } ?? "") + rule
  }

  private func rows() -> [JSONValue] {
    zip(frontier.curves, labelsAbove()).flatMap { curve, labelsAbove in
      zip(curve.points, labelsAbove).map { point, isAbove in
        let percent = 100 * point.accuracy
        let deviation = 100 * point.top1StandardDeviation
        let hasSpread = point.subsetCount > 1
        return [
          "network": .string(curve.network), "n": .integer(point.memberCount),
          "macs": .integer(point.multiplyAccumulates),
          "flops": .integer(point.floatingPointOperations),
          "parameters": .integer(point.parameters), "accuracy": .number(percent),
          "low": hasSpread ? .number(max(0, percent - deviation)) : .null,
          "high": hasSpread ? .number(min(100, percent + deviation)) : .null,
          "sd": hasSpread ? .number(deviation) : .null,
          "nll": .number(point.mean.negativeLogLikelihood),
          "ece": .number(point.mean.expectedCalibrationError),
          "subsets": .integer(point.subsetCount), "pareto": .bool(point.isOnParetoFrontier),
          "above": .bool(isAbove),
        ]
      }
    }
  }

  private func xEncoding() -> JSONValue {
    let costs = frontier.curves.flatMap { $0.points.map { Double($0.multiplyAccumulates) } }
    let scale = CostAxis(costs: costs.map { max(1, $0) })
    return [
      "field": "macs", "type": "quantitative", "title": "MACs per image (log scale)",
      "scale": scale.scale, "axis": scale.axis(format: "~s"),
    ]
  }

  private func yEncoding() -> JSONValue {
    let split =
      frontier.split == SplitName.test
      ? "Test" : frontier.split == SplitName.holdOut ? "Hold-out" : nil
    return [
      "field": "accuracy", "type": "quantitative",
      "title": .string("\(split ?? frontier.split) accuracy, %"),
      "scale": ["zero": false, "nice": true, "domain": yDomain()],
      "axis": ["labelOverlap": true],
    ]
  }

  /// Room for the labels, but nothing beyond 0 and 100 %.
  private func yDomain() -> JSONValue {
    let points = frontier.curves.flatMap(\.points)
    let low = points.map { 100 * ($0.accuracy - $0.top1StandardDeviation) }.min() ?? 0
    let high = points.map { 100 * ($0.accuracy + $0.top1StandardDeviation) }.max() ?? 100
    let room = max(0.06 * (high - low), 0.1)
    return [.number(max(0, low - room)), .number(min(100, high + room))]
  }

  /// The networks in ascending cost, so that colours and the legend follow the chart.
  private func networkEncoding() -> JSONValue {
    ChartParts.legend("network", frontier.curves.map(\.network))
  }

  private func layers() -> [JSONValue] {
    let color = networkEncoding()
    let onFrontier: JSONValue = [["filter": "datum.pareto"]]
    return [
      [
        "transform": onFrontier,
        "mark": ["type": "line", "style": "frontier", "interpolate": "step-after"],
      ],
      ["mark": ["type": "line", "strokeWidth": 2], "encoding": ["color": color]],
      [
        "transform": [["filter": "datum.sd > 0"]],
        "mark": ["type": "rule", "strokeWidth": 1.5, "opacity": 0.55],
        "encoding": [
          "y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"], "color": color,
        ],
      ],
      [
        "transform": onFrontier,
        "mark": [
          "type": "point", "style": "ring", "size": 260, "strokeWidth": 1.5, "filled": false,
        ],
      ],
      [
        "mark": ["type": "point", "filled": true, "size": 75, "opacity": 1],
        "encoding": ["color": color, "shape": color, "tooltip": tooltip()],
      ],
    ] + labels()
  }

  /// The number of members beside each point, over a halo that sets it off from lines.
  private func labels() -> [JSONValue] {
    [("!datum.above", Self.labelOffset), ("datum.above", -Self.labelOffset)].flatMap {
      filter, offset in
      ["halo", "count"].map { style -> JSONValue in
        [
          "transform": [["filter": .string(filter)]],
          "mark": [
            "type": "text", "style": .string(style), "dx": .number(offset), "dy": .number(offset),
            "fontSize": 12,
          ],
          "encoding": ["text": ["field": "n", "type": "quantitative"]],
        ]
      }
    }
  }

  private func tooltip() -> JSONValue {
    let fields = [
      ChartParts.word("network", "Network"),
      ChartParts.quantity("n", "Members", format: "d"),
      ChartParts.quantity("macs", "MACs", format: ",d"),
      ChartParts.quantity("flops", "FLOPs", format: ",d"),
      ChartParts.quantity("accuracy", "Accuracy, %", format: ".2f"),
      ChartParts.quantity("sd", "± sd, points", format: ".2f"),
    ]
    // A majority vote has no likelihood.
    let likelihood =
      frontier.rule == .majorityVote
      ? [] : [ChartParts.quantity("nll", "NLL, nats", format: ".4f")]
    return .array(
      fields + likelihood + [
        ChartParts.quantity("ece", "ECE", format: ".4f"),
        ChartParts.quantity("subsets", "Subsets", format: ",d"),
      ])
  }
}
