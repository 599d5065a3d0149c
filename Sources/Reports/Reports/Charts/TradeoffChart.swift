import Decisions
import Predictions
import Schemas

/// The chart of every candidate's test accuracy against its cost.
struct TradeoffChart {
  let decision: Decision

  /// The measures in which every single model's cost is known: those that the decision counts first.
  var measures: [CostMeasure] {
    let own = decision.options.cost
    return [own]
      + CostMeasure.allCases.filter { measure in
        measure != own && decision.candidates.allSatisfy { ($0.test.cost[measure] ?? 0) > 0 }
      }
  }

  /// In the order of the colours and shapes.
  static let kinds: [Candidate.Kind] = [.single, .ensemble, .mixed, .weighted, .cascade]

  func scale(_ measure: CostMeasure) -> CostAxis {
    CostAxis(
      costs: decision.candidates.flatMap { [$0.test.cost[measure], $0.holdOut.cost[measure]] }
        .compactMap { $0 }.filter { $0 > 0 })
  }

  /// The x encoding for a measure.
  func xEncoding(_ measure: CostMeasure) -> JSONValue {
    let scale = scale(measure)
    return [
      "field": "cost", "type": "quantitative", "title": .string(measure.axisTitle),
      "scale": scale.scale, "axis": scale.axis(format: measure.isTime ? "~r" : "~s"),
    ]
  }

  /// One row a candidate.
  var rows: [JSONValue] {
    decision.candidates.map { CandidateRow(candidate: $0, decision: decision).json }
  }

  /// Without colours.
  ///
  /// - Parameters:
  ///   - isInteractive: Whether a budget and a pinned candidate show, which the page sets, and the page brings the data.
  func specification(title: String?, width: ChartWidth, isInteractive: Bool) -> JSONValue {
    var specification: [String: JSONValue] = [
      "description": "Test accuracy against cost, a mark a candidate.", "height": 430,
      "data": ["values": isInteractive ? [] : .array(rows)],
      "params": parameters,
      "transform": [
        ["calculate": "datum.costs[measure]", "as": "cost"],
        ["calculate": "(datum.spent || datum.costs)[measure]", "as": "spending"],
        ["filter": "isValid(datum.cost) && datum.cost > 0"],
        ["calculate": "log(datum.cost / least) / log(most / least)", "as": "place"],
      ],
      "encoding": ["x": xEncoding(decision.options.cost), "y": yEncoding],
      "layer": .array(layers(isInteractive: isInteractive)),
    ]
    specification.merge(width.members) { $1 }
    if let title { specification["title"] = heading(title) }
    return .object(specification)
  }

  private func heading(_ title: String) -> JSONValue {
    [
      "text": .string(title),
      "subtitle": [
        "Lines: what the hold-out chooses for each budget; solid among all, dashed among single models",
        "and ensembles of one network. Small dots: other ensembles. Bars: 95 % interval.",
      ],
    ]
  }

  private var parameters: JSONValue {
    let scale = scale(decision.options.cost)
    return [
      ["name": "measure", "value": .string(decision.options.cost.rawValue)],
      ["name": "least", "value": .number(scale.low)],
      ["name": "most", "value": .number(scale.high)],
      ["name": "lines", "value": true],
      ["name": "budget", "value": .number(1e300)],
      ["name": "pinned", "value": ""],
    ]
  }

  private var yEncoding: JSONValue {
    // The intervals that are drawn have their ends in sight, beside other marks.
    let isAlone = decision.candidates.count == 1
    let named =
      decision.candidates.filter {
        [decision.chosen, decision.reference].contains($0.id)
      } + [decision.deployed]
    let shown =
      decision.candidates.map { 100 * $0.test.metrics.top1Accuracy }
      + (isAlone ? [] : named).flatMap {
        [100 * $0.testInterval.lowerBound, 100 * $0.testInterval.upperBound]
      }
    let (low, high) = (shown.min() ?? 0, shown.max() ?? 100)
    let room = max(0.09 * (high - low), 0.1)
    return [
      "field": "accuracy", "type": "quantitative",
      "title": .string("Accuracy on the \(decision.testName), %"),
      "scale": [
        "zero": false, "nice": true,
        "domain": [.number(max(0, low - room)), .number(min(100, high + room))],
      ],
      "axis": ["labelOverlap": true],
    ]
  }

  private var kind: JSONValue {
    let present = Set(decision.candidates.map { $0.kind.title })
    let names = Self.kinds.map(\.title)
    return ChartParts.legend(
      "kind", names,
      further: [
        "offset": .number(legendOffset),
        "values": .array(names.filter(present.contains).map { .string($0) }),
      ])
  }

  private func layers(isInteractive: Bool) -> [JSONValue] {
    let marked = "datum.deployed || datum.reference"
    let ringed = isInteractive ? marked + " || datum.id === pinned" : marked
    return (isInteractive ? [budget] : []) + [
      labels,
      points("datum.faint", size: 22, opacity: 0.35, faded: 0.08),
      line("datum.frontier", style: "chosen"),
      line("datum.same", style: "plain"),
      [
        "transform": [["filter": .string(ringed)]],
        "mark": ["type": "rule", "style": "interval", "clip": true],
        "encoding": [
          "y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"],
        ],
      ],
      end(ringed, "low"), end(ringed, "high"),
      // Below the marks, which answer the mouse.
      [
        "transform": [["filter": .string(ringed)]],
        "mark": [
          "type": "point", "style": "ring", "size": 320, "strokeWidth": 1.75, "filled": false,
        ],
      ],
      points("!datum.faint", size: 85, opacity: 1, faded: 0.15),
    ]
  }

  /// Of an interval: without it a label's line would seem to go on.
  private func end(_ ringed: String, _ field: String) -> JSONValue {
    [
      "transform": [["filter": .string(ringed)]],
      "mark": [
        "type": "tick", "style": "interval", "orient": "horizontal", "size": 9, "thickness": 1.5,
        "clip": true,
      ],
      "encoding": ["y": ["field": .string(field), "type": "quantitative"]],
    ]
  }

  private var budget: JSONValue {
    [
      "data": ["values": [[:]]],
      "mark": ["type": "rule", "style": "budget", "clip": true],
      "encoding": [
        "x": ["datum": ["expr": "min(budget, most)"], "type": "quantitative"], "y": .null,
        "opacity": ["value": ["expr": "budget < most ? 1 : 0"]],
      ],
    ]
  }

  private func points(_ filter: String, size: Int, opacity: Double, faded: Double) -> JSONValue {
    [
      "transform": [["filter": .string(filter)]],
      "mark": ["type": "point", "filled": true, "size": .integer(size), "cursor": "pointer"],
      "encoding": [
        "color": kind, "shape": kind, "tooltip": tooltip,
        "opacity": [
          "condition": [
            "test": "datum.spending <= budget * 1.000001", "value": .number(opacity),
          ],
          "value": .number(faded),
        ],
      ],
    ]
  }

  /// Steps: the accuracy of what the hold-out chooses for each budget.
  private func line(_ filter: String, style: String) -> JSONValue {
    [
      "transform": [["filter": .string("lines && \(filter)")]],
      "mark": ["type": "line", "style": .string(style), "interpolate": "step-after"],
      "encoding": ["order": ["field": "cost", "type": "quantitative"]],
    ]
  }

  private var tooltip: JSONValue {
    .array(
      [
        ("title", "Candidate"), ("what", "Members"), ("how", "Combined by"), ("macs", "MACs"),
        ("size", "Parameters"), ("time", "Time"), ("right", "Accuracy (95 %)"),
        ("against", "Against the best single"),
      ].map { ChartParts.word($0, $1) })
  }
}
