import ArchitectureSearch
import Files
import Formatting

/// What the charts of a search share.
enum SearchChart {
  static func width(_ width: FrontierChart.Width, into specification: inout [String: JSONValue]) {
    switch width {
    case .pixels(let pixels): specification["width"] = .integer(pixels)
    case .container:
      specification["width"] = "container"
      specification["autosize"] = ["type": "fit", "contains": "padding", "resize": true]
    }
  }

  /// The axes of accuracy, in percent, against a cost.
  ///
  /// - Parameter costs: All that have to fit, in multiply-accumulates or milliseconds.
  static func encoding(
    costs: [Double], in measure: CostTarget.Measure, title: String, accuracies: [Double],
    _ accuracyTitle: String
  ) -> JSONValue {
    [
      "x": [
        "field": "cost", "type": "quantitative", "title": .string(title),
        "scale": ["domain": domain(costs), "zero": false, "nice": false],
        "axis": [
          "format": measure == .macs ? "~s" : "~r", "labelOverlap": true, "tickCount": 8,
          "labelSeparation": 8,
        ],
      ],
      "y": [
        "field": "accuracy", "type": "quantitative", "title": .string(accuracyTitle),
        "scale": ["domain": domain(accuracies, within: 0...100), "zero": false, "nice": true],
        "axis": ["labelOverlap": true],
      ],
    ]
  }

  /// A little more than the values' range, but nothing outside of `limits`.
  static func domain(
    _ values: [Double], within limits: ClosedRange<Double> = 0...(.infinity)
  ) -> JSONValue {
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let room = max(0.08 * (high - low), 0.02 * abs(high), 1e-9)
    return [
      CandidateRow.rounded(max(limits.lowerBound, low - room)),
      CandidateRow.rounded(min(limits.upperBound, high + room)),
    ]
  }

  static func quantity(_ field: String, _ title: String, format: String) -> JSONValue {
    [
      "field": .string(field), "type": "quantitative", "title": .string(title),
      "format": .string(format),
    ]
  }

  static func word(_ field: String, _ title: String) -> JSONValue {
    ["field": .string(field), "type": "nominal", "title": .string(title)]
  }

  static func legend(_ field: String, _ names: [String]) -> JSONValue {
    [
      "field": .string(field), "type": "nominal",
      "scale": ["domain": .array(names.map { .string($0) })],
      "legend": [
        "title": .null, "orient": "top", "labelLimit": 240, "symbolSize": 90, "symbolOpacity": 1,
      ],
    ]
  }
}

/// The rewards of all candidates in the order of the search, a panel a stage.
struct RewardChart {
  let content: SearchContent

  /// Without colours; nil without candidates.
  func specification(title: String?) -> JSONValue? {
    let stages = content.stages.filter { stage in
      content.candidates.contains { $0.stage == stage }
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
    return SearchChart.domain(rewards, within: -.infinity ... .infinity)
  }

  private func panel(_ stage: SearchStage, isFirst: Bool) -> JSONValue {
    let candidates = content.candidates.filter { $0.stage == stage }
    let x: JSONValue = [
      "field": "number", "type": "quantitative", "title": "Evaluation",
      "scale": ["domain": [0, .integer((candidates.map(\.record.number).max() ?? 1) + 1)]],
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
      "width": 200, "height": 190, "data": ["values": .array(candidates.map(row))],
      "layer": [
        [
          "data": ["values": .array(bestRows(candidates))],
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

  private func row(_ candidate: SearchCandidate) -> JSONValue {
    let record = candidate.record
    return [
      "number": .integer(record.number), "reward": CandidateRow.rounded(record.reward),
      "networks": .string(record.networks.joined(separator: " + ")),
      "accuracy": record.accuracy.map { CandidateRow.rounded(100 * $0) } ?? .null,
      "cost": .string(content.target.text(record.cost)),
      "rung": .string(record.failure ?? "step \(record.rung) of \(record.rungs)"),
      "complete": .bool(record.isComplete), "failed": .bool(record.failure != nil),
    ]
  }

  private func bestRows(_ candidates: [SearchCandidate]) -> [JSONValue] {
    let best = candidates.filter(\.isBestSoFar).map { ($0.record.number, $0.record.reward) }
    guard let last = best.last, let end = candidates.map(\.record.number).max() else { return [] }
    return (best + [(end, last.1)]).map {
      ["number": .integer($0), "best": CandidateRow.rounded($1)]
    }
  }

  private var tooltip: JSONValue {
    [
      SearchChart.word("networks", "Networks"),
      SearchChart.quantity("reward", "Reward", format: ".4f"),
      SearchChart.quantity("accuracy", "Hold-out, %", format: ".2f"),
      SearchChart.word("cost", "Cost"), SearchChart.word("rung", "Trained to"),
    ]
  }
}

/// Hold-out accuracy of all candidates against their cost, with a Pareto front for each size of ensemble.
struct SearchFrontierChart {
  let content: SearchContent

  private var shown: [SearchCandidate] {
    content.candidates.filter { $0.record.failure == nil && $0.record.accuracy != nil }
  }

  /// Without colours; nil without candidates.
  func specification(title: String?, width: FrontierChart.Width) -> JSONValue? {
    let shown = shown
    guard !shown.isEmpty else { return nil }
    let accuracies = shown.map { 100 * ($0.record.accuracy ?? 0) }
    var specification: [String: JSONValue] = [
      "description": "Accuracy on the hold-out against cost, a mark a candidate.", "height": 400,
      "data": ["values": .array(shown.map(row))],
      "encoding": SearchChart.encoding(
        costs: shown.map(\.ensembleCost) + targets, in: content.target.measure, title: axisTitle,
        accuracies: accuracies, "Hold-out accuracy in the search, %"),
      "layer": .array(layers),
    ]
    SearchChart.width(width, into: &specification)
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
    content.target.measure == .macs
      ? "MACs per image, all members" : "Milliseconds per image, all members"
  }

  /// Of all members, and of one.
  private var targets: [Double] {
    let shares = Set(content.stages.map { $0.setting == .single ? 1 : $0.costShare })
    return shares.sorted().map { $0 * content.target.target }
  }

  private static func name(_ size: Int) -> String { Words.count(size, "network") }

  private func row(_ candidate: SearchCandidate) -> JSONValue {
    let record = candidate.record
    return [
      "cost": .number(candidate.ensembleCost),
      "accuracy": CandidateRow.rounded(100 * (record.accuracy ?? 0)),
      "size": .string(Self.name(candidate.ensembleSize)), "stage": .string(record.stage),
      "networks": .string(record.networks.joined(separator: " + ")),
      "reward": CandidateRow.rounded(record.reward), "complete": .bool(record.isComplete),
      "rung": .string("step \(record.rung) of \(record.rungs)"),
    ]
  }

  /// For each size the complete candidates that no cheaper one equals, in the order of their costs.
  private var fronts: [JSONValue] {
    let sizes = Dictionary(grouping: shown.filter(\.record.isComplete), by: \.ensembleSize)
    return sizes.keys.sorted().flatMap { size -> [JSONValue] in
      var highest = -1.0
      let sorted = (sizes[size] ?? []).sorted {
        ($0.ensembleCost, -($0.record.accuracy ?? 0)) < (
          $1.ensembleCost, -($1.record.accuracy ?? 0)
        )
      }
      return sorted.compactMap { candidate in
        guard let accuracy = candidate.record.accuracy, accuracy > highest else { return nil }
        highest = accuracy
        return row(candidate)
      }
    }
  }

  private var layers: [JSONValue] {
    let sizes = Set(shown.map(\.ensembleSize)).sorted().map(Self.name)
    let color = SearchChart.legend("size", sizes)
    return [
      [
        "data": ["values": .array(targets.map { ["target": .number($0)] })],
        "mark": ["type": "rule", "style": "budget", "clip": true],
        "encoding": ["x": ["field": "target", "type": "quantitative"], "y": .null],
      ],
      [
        "data": ["values": .array(fronts)],
        "mark": ["type": "line", "interpolate": "step-after", "strokeWidth": 1.75],
        "encoding": ["color": color],
      ],
      [
        "mark": ["type": "point", "filled": true, "size": 60],
        "encoding": [
          "color": color, "shape": color,
          "opacity": ["condition": ["test": "datum.complete", "value": 0.95], "value": 0.25],
          "tooltip": [
            SearchChart.word("networks", "Networks"), SearchChart.word("stage", "Search"),
            SearchChart.quantity("accuracy", "Hold-out, %", format: ".2f"),
            SearchChart.quantity(
              "cost", content.target.measure == .macs ? "MACs" : "ms",
              format: content.target.measure == .macs ? ",d" : ".3f"),
            SearchChart.quantity("reward", "Reward", format: ".4f"),
            SearchChart.word("rung", "Trained to"),
          ],
        ],
      ],
    ]
  }
}
