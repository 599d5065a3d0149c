/// Whether the traffic looks like the hold-out, on which the ensemble's accuracy and cost were measured.
package enum DriftState: String, Hashable, Sendable, CaseIterable {
  /// It is not known what the hold-out looked like.
  case unknown
  /// Too few images have come.
  case gathering
  case asExpected = "as expected"
  /// It does not: what was measured cannot be relied on.
  case drifted
}

/// What is known of drift.
package struct DriftReport: Hashable, Sendable {
  /// One of the figures that are compared.
  package struct Figure: Hashable, Sendable {
    /// Which.
    package let figure: DriftFigure
    /// When it began to differ, in seconds since 1970; nil where it does not.
    package let since: Double?
    /// How near to an alarm it is: 0 where nothing differs, from 1 on an alarm.
    package let strength: Double
    /// Where it differs, by how much; or else the greatest difference of the last look at the longest window.
    package let comparison: DriftComparison?
  }

  /// Whether anything differs.
  package let state: DriftState
  /// Images that were counted since the model was loaded.
  package let images: Int
  /// Images that were answered and not counted, since members were lost or answers late beside them.
  package let omittedImages: Int
  /// What the latest images looked like; nil where that is unknown.
  package let observed: TrafficCounts?
  /// What the hold-out looked like.
  package let expected: TrafficCounts?
  /// Bounds between the bins of confidence.
  package let confidenceBounds: [Double]
  /// What is compared.
  package let figures: [Figure]

  /// Where nothing can be compared.
  static let unknown = DriftReport()

  private init() {
    state = .unknown
    (images, omittedImages, observed, expected) = (0, 0, nil, nil)
    (confidenceBounds, figures) = ([], [])
  }

  init(_ detector: DriftDetector, omittedImages: Int) {
    state =
      !detector.alarms.isEmpty ? .drifted : detector.isGathering ? .gathering : .asExpected
    images = detector.images
    self.omittedImages = omittedImages
    observed = detector.window
    expected = detector.expected
    confidenceBounds = detector.confidenceBounds
    figures = detector.figures.map { figure in
      let alarm = detector.alarms[figure]
      let looks = detector.looks[figure] ?? [:]
      return Figure(
        figure: figure, since: alarm?.since, strength: detector.strength(of: figure),
        comparison: alarm?.comparison ?? looks.max { $0.key < $1.key }?.value)
    }
  }

  /// What differs, a sentence each.
  package var differences: [String] {
    figures.filter { $0.since != nil }.compactMap {
      $0.comparison?.sentence(confidenceBounds: confidenceBounds)
    }
  }
}
