import Decisions
import Formatting
import Predictions

/// A figure in large type.
struct KeyFigure {
  let name, value, note: String

  /// Three to five.
  static func of(_ decision: Decision) -> [KeyFigure] {
    let deployed = decision.deployed
    let reference = decision.bestSingle
    return [accuracy(decision, deployed), difference(decision, reference)].compactMap { $0 }
      + costs(decision, deployed, reference).prefix(2)
      + [likelihood(decision), shifted(deployed, reference)].compactMap { $0 }.prefix(1)
  }

  private static func accuracy(_ decision: Decision, _ deployed: Candidate) -> KeyFigure {
    KeyFigure(
      name: "Accuracy on the \(decision.testName)",
      value: "\(NumberFormat.percent(deployed.test.metrics.top1Accuracy)) %",
      note: "95 % interval \(deployed.testInterval.percentText)")
  }

  private static func difference(_ decision: Decision, _ reference: Candidate) -> KeyFigure? {
    guard !decision.isBestSingleChosen, let comparison = decision.deployed.comparison
    else { return nil }
    return KeyFigure(
      name: "Against the best single model",
      value: "\(NumberFormat.points(comparison.difference))",
      note: "points; 95 % interval \(comparison.interval.pointsText)")
  }

  private static func costs(
    _ decision: Decision, _ deployed: Candidate, _ reference: Candidate
  ) -> [KeyFigure] {
    let first = decision.options.cost
    let others: [CostMeasure] = [.multiplyAccumulates, .latency, .parameters].filter { $0 != first }
    return ([first] + others).compactMap { measure in
      let measured = measure.isTime ? decision.measured : nil
      guard let own = measured?.deployed.median ?? deployed.test.cost[measure],
        let single = measured?.reference.median ?? reference.test.cost[measure], single > 0
      else { return nil }
      let name = label(of: measure, deployed, isMeasured: measured != nil)
      if decision.isBestSingleChosen {
        return KeyFigure(name: name, value: measure.amount(own), note: "the best single model")
      }
      return KeyFigure(
        name: name, value: NumberFormat.ratio(own, to: single, times: "×"),
        note: "of the best single model's: \(amount(own, measure)) against "
          + amount(single, measure))
    }
  }

  /// A cascade's time that was not measured follows from those of its members.
  private static func label(
    of measure: CostMeasure, _ deployed: Candidate, isMeasured: Bool
  ) -> String {
    guard measure.isTime, deployed.kind == .cascade else { return measure.title }
    return isMeasured ? "Measured time" : "Expected time"
  }

  /// Without the name that the card has already.
  private static func amount(_ value: Double, _ measure: CostMeasure) -> String {
    (measure.number(value) + (measure.isTime ? " ms" : "")).unbroken
  }

  private static func likelihood(_ decision: Decision) -> KeyFigure? {
    guard decision.calibration.method != .none else { return nil }
    let (before, after) = (
      decision.calibration.uncalibrated.metrics, decision.calibration.calibrated.metrics
    )
    return KeyFigure(
      name: "Calibration error",
      value: "\(NumberFormat.percent(after.expectedCalibrationError, 1)) %",
      note: "ECE as calibrated; "
        + "\(NumberFormat.percent(before.expectedCalibrationError, 1)) % without")
  }

  private static func shifted(_ deployed: Candidate, _ reference: Candidate) -> KeyFigure? {
    guard let own = deployed.shifted, let single = reference.shifted else { return nil }
    return KeyFigure(
      name: "On shifted images",
      value: "\(NumberFormat.percent(own.metrics.top1Accuracy)) %",
      note: "the best single model \(NumberFormat.percent(single.metrics.top1Accuracy)) %")
  }
}
