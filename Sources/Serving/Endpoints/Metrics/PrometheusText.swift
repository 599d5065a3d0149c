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
    let pairs = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    text += pairs.isEmpty ? "\(name) \(value)\n" : "\(name){\(pairs)} \(value)\n"
  }

  /// Adds a histogram of one model.
  ///
  /// - Parameters:
  ///   - bins: Upper bounds, ascending, and how many there are up to each bound and above the one before.
  ///   - count: All, also those above the last bound.
  mutating func addHistogram(
    _ name: String, model: String, bins: [(bound: String, count: Int)], count: Int, sum: Double
  ) {
    var total = 0
    for bin in bins {
      total += bin.count
      add("\(name)_bucket", ["model": model, "le": bin.bound], total)
    }
    add("\(name)_bucket", ["model": model, "le": "+Inf"], count)
    add("\(name)_sum", ["model": model], sum)
    add("\(name)_count", ["model": model], count)
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
