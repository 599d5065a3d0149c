import Decisions
import Formatting
import Schemas
import Statistics

/// Accuracy against compute or latency, a panel a number of training images, drawn as the paper's Figure 1: a line a network, the
/// number of members beside each point.
struct StudyCurvesChart {
  let analysis: StudyAnalysis
  /// Of one member, by network; nil for multiply-accumulates.
  let milliseconds: [String: Double]?

  func specification(title: String?) -> JSONValue {
    var specification: [String: JSONValue] = [
      "description":
        "Accuracy against cost, a panel a number of training images, a line a network.",
      "columns": 2, "spacing": 26,
      "concat": .array(analysis.sizes.map(panel)),
    ]
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": [
          "The number beside a point: members of the ensemble. A single network: the median of those trained.",
          "Bars: intervals of 95 % over images and trainings.",
        ],
      ]
    }
    return .object(specification)
  }

  private func cost(_ point: StudyAnalysis.Point, of curve: StudyAnalysis.Curve) -> Double {
    guard let milliseconds = milliseconds?[curve.network] else {
      return Double(point.multiplyAccumulates)
    }
    return Double(point.memberCount) * milliseconds
  }

  /// The same costs in all panels.
  private var axis: CostAxis {
    CostAxis(
      costs: analysis.sizes.flatMap { size in
        size.curves.flatMap { curve in curve.points.map { max(cost($0, of: curve), 1e-9) } }
      })
  }

  private var networks: [String] {
    let curves = analysis.sizes.flatMap(\.curves).sorted {
      ($0.multiplyAccumulates, $0.network) < ($1.multiplyAccumulates, $1.network)
    }
    var seen: Set<String> = []
    return curves.map(\.network).filter { seen.insert($0).inserted }
  }

  private func panel(_ size: StudyAnalysis.Size) -> JSONValue {
    let color = ChartParts.legend("network", networks)
    let bounds = size.curves.flatMap(\.points).flatMap { point in
      [point.accuracy, point.interval?.lowerBound, point.interval?.upperBound].compactMap { $0 }
    }
    let epochs = size.epochs.map { ", \($0) epochs" } ?? ""
    return [
      "title": [
        "text": .string("\(size.trainingImages.grouped) training images\(epochs)"), "fontSize": 13,
        "offset": 6, "anchor": "start",
      ],
      "width": 420, "height": 300,
      "data": ["values": .array(size.curves.flatMap(rows))],
      "encoding": [
        "x": [
          "field": "cost", "type": "quantitative",
          "title": milliseconds == nil
            ? "MACs per image (log scale)" : "Milliseconds per image (log scale)",
          "scale": axis.scale, "axis": axis.axis(format: milliseconds == nil ? "~s" : "~r"),
        ],
        "y": [
          "field": "accuracy", "type": "quantitative", "title": "Test accuracy, %",
          "scale": [
            "domain": ChartParts.domain(bounds.map { 100 * $0 }, within: 0...100), "zero": false,
            "nice": true,
          ],
        ],
        "color": color,
      ],
      "layer": .array(Self.layers(color)),
    ]
  }

  private func rows(_ curve: StudyAnalysis.Curve) -> [JSONValue] {
    curve.points.map { point in
      [
        "network": .string(curve.network), "n": .integer(point.memberCount),
        "cost": .rounded(cost(point, of: curve)), "accuracy": .rounded(100 * point.accuracy),
        "low": point.interval.map { .rounded(100 * $0.lowerBound) } ?? .null,
        "high": point.interval.map { .rounded(100 * $0.upperBound) } ?? .null,
      ]
    }
  }

  private static func layers(_ color: JSONValue) -> [JSONValue] {
    [
      ["mark": ["type": "line", "strokeWidth": 2]],
      [
        "transform": [["filter": "isValid(datum.low)"]],
        "mark": ["type": "rule", "strokeWidth": 1.5, "opacity": 0.5, "clip": true],
        "encoding": ["y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"]],
      ],
      [
        "mark": ["type": "point", "filled": true, "size": 60, "opacity": 1],
        "encoding": [
          "shape": color,
          "tooltip": [
            ChartParts.word("network", "Network"), ChartParts.quantity("n", "Members", format: "d"),
            ChartParts.quantity("cost", "Cost", format: ",.4~r"),
            ChartParts.quantity("accuracy", "Accuracy, %", format: ".2f"),
            ChartParts.quantity("low", "95 %, from", format: ".2f"),
            ChartParts.quantity("high", "to", format: ".2f"),
          ],
        ],
      ],
    ]
      + ["halo", "count"].map { style -> JSONValue in
        [
          "mark": [
            "type": "text", "style": .string(style), "dx": -11, "dy": -11, "fontSize": 11,
          ],
          "encoding": ["text": ["field": "n", "type": "quantitative"], "color": .null],
        ]
      }
  }
}
