import Decisions
import Schemas

/// The names of the deployed candidate and of the best single model.
///
/// They stand in a band above the plot, where no mark can be, each with a line down to its own ring. Two rows keep them
/// apart, and the lower one keeps to its own side of the other's line. All of it is computed as the chart is drawn, from
/// the plot's width, so that it holds on a phone too.
extension TradeoffChart {
  /// How high the rows lie above the plot's upper edge, in pixels: rings reach 11 above it.
  private static let rows = (lower: 22.0, upper: 40.0)
  /// From a row's middle to where its line begins, half a row.
  private static let halfRow = 8.0
  /// Between a label and the other's line.
  private static let gap = 12.0
  /// Rings closer than this share a line, unless the lower one's takes a way around.
  private static let detour = 24.0

  /// How far the legend stays from the plot.
  var legendOffset: Double {
    Self.halfRow + 10 + (decision.isBestSingleChosen ? Self.rows.lower : Self.rows.upper)
  }

  /// Below the marks.
  var labels: JSONValue {
    [
      "transform": .array([["filter": "datum.label"]] + places),
      "layer": [
        leader(
          x: pixels("datum.at"), "x2", pixels("datum.start"), "y2",
          pixels("datum.row + \(Self.halfRow)")),
        leader(x: pixels("datum.at"), "x2", pixels("datum.x"), nil, nil),
        [
          "mark": [
            "type": "text", "style": "words", "baseline": "middle", "fontSize": 12,
            "align": ["expr": "datum.side"], "limit": ["expr": "datum.room"],
          ],
          "encoding": [
            "x": pixels("datum.anchor"), "y": pixels("datum.row"),
            "text": ["field": "words", "type": "nominal"],
          ],
        ],
      ],
    ]
  }

  private func pixels(_ expression: String) -> JSONValue {
    ["value": ["expr": .string(expression)]]
  }

  private func leader(
    x: JSONValue, _ x2: String, _ endX: JSONValue, _ y2: String?, _ endY: JSONValue?
  ) -> JSONValue {
    var encoding: [String: JSONValue] = [
      "x": x, x2: endX, "y": ["field": "accuracy", "type": "quantitative"],
    ]
    if let y2, let endY { encoding[y2] = endY }
    return ["mark": ["type": "rule", "style": "leader"], "encoding": .object(encoding)]
  }

  /// Where a label, "own", and the other, "other", stand.
  private var places: [JSONValue] {
    func place(_ costs: String) -> String {
      "width * log(datum.\(costs)[measure] / least) / log(most / least)"
    }
    let (gap, detour) = (Self.gap, Self.detour)
    // The way around lies beyond both rings, on the side of the lower one.
    func around(_ own: String, _ other: String, isBelow: String) -> String {
      "datum.isNear && \(isBelow) ? (\(own) <= \(other) ? min(\(own), \(other)) - \(detour) "
        + ": max(\(own), \(other)) + \(detour)) : \(own)"
    }
    let isAlone = "!datum.label.other"
    return [
      ("x", place("costs")), ("otherX", "\(isAlone) ? 0 : \(place("label.other"))"),
      ("isNear", "datum.label.other && abs(datum.x - datum.otherX) < \(detour)"),
      ("at", around("datum.x", "datum.otherX", isBelow: "datum.label.isBelow")),
      ("otherAt", around("datum.otherX", "datum.x", isBelow: "!datum.label.isBelow")),
      ("isLong", "datum.label.longest + \(2 * gap) <= width"),
      ("words", "datum.isLong ? datum.label.long : datum.label.short"),
      ("room", "datum.isLong ? datum.label.longRoom : datum.label.shortRoom"),
      ("otherRoom", "datum.isLong ? datum.label.otherLongRoom : datum.label.otherShortRoom"),
      ("isLeft", "datum.at < datum.otherAt"),
      // The left one is below where there is room for it, else the right one, for which there is then.
      (
        "isLower",
        "\(isAlone) || (datum.isLeft ? datum.room + \(gap) <= datum.otherAt "
          + ": datum.otherRoom + \(gap) > datum.at)"
      ),
      ("isHeld", "datum.label.other && datum.isLower"),
      ("from", "datum.isHeld && !datum.isLeft ? datum.otherAt + \(gap) : 0"),
      ("to", "datum.isHeld && datum.isLeft ? datum.otherAt - \(gap) : width"),
      (
        "side",
        "datum.at - datum.room / 2 < datum.from ? 'left' "
          + ": datum.at + datum.room / 2 > datum.to ? 'right' : 'center'"
      ),
      (
        "anchor",
        "datum.side == 'left' ? datum.from : datum.side == 'right' ? datum.to : datum.at"
      ),
      ("start", "clamp(datum.at, datum.from, datum.to)"),
      ("row", "datum.isLower ? \(-Self.rows.lower) : \(-Self.rows.upper)"),
    ].map { name, expression in ["calculate": .string(expression), "as": .string(name)] }
  }
}

/// What stands above the deployed candidate or the best single model.
struct CandidateLabel {
  let long, short: String

  /// nil for other candidates.
  init?(_ candidate: Candidate, _ decision: Decision) {
    let name = candidate.networkNames.truncated(to: 30)
    switch (candidate.id == decision.chosen, candidate.id == decision.reference) {
    case (true, true): (long, short) = ("Deploy the best single: \(name)", "Deploy: best single")
    case (true, false):
      let kind = candidate.kind.title.lowercased()
      (long, short) = ("Deploy: " + (candidate.kind == .single ? name : kind), "Deploy")
    case (false, true): (long, short) = ("Best single: \(name)", "Best single")
    case (false, false): return nil
    }
  }

  /// With what the chart needs of the other label to keep away from it.
  func json(_ candidate: Candidate, other: Candidate?, _ decision: Decision) -> JSONValue {
    var members: [String: JSONValue] = [
      "long": .string(long), "short": .string(short), "longest": .number(Self.room(long)),
      "longRoom": .number(Self.room(long)), "shortRoom": .number(Self.room(short)),
    ]
    if let other, let label = CandidateLabel(other, decision) {
      members["longest"] = .number(Self.room(long) + Self.room(label.long))
      members["otherLongRoom"] = .number(Self.room(label.long))
      members["otherShortRoom"] = .number(Self.room(label.short))
      members["other"] = CandidateRow.costs(other.test.cost)
      let (own, beside) = (candidate, other)
      members["isBelow"] = .bool(
        (own.test.metrics.top1Accuracy, own.id) < (beside.test.metrics.top1Accuracy, beside.id))
    }
    return .object(members)
  }

  /// Pixels enough for the text in a wide bold font of 12: what is longer would be cut.
  static func room(_ text: String) -> Double {
    text.reduce(4) { sum, character in
      guard character.isASCII else { return sum + (character.isLetter ? 13 : 18) }
      if "il|!.,:;'".contains(character) { return sum + 5.2 }
      if "mwMW@%".contains(character) { return sum + 13.3 }
      return sum + (character.isUppercase ? 10 : character == " " ? 4.6 : 8.8)
    }
  }
}
