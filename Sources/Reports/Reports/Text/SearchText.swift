import ArchitectureSearch
import Decisions
import Formatting

/// The search's answer in words, and the comparisons as a table for a terminal.
package struct SearchText: Sendable {
  let content: SearchContent

  /// Finds the words for a search.
  package init(_ content: SearchContent) {
    self.content = content
  }

  /// What the test images say of different architectures and duplicates.
  enum Answer: Hashable {
    /// At least one kind is better, none worse.
    case better
    /// At least one kind is worse, none better.
    case worse
    /// None is clearly better or worse than duplicates.
    case undecided
    /// One is better, another worse.
    case mixed
    /// There is nothing to compare yet, or at all.
    case unknown
  }

  var answer: Answer {
    let verdicts = content.diverse.map(\.comparison.verdict)
    guard !verdicts.isEmpty else { return .unknown }
    switch (verdicts.contains(.better), verdicts.contains(.worse)) {
    case (true, true): return .mixed
    case (true, false): return .better
    case (false, true): return .worse
    case (false, false): return .undecided
    }
  }

  /// One sentence that answers the question, then the figures of each comparison.
  var lede: String {
    switch answer {
    case .better:
      undecided.map {
        "Partly: in this search different architectures beat one, repeated, where they are "
          + "\(ways(.better)); \($0)."
      } ?? "Yes: in this search different architectures for the members beat one, repeated."
    case .worse:
      undecided.map {
        "No: in this search one architecture, repeated, beats different ones \(ways(.worse)); \($0)."
      } ?? "No: in this search one architecture, repeated, beats different ones."
    case .mixed:
      "It depends: in this search different architectures \(ways(.better)) beat one, repeated; those "
        + "\(ways(.worse)) lose to it."
    case .undecided:
      "Not told apart: in this search different architectures for the members are neither clearly "
        + "better nor clearly worse than one, repeated."
    case .unknown: "No answer: " + missing
    }
  }

  /// "found together", of the comparisons with that verdict.
  private func ways(_ verdict: Frontier.Verdict) -> String {
    content.diverse.filter { $0.comparison.verdict == verdict }.map {
      $0.finalist.setting == .joint ? "found together" : "found one after another"
    }.listed
  }

  /// Those that are neither clearly better nor clearly worse; nil where there are none.
  private var undecided: String? {
    let ways = ways(.undecided)
    return ways.isEmpty ? nil : "those \(ways) are not told apart from it"
  }

  private var missing: String {
    let wanted: [SearchSetting] = [.duplicated, .joint, .sequential]
    let asked = content.settings.map(\.setting).filter(wanted.contains)
    if !asked.contains(.duplicated) || asked.count < 2 {
      return "the plan does not search for both duplicates and different architectures."
    }
    if !content.plansFinalists {
      return "the plan trains nothing in full, and accuracies in a search are no final ones."
    }
    if content.settings.contains(where: { $0.networks.isEmpty }) {
      return "the search is not complete."
    }
    return "what was found is not trained in full yet."
  }

  /// A sentence a comparison.
  var figures: [String] {
    guard let duplicated = content.finalist(.duplicated), let own = duplicated.trained else {
      return []
    }
    return content.diverse.map { finalist, comparison in
      let accuracy = finalist.trained.map { Self.accuracy($0) } ?? "–"
      return "\(Self.title(finalist)): \(accuracy) of the test images right, duplicates "
        + "\(Self.accuracy(own)): a difference of \(NumberFormat.points(comparison.difference)) points "
        + "(95 % interval over images \(comparison.interval.pointsText)"
        + "\(Self.spread(comparison)); \(NumberFormat.probability(comparison.mcNemarPValue))): "
        + "\(Self.verdict(comparison.verdict))."
    }
  }

  private static func spread(_ comparison: RepeatedComparison) -> String {
    comparison.seedInterval.map { ", over seeds \($0.pointsText)" } ?? ""
  }

  private static func verdict(_ verdict: Frontier.Verdict) -> String {
    switch verdict {
    case .better: "better"
    case .worse: "worse"
    case .undecided: "not told apart"
    }
  }

  /// How far the answer reaches.
  var reach: String? {
    guard answer != .unknown else { return nil }
    let compared = [content.finalist(.duplicated)] + content.diverse.map(\.finalist)
    let seeds = compared.compactMap { $0?.trained?.accuracies.count }.min() ?? 0
    let count = seeds == 1 ? "one training" : "\(seeds) trainings from different seeds"
    return "Each kind is the mean of \(count); it is one search with one seed, on one data set: "
      + "another search may find other architectures."
  }

  /// What is not there; empty where all is.
  var gaps: [String] {
    var gaps: [String] = []
    let open = content.settings.filter(\.networks.isEmpty).map(\.setting.rawValue)
    if !open.isEmpty {
      gaps.append(
        "Not found yet: \(open.listed). Run the same `consort search` again to go on.")
    }
    if !content.plansFinalists {
      gaps.append("The plan has no finalists: nothing was trained in full.")
    }
    for finalist in content.unfinished {
      let done = finalist.trained?.accuracies.count ?? 0
      gaps.append("\(finalist.name): \(done) of \(finalist.seeds) seeds are trained.")
    }
    return gaps
  }

  /// "92.31 % ± 0.12", with the standard deviation over seeds.
  static func accuracy(_ ensemble: RepeatedEnsemble) -> String {
    "\(NumberFormat.percent(ensemble.meanAccuracy)) %"
      + (ensemble.standardDeviation.map { " ± \(NumberFormat.percent($0))" } ?? "")
  }

  /// The kind in words, at a sentence's beginning.
  static func title(_ finalist: SearchContent.Finalist) -> String {
    finalist.setting.map(title) ?? finalist.name.withTimesSigns
  }

  static func title(_ setting: SearchSetting) -> String {
    switch setting {
    case .single: "One network"
    case .duplicated: "One architecture, repeated"
    case .joint: "Found together (joint)"
    case .sequential: "Found one after another (sequential)"
    }
  }

  /// "2 x wrn-00.11.02", in the order of first appearance.
  static func networks(_ members: [String]) -> String {
    var counts: [(name: String, count: Int)] = []
    for member in members {
      if let place = counts.firstIndex(where: { $0.name == member }) {
        counts[place].count += 1
      } else {
        counts.append((member, 1))
      }
    }
    return counts.map { $0.count == 1 ? $0.name : "\($0.count) × \($0.name)" }
      .joined(separator: " + ")
  }
}

// MARK: - Terminal

extension SearchText {
  /// The answer, the table and what is missing, each line closed.
  package func lines() -> String {
    let sentences = [lede] + [deploy].compactMap { $0 } + figures + [reach].compactMap { $0 }
    let answer = sentences.flatMap {
      Terminal.wrapped(Terminal.printable($0), width: min(80, Terminal.textWidth))
    }
    let gaps = gaps.flatMap {
      Terminal.wrapped(Terminal.printable($0), width: min(80, Terminal.textWidth))
    }
    return (answer + [""]).map { $0 + "\n" }.joined() + table + gaps.map { $0 + "\n" }.joined()
  }

  private var table: String {
    let trained = content.finalists.filter { $0.trained != nil }
    guard !trained.isEmpty else { return "" }
    var table = TextTable(columns: [
      .init("ensemble", isKept: true), .init("MACs", .right), .init("ms", .right),
      .init("test, %", .right, isKept: true),
      .init("sd", .right), .init("seeds", .right), .init("to duplicated", .right),
      .init("verdict", isKept: true),
    ])
    for finalist in trained {
      guard let ensemble = finalist.trained else { continue }
      let comparison = finalist.comparison
      table.append([
        finalist.name, finalist.multiplyAccumulates.map { NumberFormat.scaled($0) } ?? "",
        finalist.milliseconds.map { NumberFormat.milliseconds($0) } ?? "",
        NumberFormat.percent(ensemble.meanAccuracy),
        ensemble.standardDeviation.map { NumberFormat.percent($0) } ?? "",
        "\(ensemble.accuracies.count)",
        comparison.map { NumberFormat.points($0.difference) } ?? "",
        comparison.map { Self.verdict($0.verdict) } ?? "",
      ])
    }
    return table.text() + "\n"
  }
}
