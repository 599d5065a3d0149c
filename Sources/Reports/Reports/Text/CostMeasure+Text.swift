import Formatting
import Predictions

extension CostMeasure {
  /// Within a sentence.
  var name: String {
    switch self {
    case .multiplyAccumulates: "MACs"
    case .parameters: "parameters"
    case .latency: "time"
    case .parallelLatency: "time with members side by side"
    }
  }

  /// Of a button or a card.
  var title: String {
    switch self {
    case .multiplyAccumulates: "MACs"
    case .parameters: "Parameters"
    case .latency: "Time, members in turn"
    case .parallelLatency: "Time, members side by side"
    }
  }

  /// Of a chart's axis.
  var axisTitle: String {
    switch self {
    case .multiplyAccumulates: "MACs per image (log scale)"
    case .parameters: "Parameters (log scale)"
    case .latency: "Milliseconds per image, members in turn (log scale)"
    case .parallelLatency: "Milliseconds per image, members side by side (log scale)"
    }
  }

  /// Of a column of a terminal's table.
  var columnTitle: String {
    switch self {
    case .multiplyAccumulates: "MACs"
    case .parameters: "parameters"
    case .latency: "latency, ms"
    case .parallelLatency: "parallel, ms"
    }
  }

  /// What the page's script puts behind an amount.
  var unitPerImage: String {
    switch self {
    case .multiplyAccumulates: "MACs an image"
    case .parameters: "parameters"
    case .latency, .parallelLatency: "ms an image"
    }
  }

  /// The cost without its unit, such as "120 M".
  func number(_ cost: Double) -> String {
    isTime ? NumberFormat.milliseconds(cost) : NumberFormat.scaled(cost)
  }

  /// The cost with its unit, such as "120 M MACs".
  func amount(_ cost: Double) -> String {
    switch self {
    case .multiplyAccumulates: number(cost) + " MACs"
    case .parameters: number(cost) + " parameters"
    case .latency, .parallelLatency: number(cost) + " ms"
    }
  }
}
