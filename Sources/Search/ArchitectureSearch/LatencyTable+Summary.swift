extension LatencyTable {
  /// How many parts there are, and how well they predict whole networks: a line or two.
  public var summary: String {
    var text = "\(milliseconds.count) parts of networks timed: \(conditions)"
    if let check, let median = check.medianError, let most = check.ninetiethPercentileError {
      text +=
        "\nerror on \(check.networks.count) whole networks: \(percent(median)) in the median, "
        + "\(percent(most)) for nine in ten"
    }
    return text
  }

  private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
