extension Combination {
  /// How the other members become one where one of them is lost; nil where all the weight was its.
  ///
  /// The others keep their temperatures, and their weights in proportion. A cascade goes on without the stage, and without the
  /// threshold after it; of the last stage, without the one before it. One member that is left is a model of its own. The
  /// temperature or calibration of the combined predictions is left out: it was fitted to those of all members.
  ///
  /// - Parameters:
  ///   - place: Of the lost one, in `0..<memberCount`.
  ///   - memberCount: Of members that it fits; at least 2.
  public func withoutMember(at place: Int, of memberCount: Int) -> Combination? {
    precondition(memberCount > 1 && (0..<memberCount).contains(place), "a member beside others")
    var others = Combination(rule: rule)
    others.memberTemperatures = memberTemperatures.map { Self.dropping(place, from: $0) }
    if let weights {
      let left = Self.dropping(place, from: weights)
      let sum = left.reduce(0, +)
      guard sum > 0 else { return nil }
      others.weights = left.map { $0 / sum }
    }
    if let cascade {
      let threshold = min(place, memberCount - 2)
      others.cascade = CascadeStops(
        confidence: cascade.confidence,
        confidenceThresholds: Self.dropping(threshold, from: cascade.confidenceThresholds))
    }
    if memberCount == 2 { (others.weights, others.cascade) = (nil, nil) }
    return others
  }

  private static func dropping<Element>(_ place: Int, from values: [Element]) -> [Element] {
    Array(values[..<place] + values[(place + 1)...])
  }
}
