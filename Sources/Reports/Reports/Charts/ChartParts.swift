import Schemas

/// How wide a chart's plot is.
enum ChartWidth {
  case pixels(Int)
  /// As wide as the element of the page that holds it.
  case container

  /// The members of a specification that say so.
  var members: [String: JSONValue] {
    switch self {
    case .pixels(let pixels): ["width": .integer(pixels)]
    case .container:
      [
        "width": "container",
        "autosize": ["type": "fit", "contains": "padding", "resize": true],
      ]
    }
  }
}

/// What several charts' specifications have alike.
enum ChartParts {
  /// A number in a tooltip, in d3's format.
  static func quantity(_ field: String, _ title: String, format: String) -> JSONValue {
    [
      "field": .string(field), "type": "quantitative", "title": .string(title),
      "format": .string(format),
    ]
  }

  /// A text in a tooltip.
  static func word(_ field: String, _ title: String) -> JSONValue {
    ["field": .string(field), "type": "nominal", "title": .string(title)]
  }

  /// A color or shape a name, in the names' order, with a legend above the plot.
  ///
  /// - Parameter further: Of the legend.
  static func legend(
    _ field: String, _ names: [String], further: [String: JSONValue] = [:]
  ) -> JSONValue {
    let legend: [String: JSONValue] = [
      "title": .null, "orient": "top", "labelLimit": 240, "symbolSize": 90, "symbolOpacity": 1,
    ]
    return [
      "field": .string(field), "type": "nominal",
      "scale": ["domain": .array(names.map { .string($0) })],
      "legend": .object(legend.merging(further) { $1 }),
    ]
  }

  /// A little more than the values' range, but nothing outside of `limits`.
  static func domain(
    _ values: [Double], within limits: ClosedRange<Double> = 0...(.infinity)
  ) -> JSONValue {
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let room = max(0.08 * (high - low), 0.02 * abs(high), 1e-9)
    return [
      .rounded(max(limits.lowerBound, low - room)), .rounded(min(limits.upperBound, high + room)),
    ]
  }
}

/// The logarithmic axis of a cost.
struct CostAxis {
  let low, high: Double

  /// - Parameter costs: Above 0.
  init(costs: [Double]) {
    low = (costs.min() ?? 1) / 1.35
    high = (costs.max() ?? 1) * 1.35
  }

  /// One, two and five times the powers of ten between the ends; the powers alone over many decades.
  private var ticks: [JSONValue] {
    let leading: [Double] = high / low > 20_000 ? [1] : [1, 2, 5]
    var ticks: [Double] = []
    var power = 1.0
    while power > low { power /= 10 }
    while power <= high {
      ticks += leading.map { $0 * power }.filter { $0 >= low && $0 <= high }
      power *= 10
    }
    return ticks.map { .number($0) }
  }

  var scale: JSONValue {
    ["type": "log", "nice": false, "domain": [.number(low), .number(high)]]
  }

  /// - Parameter format: d3's.
  func axis(format: String) -> JSONValue {
    ["format": .string(format), "labelOverlap": true, "values": .array(ticks)]
  }
}
