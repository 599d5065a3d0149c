import Formatting
import Schemas
import Statistics

/// Hold-out accuracy of all evaluations against their cost, with a frontier for each size of ensemble.
struct SearchFrontierChart {
  let content: SearchContent

  private var shown: [SearchEvaluation] {
    content.ensembleEvaluations.filter { $0.record.failure == nil && $0.record.accuracy != nil }
  }

  /// Without colours; nil without evaluations.
  func specification(title: String?, width: ChartWidth) -> JSONValue? {
    let shown = shown
    guard !shown.isEmpty else { return nil }
    let accuracies = shown.map { 100 * ($0.record.accuracy ?? 0) }
    var specification: [String: JSONValue] = [
      "description": "Accuracy on the hold-out against cost, a mark an evaluation.", "height": 400,
      "data": ["values": .array(shown.map(row))],
      "encoding": SearchCharts.encoding(
        costs: shown.map(\.ensembleCost) + targets, in: content.target.measure, title: axisTitle,
        accuracies: accuracies, "Hold-out accuracy in the search, %"),
      "layer": .array(layers),
    ]
    specification.merge(width.members) { $1 }
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": [
          "Faint: stopped early. Lines: the most accurate for that cost, for each size of ensemble.",
          "Dotted: the cost target of an ensemble and of one of its members.",
        ],
      ]
    }
    return .object(specification)
  }

  private var axisTitle: String {
    content.target.measure == .multiplyAccumulates
      ? "MACs per image, all members" : "Milliseconds per image, all members"
  }

  /// Of all members, and of one.
  private var targets: [Double] {
    let shares = Set(content.stages.map { $0.setting == .single ? 1 : $0.costShare })
    return shares.sorted().map { $0 * content.target.target }
  }

  private static func name(_ size: Int) -> String { size.counted("network") }

  private func row(_ evaluation: SearchEvaluation) -> JSONValue {
    let record = evaluation.record
    return [
      "cost": .number(evaluation.ensembleCost),
      "accuracy": JSONValue.rounded(100 * (record.accuracy ?? 0)),
      "size": .string(Self.name(evaluation.ensembleSize)), "stage": .string(record.stage),
      "networks": .string(record.networks.joined(separator: " + ")),
      "reward": JSONValue.rounded(record.reward), "complete": .bool(record.isComplete),
      "rung": .string("step \(record.rung) of \(record.rungs)"),
    ]
  }

  /// For each size the complete evaluations that no cheaper one equals, in the order of their costs.
  private var frontiers: [JSONValue] {
    let sizes = Dictionary(grouping: shown.filter(\.record.isComplete), by: \.ensembleSize)
    return sizes.keys.sorted().flatMap { size -> [JSONValue] in
      let evaluations = sizes[size] ?? []
      return ParetoFrontier.indices(
        of: evaluations.indices, cost: { evaluations[$0].ensembleCost },
        accuracy: { evaluations[$0].record.accuracy ?? -1 }
      ).map { row(evaluations[$0]) }
    }
  }

  private var layers: [JSONValue] {
    let sizes = Set(shown.map(\.ensembleSize)).sorted().map(Self.name)
    let color = ChartParts.legend("size", sizes)
    return [
      [
        "data": ["values": .array(targets.map { ["target": .number($0)] })],
        "mark": ["type": "rule", "style": "budget", "clip": true],
        "encoding": ["x": ["field": "target", "type": "quantitative"], "y": .null],
      ],
      [
        "data": ["values": .array(frontiers)],
        "mark": ["type": "line", "interpolate": "step-after", "strokeWidth": 1.75],
        "encoding": ["color": color],
      ],
      [
        "mark": ["type": "point", "filled": true, "size": 60],
        "encoding": [
          "color": color, "shape": color,
          "opacity": ["condition": ["test": "datum.complete", "value": 0.95], "value": 0.25],
          "tooltip": [
            ChartParts.word("networks", "Networks"), ChartParts.word("stage", "Search"),
            ChartParts.quantity("accuracy", "Hold-out, %", format: ".2f"),
            ChartParts.quantity(
              "cost", content.target.measure == .multiplyAccumulates ? "MACs" : "ms",
              format: content.target.measure == .multiplyAccumulates ? ",d" : ".3f"),
            ChartParts.quantity("reward", "Reward", format: ".4f"),
            ChartParts.word("rung", "Trained to"),
          ],
        ],
      ],
    ]
  }
}
