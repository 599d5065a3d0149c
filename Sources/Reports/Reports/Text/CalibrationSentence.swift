import Decisions
import Ensembles
import Formatting

/// What calibration does to the deployed candidate's probabilities, and whether they can be believed.
struct CalibrationSentence {
  let decision: Decision

  init(_ decision: Decision) { self.decision = decision }

  private var choice: CalibrationChoice { decision.calibration }

  /// nil where there was nothing to fit a temperature to, which is a caution.
  var text: String? {
    guard choice.gap == nil || choice.method != .none else { return nil }
    guard choice.method != .none else {
      return "No calibration was better than none on the hold-out, and none is used."
    }
    let before = choice.uncalibrated.metrics
    let after = choice.calibrated.metrics
    let likelihoods = [before, after].map { NumberFormat.fixed($0.negativeLogLikelihood, 3) }
    let errors = [before, after].map { NumberFormat.fixed($0.expectedCalibrationError, 3) }
    let effect = Self.effect(likelihoods, errors, isWorse: choice.isWorse)
    return "\(subject) \(effect) on the \(decision.testName): NLL \(likelihoods[0]) → "
      + "\(likelihoods[1]) nats, ECE \(errors[0]) → \(errors[1])."
      + (choice.isWorse && likelihoods[0] != likelihoods[1]
        ? " It is deployed nevertheless: the hold-out chose it." : "")
  }

  /// Whether the calibration error is more than chance explains; nil in decisions of earlier versions.
  var test: String? {
    guard let test = choice.calibrated.test else { return nil }
    let errors = [test.calibrationError, test.expectedError, test.largestError].map {
      NumberFormat.fixed($0, 3)
    }
    let verdict = test.isDoubtful ? "more than chance explains" : "no more than chance explains"
    return "An ECE of \(errors[0]) is \(verdict) (\(NumberFormat.probability(test.pValue))): "
      + "where probabilities are right, so many images have \(errors[1]) on average, and \(errors[2]) or less "
      + "in 95 % of all cases."
  }

  private var subject: String {
    let temperature = NumberFormat.fixed(choice.temperature, 2)
    switch choice.method {
    case .temperature where decision.deployed.members.count > 1:
      return "A temperature after combining (\(temperature)) makes"
    case .temperature: return "A temperature (\(temperature)) makes"
    case .memberTemperatures: return "Temperatures of the members, before combining, make"
    case let method:
      return "\(method.name.prefix(1).uppercased())\(method.name.dropFirst()) makes"
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
