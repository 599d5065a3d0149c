import Ensembles

/// Which calibration the hold-out chose, and what it does.
public struct CalibrationChoice: Codable, Hashable, Sendable {
  /// Where temperatures act; nil where there are none.
  public let place: Calibration.TemperaturePlace?
  /// Of each member, fitted to it alone; none for a cascade, a vote or weights.
  public let memberTemperatures: [Double]
  /// Of the combined predictions.
  public let temperature: Double
  /// On all of the hold-out, to which they were fitted: mean negative log-likelihood without temperatures, with the members',
  /// and with the combined one's, in nats.
  public let holdOut: [String: Double]
  /// Why no temperature of the combined predictions was fitted; nil where one was.
  public let gap: Temperature.Gap?
  /// What was compared on images that it was not fitted to; nil in decisions of earlier versions.
  public let comparison: CalibrationComparison?
  /// On the test images: without calibration.
  public let uncalibrated: ReliabilitySummary
  /// On the test images: as chosen.
  public let calibrated: ReliabilitySummary

  init(
    _ calibration: Calibration, uncalibrated: ReliabilitySummary, calibrated: ReliabilitySummary
  ) {
    place = calibration.place
    memberTemperatures = calibration.memberTemperatures.map(\.value)
    temperature = calibration.temperature?.value ?? 1
    holdOut = calibration.losses
    gap = calibration.temperature == nil ? .roundedToZero : calibration.temperature?.gap
    comparison = calibration.comparison
    self.uncalibrated = uncalibrated
    self.calibrated = calibrated
  }

  /// What was chosen.
  public var method: CalibrationMethod {
    if let comparison { return comparison.chosen }
    switch place {
    case .afterCombining: return .temperature
    case .beforeCombining: return .memberTemperatures
    case nil: return .none
    }
  }

  /// Whether the chosen calibration makes the test images' likelihood worse.
  public var isWorse: Bool {
    calibrated.metrics.negativeLogLikelihood > uncalibrated.metrics.negativeLogLikelihood
  }
}
