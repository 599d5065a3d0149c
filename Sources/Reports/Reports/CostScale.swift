import Files

/// The logarithmic axis of a cost.
struct CostScale {
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
