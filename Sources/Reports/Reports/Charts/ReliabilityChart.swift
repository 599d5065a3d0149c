import Ensembles
import Formatting
import Schemas

/// How often predictions of each confidence are right: a diagram each, with how many there are below.
struct ReliabilityChart {
  /// What the diagrams are of.
  let summaries: [(title: String, summary: ReliabilitySummary)]

  /// Without colours.
  func specification(title: String?) -> JSONValue {
    var specification: [String: JSONValue] = [
      "description": "Accuracy of the predictions of each confidence.",
      "columns": 3, "spacing": 26,
      "concat": .array(
        summaries.enumerated().map { panel($1.title, $1.summary, isFirst: $0 == 0) }),
    ]
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle":
          "Bars that end on the dashed line are calibrated; below it the model is too sure.",
      ]
    }
    return .object(specification)
  }

  private func panel(_ title: String, _ summary: ReliabilitySummary, isFirst: Bool) -> JSONValue {
    let error = NumberFormat.percent(summary.metrics.expectedCalibrationError, 1)
    return [
      "title": [
        "text": .string(title), "subtitle": .string("ECE \(error) %"), "fontSize": 13, "offset": 6,
        "anchor": "start",
      ],
      "data": ["values": .array(rows(summary))],
      "spacing": 4,
      "vconcat": [accuracy(isFirst: isFirst), counts(isFirst: isFirst)],
    ]
  }

  private func rows(_ summary: ReliabilitySummary) -> [JSONValue] {
    let total = Double(max(1, summary.diagram.bins.reduce(0) { $0 + $1.count }))
    return summary.diagram.bins.enumerated().map { index, bin in
      let band = summary.test?.bands[index]
      let range =
        "\(NumberFormat.percent(bin.lowerBound, to: bin.upperBound, 0)) %"
      return [
        "from": JSONValue.rounded(100 * bin.lowerBound),
        "to": JSONValue.rounded(100 * bin.upperBound),
        "accuracy": JSONValue.rounded(100 * bin.accuracy),
        "confidence": JSONValue.rounded(100 * bin.confidence),
        "count": .integer(bin.count),
        "share": JSONValue.rounded(100 * Double(bin.count) / total),
        "range": .string(range), "few": .bool(bin.count < 20),
        "middle": JSONValue.rounded(50 * (bin.lowerBound + bin.upperBound)),
        "low": band.map { JSONValue.rounded(100 * $0.lowerBound) } ?? .null,
        "high": band.map { JSONValue.rounded(100 * $0.upperBound) } ?? .null,
      ]
    }
  }

  private func axis(_ title: String, isShown: Bool = true) -> JSONValue {
    isShown ? ["title": .string(title)] : ["title": .null]
  }

  private func accuracy(isFirst: Bool) -> JSONValue {
    let filled: JSONValue = [["filter": "datum.count > 0"]]
    let x: JSONValue = [
      "field": "from", "type": "quantitative", "scale": ["domain": [0, 100], "nice": false],
      "axis": ["labels": false, "title": .null, "ticks": false],
    ]
    return [
      "width": 190, "height": 190,
      "layer": [
        [
          "transform": filled,
          "mark": ["type": "bar", "x2Offset": -1],
          "encoding": [
            "x": x, "x2": ["field": "to"],
            "y": [
              "field": "accuracy", "type": "quantitative", "scale": ["domain": [0, 100]],
              "axis": axis("Right, %", isShown: isFirst), "stack": .null,
            ],
            "y2": ["datum": 0],
            "color": ["datum": "a", "legend": .null],
            "opacity": ["condition": ["test": "datum.few", "value": 0.35], "value": 0.9],
            "tooltip": tooltip,
          ],
        ],
        [
          "mark": ["type": "rule", "style": "ideal"],
          "encoding": [
            "x": x, "x2": ["field": "to"],
            "y": ["field": "from", "type": "quantitative"], "y2": ["field": "to"],
          ],
        ],
        band,
      ],
    ]
  }

  /// Where 95 % of the bars would end if the probabilities were right.
  private var band: JSONValue {
    [
      "transform": [["filter": "isValid(datum.low)"]],
      "mark": ["type": "rule", "style": "interval"],
      "encoding": [
        "x": ["field": "middle", "type": "quantitative"],
        "y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"],
        "tooltip": tooltip,
      ],
    ]
  }

  private func counts(isFirst: Bool) -> JSONValue {
    [
      "width": 190, "height": 54,
      "mark": ["type": "bar", "style": "amount", "x2Offset": -1],
      "encoding": [
        "x": [
          "field": "from", "type": "quantitative", "scale": ["domain": [0, 100], "nice": false],
          "axis": ["title": "Confidence, %", "values": [0, 25, 50, 75, 100]],
        ],
        "x2": ["field": "to"],
        "y": [
          "field": "share", "type": "quantitative", "scale": ["domain": [0, 100]],
          "axis": ["title": isFirst ? "Images, %" : .null, "values": [0, 50, 100]],
          "stack": .null,
        ],
        "y2": ["datum": 0],
        "tooltip": tooltip,
      ],
    ]
  }

  private var tooltip: JSONValue {
    [
      ChartParts.word("range", "Confidence"),
      ChartParts.quantity("confidence", "Mean confidence, %", format: ".1f"),
      ChartParts.quantity("accuracy", "Right, %", format: ".1f"),
      ChartParts.quantity("low", "By chance from, %", format: ".1f"),
      ChartParts.quantity("high", "By chance to, %", format: ".1f"),
      ChartParts.quantity("count", "Images", format: ",d"),
    ]
  }
}
