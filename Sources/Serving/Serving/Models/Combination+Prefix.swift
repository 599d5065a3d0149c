import Ensembles

extension Combination {
  /// A cascade that ends after so many stages at the latest; anything else as it is.
  func prefix(_ stages: Int) -> Combination {
    guard let cascade, stages <= cascade.confidenceThresholds.count else { return self }
    var combination = self
    combination.memberTemperatures = memberTemperatures.map { Array($0.prefix(stages)) }
    combination.cascade =
      stages == 1
      ? nil
      : CascadeStops(
        confidence: cascade.confidence,
        confidenceThresholds: Array(cascade.confidenceThresholds.prefix(stages - 1)))
    return combination
  }
}
