import Serving

/// Metrics in the text format of Prometheus, version 0.0.4.
struct PrometheusText {
  /// The Content-Type.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// What was written.
  private(set) var text = ""

  /// The kinds of metrics.
  enum Kind: String {
    case counter, gauge, histogram
  }

  /// Labels in their order.
  typealias Labels = KeyValuePairs<String, String>

  /// Begins a metric, whose values follow.
  mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Adds a value.
  mutating func add(_ name: String, _ labels: Labels, _ value: some CustomStringConvertible) {
    let pairs = Self.text(labels)
    text += pairs.isEmpty ? "\(name) \(value)\n" : "\(name){\(pairs)} \(value)\n"
  }

  /// Adds a histogram of durations.
  mutating func addHistogram(_ name: String, _ labels: Labels, _ durations: DurationHistogram) {
    addHistogram(
      name, labels, bins: zip(DurationHistogram.bounds, durations.counts).map { ("\($0)", $1) },
      count: durations.counts.reduce(0, +), sum: durations.sum)
  }

  /// Adds a histogram.
  ///
  /// - Parameters:
  ///   - bins: Upper bounds, ascending, and how many there are up to each bound and above the one before.
  ///   - count: All, also those above the last bound.
  mutating func addHistogram(
    _ name: String, _ labels: Labels, bins: [(bound: String, count: Int)], count: Int, sum: Double
  ) {
    var total = 0
    let text = Self.text(labels)
    for bin in bins {
      total += bin.count
      self.text += "\(name)_bucket{\(text),le=\"\(bin.bound)\"} \(total)\n"
    }
    self.text += "\(name)_bucket{\(text),le=\"+Inf\"} \(count)\n"
    add("\(name)_sum", labels, sum)
    add("\(name)_count", labels, count)
  }

  private static func text(_ labels: Labels) -> String {
    labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
