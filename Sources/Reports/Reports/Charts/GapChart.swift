import Decisions
import Schemas

/// How far ensembles lead the larger network at about equal compute, against the number of training images.
struct GapChart {
  let analysis: StudyAnalysis

  private var comparisons: [(trainingImages: Int, comparison: StudyAnalysis.Comparison)] {
    analysis.sizes.flatMap { size in
      size.comparisons.filter(\.isAtEqualCost).map { (size.trainingImages, $0) }
    }
  }

  /// - Returns: nil where no ensemble has about the compute of a larger network.
  func specification(title: String?, width: ChartWidth) -> JSONValue? {
    let rows = comparisons
    guard !rows.isEmpty else { return nil }
    var names: [String] = []
    for row in rows where !names.contains(Self.name(row.comparison)) {
      names.append(Self.name(row.comparison))
    }
    let bounds = rows.flatMap { row -> [Double] in
      [row.comparison.difference]
        + [
          row.comparison.interval?.lowerBound, row.comparison.interval?.upperBound,
        ].compactMap { $0 }
    }
    var specification: [String: JSONValue] = [
      "description": "The ensemble's lead at about equal compute, a line for each two networks.",
      "height": 300,
      "data": [
        "values": .array(
          rows.map { row($0.trainingImages, $0.comparison, among: names) })
      ],
      "encoding": [
        "x": x,
        "y": [
          "field": "difference", "type": "quantitative",
          "title": "Lead over the larger network, points",
          "scale": [
            "domain": ChartParts.domain(
              (bounds + [0]).map { 100 * $0 }, within: -100...100), "nice": true,
          ],
        ],
        "color": Self.legend(names),
      ],
      "layer": .array(layers(names)),
    ]
    specification.merge(width.members) { $1 }
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle":
          "Bars: intervals of 95 % over images and trainings. Above the line the small networks win.",
      ]
    }
    return .object(specification)
  }

  private var x: JSONValue {
    let images = analysis.sizes.map { Double($0.trainingImages) }
    let scale = CostAxis(costs: images)
    return [
      "field": "images", "type": "quantitative", "title": "Training images (log scale)",
      "scale": scale.scale,
      "axis": ["values": .array(images.map { .number($0) }), "format": ",d"],
    ]
  }

  private static func legend(_ names: [String]) -> JSONValue {
    ChartParts.legend("pair", names, further: ["labelLimit": 420])
  }

  private static func name(_ comparison: StudyAnalysis.Comparison) -> String {
    "\(comparison.smallCount) × \(comparison.smallNetwork) against \(comparison.largeNetwork)"
  }

  private func row(
    _ images: Int, _ comparison: StudyAnalysis.Comparison, among names: [String]
  ) -> JSONValue {
    // Bars of one number of images stand beside each other.
    let place = Double(names.firstIndex(of: Self.name(comparison)) ?? 0)
    let shift = 1 + 0.03 * (place - Double(names.count - 1) / 2)
    return [
      "images": .rounded(Double(images) * shift), "exact": .integer(images),
      "pair": .string(Self.name(comparison)), "difference": .rounded(100 * comparison.difference),
      "low": comparison.interval.map { .rounded(100 * $0.lowerBound) } ?? .null,
      "high": comparison.interval.map { .rounded(100 * $0.upperBound) } ?? .null,
      "verdict": .string(comparison.verdict.rawValue),
    ]
  }

  private func layers(_ names: [String]) -> [JSONValue] {
    [
      [
        "data": ["values": [["zero": 0]]],
        "mark": ["type": "rule", "style": "plain"],
        "encoding": [
          "x": .null, "y": ["field": "zero", "type": "quantitative"], "color": .null,
        ],
      ],
      ["mark": ["type": "line", "strokeWidth": 2]],
      [
        "transform": [["filter": "isValid(datum.low)"]],
        "mark": ["type": "rule", "strokeWidth": 1.5, "opacity": 0.6],
        "encoding": ["y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"]],
      ],
      [
        "mark": ["type": "point", "filled": true, "size": 75, "opacity": 1],
        "encoding": [
          "shape": Self.legend(names),
          "tooltip": [
            ChartParts.word("pair", "Compared"),
            ChartParts.quantity("exact", "Training images", format: ",d"),
            ChartParts.quantity("difference", "Lead, points", format: "+.2f"),
            ChartParts.quantity("low", "95 %, from", format: "+.2f"),
            ChartParts.quantity("high", "to", format: "+.2f"),
            ChartParts.word("verdict", "Verdict"),
          ],
        ],
      ],
    ]
  }
}
