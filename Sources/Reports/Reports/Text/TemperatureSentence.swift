import Decisions
import Ensembles
import Formatting

/// What temperatures do to the deployed candidate's probabilities.
struct TemperatureSentence {
  let decision: Decision

  init(_ decision: Decision) { self.decision = decision }

  private var choice: TemperatureChoice { decision.calibration }

  /// nil where there was nothing to fit a temperature to, which is a caution.
  var text: String? {
    guard choice.gap == nil || choice.place != nil else { return nil }
    guard let place = choice.place else {
      return "No temperature was better than none on the hold-out, and none is used."
    }
    let before = choice.uncalibrated.metrics
    let after = choice.calibrated.metrics
    let likelihoods = [before, after].map { NumberFormat.fixed($0.negativeLogLikelihood, 3) }
    let errors = [before, after].map { NumberFormat.fixed($0.expectedCalibrationError, 3) }
    let effect = Self.effect(likelihoods, errors, isWorse: choice.isWorse)
    return "\(subject(place)) \(effect) on the \(decision.testName): NLL \(likelihoods[0]) → "
      + "\(likelihoods[1]) nats, ECE \(errors[0]) → \(errors[1])."
      + (choice.isWorse && likelihoods[0] != likelihoods[1]
        ? " It is deployed nevertheless: the hold-out chose it." : "")
  }

  private func subject(_ place: Calibration.TemperaturePlace) -> String {
    let temperature = NumberFormat.fixed(choice.temperature, 2)
    return switch place {
    case .afterCombining where decision.deployed.members.count > 1:
      "A temperature after combining (\(temperature)) makes"
    case .afterCombining: "A temperature (\(temperature)) makes"
    case .beforeCombining: "Temperatures of the members, before combining, make"
    }
  }

  /// What looks the same is not called better, nor what one figure calls better and the other worse.
  private static func effect(
    _ likelihoods: [String], _ errors: [String], isWorse: Bool
  ) -> String {
    guard likelihoods[0] != likelihoods[1] else { return "hardly any difference" }
    let errorsRise = (Double(errors[1]) ?? 0) > (Double(errors[0]) ?? 0)
    let errorsFall = (Double(errors[1]) ?? 0) < (Double(errors[0]) ?? 0)
    if isWorse {
      return errorsFall
        ? "the likelihood worse and the calibration error less" : "the probabilities worse"
    }
    return errorsRise
      ? "the likelihood better and the calibration error greater" : "the probabilities better"
  }
}
