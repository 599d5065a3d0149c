import Ensembles
import Formatting
import Inference

extension ModelSelection {
  /// Writes the members as the ensemble directory at `path`, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: Where nothing is yet.
  ///   - rule: How they are combined where no decision says it; as the ensemble that they are has it where nil.
  ///   - decided: The candidate that they are, of the decision at `decision`.
  ///   - labels: The classes' names; as the members have them where nil.
  /// - Throws: `DeploymentError.unfitCandidate` where the decision's candidate is no ensemble, `InferenceError`, or
  ///   `FileError` where it cannot be written.
  package func write(
    to path: String, rule: CombinationRule? = nil,
    decided: (candidate: DecidedCandidate, decision: String)? = nil, labels: [String]? = nil
  ) throws -> EnsembleDirectory {
    let combination = decided?.candidate.combination ?? self.combination(rule: rule)
    // What was seen of a cascade goes with it, and with nothing else.
    let manifest = combination == self.manifest?.combination ? self.manifest : nil
    do {
      return try EnsembleDirectory.write(
        to: path, members: zip(members, files).map { ($0, $1) }, labels: labels,
        combination: combination,
        expectedMultiplyAccumulates: decided?.candidate.expectedMultiplyAccumulates
          ?? manifest?.expectedMultiplyAccumulates,
        exitFractions: decided?.candidate.exitFractions ?? manifest?.exitFractions)
    } catch InferenceError.notAnEnsemble(_, let reason) {
      guard let decided else {
        throw InferenceError.notAnEnsemble(path: path, reason: reason)
      }
      throw DeploymentError.unfitCandidate(
        path: decided.decision, id: decided.candidate.id, reason: reason)
    }
  }
}

extension EnsembleManifest {
  /// Such as "3 members, 1.20 G MACs an image".
  package var summary: String {
    let cost = NumberFormat.scaled(multiplyAccumulates)
    let whole = "\(members.count.counted("member")), \(cost) MACs an image"
    guard cascade != nil, let expectedMultiplyAccumulates else { return whole }
    let expected = NumberFormat.scaled(Int(expectedMultiplyAccumulates.rounded()))
    return "\(whole) through all, \(expected) expected"
  }
}
