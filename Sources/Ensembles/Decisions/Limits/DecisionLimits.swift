import Ensembles
import Predictions

/// What can be promised of the answers of what is deployed, and of the best single member's.
public struct DecisionLimits: Codable, Sendable {
  /// What was to be promised.
  public let options: AnswerLimits.Options
  /// The images that calibrate.
  public let calibration: Decision.Images
  /// Whether nothing was chosen on them. Where something was, sets and thresholds are estimates and no promises.
  public let isPromised: Bool
  /// Which class an answer is in what is said of answers: the most probable one, also where errors cost differently and
  /// `Decision.errors` has another `decisionRule`. Nil in decisions of earlier versions, which mean the same.
  public let answers: Objective.DecisionRule?
  /// Of what is deployed, as it is deployed.
  public let deployed: CandidateLimits
  /// Of the best single member; nil where it is what is deployed.
  public let single: CandidateLimits?

  /// - Parameters:
  ///   - deployed: As it is deployed; is given what its answers promise.
  ///   - calibration: Predictions by all members of the images that calibrate.
  ///   - isPromised: Whether nothing was chosen on these.
  init(
    deployed: inout Candidate, single: Candidate, calibration: [Predictions], isPromised: Bool,
    sets: PredictionSets, options: AnswerLimits.Options
  ) throws(EnsembleError) {
    self.options = options
    self.calibration = Decision.Images(calibration[0])
    self.isPromised = isPromised
    answers = .mostProbable
    func limits(
      _ candidate: Candidate
    ) throws(EnsembleError) -> (CandidateLimits, AnswerLimits) {
      func combine(_ images: [Predictions]) throws(EnsembleError) -> Predictions {
        try candidate.combination.combine(
          Predictions.of(candidate.members, in: images), name: candidate.id)
      }
      let own = try combine(calibration)
      let answers = try AnswerLimits(
        calibratedOn: own, isPromised: isPromised, options: options)
      let shifted = try sets.shifted.map { (images) throws(EnsembleError) in try combine(images) }
      let found = try CandidateLimits(
        id: candidate.id, calibration: own, answers: answers, test: combine(sets.test),
        shifted: shifted, options: options)
      return (found, answers)
    }
    let (own, answers) = try limits(deployed)
    self.deployed = own
    deployed.answerLimits = answers
    self.single = single.id == deployed.id ? nil : try limits(single).0
  }
}
