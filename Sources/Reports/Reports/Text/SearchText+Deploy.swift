import Formatting
import Predictions

extension SearchText {
  /// What to deploy of all that was trained in full, found or made by hand; nil where nothing is.
  var deploy: String? {
    let trained = content.finalists.filter { $0.trained != nil }
    guard let best = trained.max(by: { accuracy(of: $0) < accuracy(of: $1) }) else { return nil }
    let found = trained.filter { $0.setting != nil }.max { accuracy(of: $0) < accuracy(of: $1) }
    let start =
      "To deploy: \(name(best)), the most accurate of all that was trained in full, "
      + figures(best)
    let end =
      " The same test images judge and choose here, among \(trained.count.counted("kind")): "
      + "expect a little less."
    guard best.setting == nil, let found, found.name != best.name else {
      return "\(start).\(end)"
    }
    return "\(start). It was made by hand, and on average wins over all that the search found, "
      + "of which the best is \(name(found)), \(figures(found)).\(clear(best, found))\(end)"
  }

  private func accuracy(of finalist: SearchContent.Finalist) -> Double {
    finalist.trained?.meanAccuracy ?? 0
  }

  /// "wide-resnet-16-1" or "2 × wrn-10.03.20 (one architecture, repeated)".
  private func name(_ finalist: SearchContent.Finalist) -> String {
    let networks = Self.networks(finalist.members.map(\.network))
    guard let setting = finalist.setting else { return networks }
    let title = Self.title(setting)
    return "\(networks) (\(title.prefix(1).lowercased() + title.dropFirst()))"
  }

  /// "with 72.46 % ± 0.55 of the test images right, for 26.7 M MACs and 0.69 ms an image".
  private func figures(_ finalist: SearchContent.Finalist) -> String {
    let costs = [
      finalist.multiplyAccumulates.map { CostMeasure.multiplyAccumulates.amount(Double($0)) },
      finalist.milliseconds.map { CostMeasure.latency.amount($0) },
    ].compactMap { $0 }
    return "with \(finalist.trained.map { Self.accuracy($0) } ?? "–") of the test images right"
      + (costs.isEmpty ? "" : ", for \(costs.listed) an image")
  }

  /// Whether the difference is clear: there are comparisons with the duplicated architecture only.
  private func clear(_ best: SearchContent.Finalist, _ found: SearchContent.Finalist) -> String {
    guard found.setting == .duplicated, let comparison = best.comparison else { return "" }
    let difference = "\(NumberFormat.points(comparison.difference)) points"
    return comparison.verdict == .better
      ? " The difference, \(difference), is clear."
      : " The difference, \(difference), is not clear over both images and seeds."
  }
}
