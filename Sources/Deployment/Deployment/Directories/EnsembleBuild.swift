import Ensembles
import Files
import Formatting
import Inference
import Predictions

extension ModelSelection {
  /// Writes the members as the ensemble directory at `path`, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: Where nothing is yet.
  ///   - rule: How they are combined where no decision says it; as the ensemble that they are has it where nil.
  ///   - decided: The candidate that they are, of the decision at `decision`.
  ///   - labels: The classes' names; as the members have them where nil.
  /// - Returns: The ensemble, and what is not known of it.
  /// - Throws: `DeploymentError.unfitCandidate` where the decision's candidate is no ensemble, `InferenceError`, or
  ///   `FileError` where it cannot be written.
  package func write(
    to path: String, rule: CombinationRule? = nil,
    decided: (candidate: DecidedCandidate, decision: String)? = nil, labels: [String]? = nil
  ) throws -> (ensemble: EnsembleDirectory, notes: [Note]) {
    let combination = decided?.candidate.combination ?? self.combination(rule: rule)
    // What was seen of an ensemble goes with it, and with nothing else.
    let manifest = combination == self.manifest?.combination ? self.manifest : nil
    let (service, notes) = expectedService(
      of: combination, known: decided?.candidate.expectedService ?? manifest?.expectedService,
      isDecided: decided != nil, path: path)
    do {
      let ensemble = try EnsembleDirectory.write(
        to: path, members: zip(members, files).map { ($0, $1) }, labels: labels,
        combination: combination,
        expectedMultiplyAccumulates: decided?.candidate.expectedMultiplyAccumulates
          ?? manifest?.expectedMultiplyAccumulates,
        exitFractions: decided?.candidate.exitFractions ?? manifest?.exitFractions,
        expectedService: service,
        errorCosts: decided == nil ? manifest?.errorCosts : decided?.candidate.errorCosts,
        answerLimits: decided?.candidate.answerLimits ?? manifest?.answerLimits)
      return (ensemble, notes)
    } catch InferenceError.notAnEnsemble(_, let reason) {
      guard let decided else {
        throw InferenceError.notAnEnsemble(path: path, reason: reason)
      }
      throw DeploymentError.unfitCandidate(
        path: decided.decision, id: decided.candidate.id, reason: reason)
    }
  }
}

// MARK: - What it is worth

extension ModelSelection {
  /// What the members are worth together on the hold-out, where that is known or can be measured.
  ///
  /// - Parameters:
  ///   - known: By a decision, or the ensemble that they were.
  ///   - isDecided: Whether a decision says what is built: it knows this of the candidate to deploy alone.
  ///   - path: Where they are built, for the notes.
  private func expectedService(
    of combination: Combination, known: ExpectedService?, isDecided: Bool, path: String
  ) -> (ExpectedService?, [Note]) {
    if let known { return (known.costed(by: members), []) }
    let missing = zip(members, holdOutFiles).filter { $0.1 == nil }.map(\.0.name)
    guard missing.isEmpty else {
      let names = DeploymentError.listing(missing)
      return (
        nil,
        [Self.unknownService(path, "there are no hold-out predictions of \(names)", isDecided)]
      )
    }
    do {
      let holdOut = try zip(members, holdOutFiles).compactMap { member, file in
        try file?.predictions(as: member.name)
      }
      return (try ExpectedService(of: combination, holdOut: holdOut).costed(by: members), [])
    } catch {
      return (nil, [Self.unknownService(path, "\(error)", isDecided)])
    }
  }

  private static func unknownService(_ path: String, _ reason: String, _ isDecided: Bool) -> Note {
    Note(
      source: path,
      text:
        "what it is worth, also with a member lost, is not known: \(reason); "
        + (isDecided
          ? "the decision says it of what it deploys alone (without --candidate)"
          : "build it with the --decision of `consort report`")
        + ", or of runs that have a \"holdOut\"")
  }
}

extension ExpectedService {
  /// The same where members cost what is counted in their files, which a list of predictions may have said otherwise.
  fileprivate func costed(by members: [EnsembleMember]) -> ExpectedService {
    var result = self
    for place in reductions.indices where reductions[place].combination.cascade == nil {
      let left = members.filter { !reductions[place].missing.contains($0.name) }
      result.reductions[place].multiplyAccumulates = left.reduce(0) {
        $0 + Double($1.multiplyAccumulates)
      }
    }
    return result
  }
}

extension EnsembleManifest {
  /// Such as "3 members, 1.20 G MACs an image".
  package var summary: String {
    let cost = NumberFormat.scaled(multiplyAccumulates)
    let decides = errorCosts == nil ? "" : ", labels by what errors cost"
    let whole = "\(members.count.counted("member")), \(cost) MACs an image\(decides)"
    guard cascade != nil, let expectedMultiplyAccumulates else { return whole }
    let expected = NumberFormat.scaled(Int(expectedMultiplyAccumulates.rounded()))
    return "\(whole) through all, \(expected) expected"
  }
}
