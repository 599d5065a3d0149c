import Serving

/// That the traffic of a model began to look otherwise than its hold-out, or looks like it again.
package struct DriftChange: Hashable, Sendable {
  /// The model.
  package let model: String
  /// What differs, a sentence each; none where nothing does any more.
  package let differences: [String]
}

/// What was last seen of the models' drift.
struct DriftWatch {
  private var drifted: [String: Set<DriftFigure>] = [:]

  /// What has changed since the last call.
  mutating func changes(in measurements: [ModelMeasurements]) -> [DriftChange] {
    var changes: [DriftChange] = []
    var found: [String: Set<DriftFigure>] = [:]
    for model in measurements {
      let name = model.statistics.name
      let figures = Set(model.drift.figures.filter { $0.since != nil }.map(\.figure))
      found[name] = figures
      let known = drifted[name] ?? []
      // That one of several figures looks right again is no news; nor does a model that was loaded anew look right yet.
      let isRight = model.drift.state == .asExpected && !known.isEmpty
      if !figures.isSubset(of: known) || isRight {
        changes.append(DriftChange(model: name, differences: model.drift.differences))
      }
    }
    drifted = found
    return changes
  }
}
