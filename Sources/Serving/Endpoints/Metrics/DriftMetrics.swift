import Serving

extension PrometheusText {
  /// Whether the traffic looks like the hold-out, and by what it is judged.
  mutating func addDrift(_ models: [ModelMeasurements]) {
    begin(
      "consort_drift_state", .gauge,
      "1 for what is known of whether traffic looks like the hold-out")
    for model in models {
      for state in DriftState.allCases {
        add(
          "consort_drift_state", ["model": model.statistics.name, "state": state.rawValue],
          model.drift.state == state ? 1 : 0)
      }
    }
    begin(
      "consort_drift_strength", .gauge,
      "Logarithm of the probability of the difference over that of an alarm's level: from 1 on an alarm"
    )
    for model in models {
      for figure in model.drift.figures {
        add(
          "consort_drift_strength",
          ["model": model.statistics.name, "figure": figure.figure.rawValue], figure.strength)
      }
    }
    begin("consort_drift_images_total", .counter, "Images that were compared with the hold-out")
    for model in models {
      add("consort_drift_images_total", ["model": model.statistics.name], model.drift.images)
    }
    addShares(
      models, "consort_drift_observed_share", "Shares of the latest images that were compared",
      \.observed)
    addShares(models, "consort_drift_expected_share", "Shares of the hold-out", \.expected)
  }

  private mutating func addShares(
    _ models: [ModelMeasurements], _ name: String, _ help: String,
    _ counts: (DriftReport) -> TrafficCounts?
  ) {
    begin(name, .gauge, help)
    for model in models {
      guard let counts = counts(model.drift), counts.images > 0 else { continue }
      let bounds = model.drift.confidenceBounds.map { "\($0)" } + ["1"]
      let bins =
        counts.exits.enumerated().map { (DriftFigure.exits, "\($0 + 1)", $1) }
        + zip(bounds, counts.confidences).map { (.confidence, $0, $1) }
        + [(.disagreement, "any", counts.disagreements)]
      for (figure, bin, count) in bins {
        add(
          name, ["model": model.statistics.name, "figure": figure.rawValue, "bin": bin],
          Double(count) / Double(counts.images))
      }
    }
  }
}
