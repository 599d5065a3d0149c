import ArchitectureSearch
import Schemas

/// The rewards of all evaluations in the order of the search, a panel a stage.
struct RewardChart {
  let content: SearchContent

  /// Without colours; nil without evaluations.
  func specification(title: String?) -> JSONValue? {
    let stages = content.stages.filter { stage in
      content.ensembleEvaluations.contains { $0.stage == stage }
    }
    guard !stages.isEmpty else { return nil }
    var specification: [String: JSONValue] = [
      "description": "Reward over evaluations, a panel a stage of the search.",
      "columns": 3, "spacing": 26,
      "concat": .array(stages.enumerated().map { panel($1, isFirst: $0 == 0) }),
    ]
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle":
          "Faint: stopped early. Crosses: failed. Line: the best so far that was not stopped.",
      ]
    }
    return .object(specification)
  }

  private var domain: JSONValue {
    let rewards = content.evaluations.filter { $0.failure == nil }.map(\.reward)
    return ChartParts.domain(rewards, within: -.infinity ... .infinity)
  }

  private func panel(_ stage: SearchStage, isFirst: Bool) -> JSONValue {
    let evaluations = content.ensembleEvaluations.filter { $0.stage == stage }
    let x: JSONValue = [
      "field": "number", "type": "quantitative", "title": "Evaluation",
      "scale": ["domain": [0, .integer((evaluations.map(\.record.number).max() ?? 1) + 1)]],
      "axis": ["tickMinStep": 1, "tickCount": 5],
    ]
    func y(_ field: String) -> JSONValue {
      [
        "field": .string(field), "type": "quantitative", "title": isFirst ? "Reward" : .null,
        "scale": ["domain": domain, "zero": false, "nice": false],
      ]
    }
    return [
      "title": [
        "text": .string(Self.title(stage)), "fontSize": 13, "offset": 6, "anchor": "start",
      ],
      "width": 200, "height": 190, "data": ["values": .array(evaluations.map(row))],
      "layer": [
        [
          "data": ["values": .array(bestRows(evaluations))],
          "mark": ["type": "line", "style": "chosen", "interpolate": "step-after"],
          "encoding": ["x": x, "y": y("best")],
        ],
        [
          "transform": [["filter": "!datum.failed"]],
          "mark": ["type": "point", "filled": true, "size": 42, "clip": true],
          "encoding": [
            "x": x, "y": y("reward"), "color": ["datum": "a", "legend": .null],
            "opacity": ["condition": ["test": "datum.complete", "value": 0.95], "value": 0.28],
            "tooltip": tooltip,
          ],
        ],
        [
          "transform": [["filter": "datum.failed"]],
          "mark": [
            "type": "point", "shape": "cross", "angle": 45, "size": 60, "filled": true,
            "style": "ring",
          ],
          "encoding": ["x": x, "y": ["value": "height"], "tooltip": tooltip],
        ],
      ],
    ]
  }

  private static func title(_ stage: SearchStage) -> String {
    stage.setting == .sequential ? "sequential, member \(stage.number)" : stage.name
  }

  private func row(_ evaluation: SearchEvaluation) -> JSONValue {
    let record = evaluation.record
    return [
      "number": .integer(record.number), "reward": JSONValue.rounded(record.reward),
      "networks": .string(record.networks.joined(separator: " + ")),
      "accuracy": record.accuracy.map { JSONValue.rounded(100 * $0) } ?? .null,
      "cost": .string(content.target.text(record.cost)),
      "rung": .string(record.failure ?? "step \(record.rung) of \(record.rungs)"),
      "complete": .bool(record.isComplete), "failed": .bool(record.failure != nil),
    ]
  }

  private func bestRows(_ evaluations: [SearchEvaluation]) -> [JSONValue] {
    let best = evaluations.filter(\.isBestSoFar).map { ($0.record.number, $0.record.reward) }
    guard let last = best.last, let end = evaluations.map(\.record.number).max() else { return [] }
    return (best + [(end, last.1)]).map {
      ["number": .integer($0), "best": JSONValue.rounded($1)]
    }
  }

  private var tooltip: JSONValue {
    [
      ChartParts.word("networks", "Networks"),
      ChartParts.quantity("reward", "Reward", format: ".4f"),
      ChartParts.quantity("accuracy", "Hold-out, %", format: ".2f"),
      ChartParts.word("cost", "Cost"), ChartParts.word("rung", "Trained to"),
    ]
  }
}
