import Decisions
import Formatting
import Schemas

/// What further members of each network would bring: known means, the fitted law and where it was checked.
struct ForecastChart {
  let forecasts: [NetworkForecast]

  /// Without colours.
  func specification(title: String?) -> JSONValue {
    var specification: [String: JSONValue] = [
      "description": "Mean accuracy of ensembles by the number of members, and its forecast.",
      "columns": 3, "spacing": 26, "resolve": ["scale": ["color": "shared"]],
      "concat": .array(forecasts.map(panel)),
    ]
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": [
          "Circles: known means. Squares: forecast, 95 %.",
          "Triangles: forecast from fewer members.",
        ],
      ]
    }
    return .object(specification)
  }

  private func panel(_ forecast: NetworkForecast) -> JSONValue {
    [
      "title": [
        "text": .string(forecast.network.truncated(to: 34)), "fontSize": 13,
        "offset": 6, "anchor": "start",
      ],
      "width": 240, "height": 210,
      "layer": [
        law(forecast), intervals(forecast), points(forecast), checks(forecast),
      ],
    ]
  }

  /// The law between whole numbers too.
  private func law(_ forecast: NetworkForecast) -> JSONValue {
    let last = forecast.forecast.points.last?.memberCount ?? forecast.forecast.accuracies.count
    let rows = (1...max(1, last)).map { n -> JSONValue in
      ["n": .integer(n), "accuracy": JSONValue.rounded(100 * (1 - forecast.forecast.law(n)))]
    }
    return [
      "data": ["values": .array(rows)],
      "mark": ["type": "line", "style": "plain", "interpolate": "monotone"],
      "encoding": ["x": x, "y": y],
    ]
  }

  private var x: JSONValue {
    [
      "field": "n", "type": "quantitative",
      "axis": ["title": "Members", "tickMinStep": 1, "format": "d"],
      "scale": ["zero": false, "nice": false, "padding": 10],
    ]
  }

  private var y: JSONValue {
    [
      "field": "accuracy", "type": "quantitative", "scale": ["zero": false],
      "axis": ["title": "Mean accuracy, %", "tickCount": 6],
    ]
  }

  private func intervals(_ forecast: NetworkForecast) -> JSONValue {
    [
      "data": ["values": .array(forecast.forecast.points.map { point($0, "forecast") })],
      "mark": ["type": "rule", "style": "interval"],
      "encoding": [
        "x": x, "y": ["field": "low", "type": "quantitative"], "y2": ["field": "high"],
      ],
    ]
  }

  private func point(_ point: Forecast.Point, _ kind: String) -> JSONValue {
    [
      "n": .integer(point.memberCount), "kind": .string(kind),
      "accuracy": JSONValue.rounded(100 * point.accuracy),
      "low": JSONValue.rounded(100 * point.lowerBound),
      "high": JSONValue.rounded(100 * point.upperBound),
      "interval": .string(
        "\(NumberFormat.percent(point.lowerBound, to: point.upperBound)) %"),
    ]
  }

  private func points(_ forecast: NetworkForecast) -> JSONValue {
    let known = forecast.forecast.accuracies.enumerated().map { index, accuracy -> JSONValue in
      [
        "n": .integer(index + 1), "kind": "known", "interval": "–",
        "accuracy": JSONValue.rounded(100 * accuracy),
      ]
    }
    let expected = forecast.forecast.points.map { point($0, "forecast") }
    return [
      "data": ["values": .array(known + expected)],
      "mark": ["type": "point", "size": 75, "opacity": 1],
      "encoding": [
        "x": x, "y": y, "color": kind, "shape": kind,
        "tooltip": tooltip("95 % interval", "interval"),
      ],
    ]
  }

  private static let kinds: [JSONValue] = ["known", "forecast", "forecast from fewer"]

  private var kind: JSONValue {
    [
      "field": "kind", "type": "nominal",
      "scale": ["domain": .array(Self.kinds)],
      "legend": ["title": .null, "orient": "bottom", "symbolStrokeWidth": 2],
    ]
  }

  private func checks(_ forecast: NetworkForecast) -> JSONValue {
    let rows = forecast.checks.map { check -> JSONValue in
      guard case .object(var row) = point(check.forecast, "forecast from fewer") else { return [:] }
      row["found"] = .string(
        "\(NumberFormat.percent(check.accuracy)) %, \(check.isInside ? "inside" : "outside")")
      return .object(row)
    }
    return [
      "data": ["values": .array(rows)],
      "mark": ["type": "point", "size": 110, "opacity": 1, "strokeWidth": 1.75],
      "encoding": [
        "x": x, "y": y, "color": kind, "shape": kind,
        "tooltip": tooltip("then found", "found"),
      ],
    ]
  }

  private func tooltip(_ title: String, _ field: String) -> JSONValue {
    [
      ChartParts.quantity("n", "Members", format: "d"), ChartParts.word("kind", "Mean"),
      ChartParts.quantity("accuracy", "Accuracy, %", format: ".2f"), ChartParts.word(field, title),
    ]
  }
}
