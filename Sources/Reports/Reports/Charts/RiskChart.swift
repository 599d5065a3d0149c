import Decisions
import Ensembles
import Schemas

/// How many of the given answers are wrong, by the share of the images that is answered.
struct RiskChart {
  /// What the curves are of.
  let curves: [(name: String, curve: RiskCoverageCurve)]
  /// The share of the test images that is answered as it is deployed; nil where no error can be promised.
  let answered: Double?

  init(_ limits: DecisionLimits) {
    curves =
      [("Deployed", limits.deployed.abstention.curve)]
      + (limits.single.map { [("Best single model", $0.abstention.curve)] } ?? [])
    answered = limits.deployed.abstention.test?.coverage.value
  }

  /// Without colours.
  func specification(title: String?, width: ChartWidth) -> JSONValue {
    var layers = [lines]
    if let answered { layers.append(rule(answered)) }
    var specification: [String: JSONValue] = [
      "description": "Error of the answers by the share of the images that is answered.",
      "height": 230, "layer": .array(layers),
    ]
    specification.merge(width.members) { $1 }
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": .string(
          "The surest answers come first."
            + (answered == nil ? "" : " Dashed: what is answered as it is deployed.")),
      ]
    }
    return .object(specification)
  }

  private var lines: JSONValue {
    let rows = curves.flatMap { name, curve in
      curve.points.map { point -> JSONValue in
        [
          "name": .string(name), "answered": .rounded(100 * point.coverage),
          "error": .rounded(100 * point.risk), "confidence": .rounded(100 * point.confidence),
        ]
      }
    }
    return [
      "data": ["values": .array(rows)],
      "mark": ["type": "line", "strokeWidth": 2],
      "encoding": [
        "x": x, "y": y, "color": ChartParts.legend("name", curves.map(\.name)),
        "tooltip": [
          ChartParts.word("name", "Of"),
          ChartParts.quantity("answered", "Answered, %", format: ".1f"),
          ChartParts.quantity("error", "Of these wrong, %", format: ".2f"),
          ChartParts.quantity("confidence", "Above a probability of, %", format: ".1f"),
        ],
      ],
    ]
  }

  private func rule(_ answered: Double) -> JSONValue {
    [
      "data": ["values": [["answered": .rounded(100 * answered)]]],
      "mark": ["type": "rule", "style": "ideal"],
      "encoding": ["x": x],
    ]
  }

  private var x: JSONValue {
    [
      "field": "answered", "type": "quantitative", "scale": ["domain": [0, 100], "nice": false],
      "axis": ["title": "Answered, %"],
    ]
  }

  private var y: JSONValue {
    [
      "field": "error", "type": "quantitative", "scale": ["zero": true],
      "axis": ["title": "Of these wrong, %", "tickCount": 6],
    ]
  }
}
