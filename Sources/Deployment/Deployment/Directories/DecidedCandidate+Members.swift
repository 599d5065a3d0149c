import Files
import Formatting
import Predictions

extension DecidedCandidate {
  /// Checks that the members at `positions` are those that the decision was made of, as far as they say.
  ///
  /// A run holds its members' predictions, whose SHA-256 the decision names. Other models have a name and a cost alone.
  ///
  /// - Returns: What could not be checked, or differs and may be right.
  /// - Throws: `DeploymentError.otherMember` where a run's member predicts otherwise.
  func check(_ sources: [ModelSource], at positions: [MemberPosition]) throws -> [Note] {
    guard let identities else {
      return [
        Note(
          source: source,
          text:
            "does not say what its members predict (an earlier version wrote it): they are told by their names alone"
        )
      ]
    }
    var notes: [Note] = []
    for (name, position) in zip(members, positions) {
      guard let identity = identities.first(where: { $0.name == name }) else {
        throw DeploymentError.invalidDecision(
          path: self.source, reason: "its \"members\" lack '\(name)', of which it has a candidate")
      }
      let source = sources[position.source]
      if case .run(let members) = source.content,
        try checkPredictions(of: members[position.member], source.path, identity)
      {
        continue
      }
      notes.append(Note(source: source.path, text: try Self.doubt(source, position, identity)))
    }
    return notes
  }

  /// - Returns: Whether the member has predictions, which are then those of the decision.
  private func checkPredictions(
    of member: TrainedMember, _ path: String, _ identity: MemberIdentity
  ) throws -> Bool {
    var isKnown = false
    for (split, hash) in [
      (SplitName.holdOut, identity.holdOutSHA256), (SplitName.test, identity.testSHA256),
    ] {
      let file = member.directory.predictionsPath(split: split)
      guard Directory.exists(file) else { continue }
      guard try Predictions(path: file).contentSHA256() == hash else {
        throw DeploymentError.otherMember(
          path: source, member: identity.name, source: path, split: split)
      }
      isKnown = true
    }
    return isKnown
  }

  /// What a model's cost says of whether it is the decision's member.
  private static func doubt(
    _ source: ModelSource, _ position: MemberPosition, _ identity: MemberIdentity
  ) throws -> String {
    let cost = try source.cost(at: position.member)
    guard cost.multiplyAccumulates == identity.multiplyAccumulates,
      cost.parameters == identity.parameters
    else {
      return
        "costs \(cost.multiplyAccumulates.grouped) MACs and \(cost.parameters.grouped) parameters where the "
        + "decision counts \(identity.multiplyAccumulates.grouped) and \(identity.parameters.grouped) for "
        + "'\(identity.name)': is it the same model?"
    }
    return
      "has no predictions to compare: taken for the decision's member by its name and cost alone"
  }
}

extension ModelSource {
  /// Of the member at `index`, for one image.
  fileprivate func cost(at index: Int) throws -> (multiplyAccumulates: Int, parameters: Int) {
    switch content {
    case .file(let member, _):
      return (member.multiplyAccumulates, member.parameters)
    case .ensemble(let ensemble):
      let member = ensemble.manifest.members[index]
      return (member.multiplyAccumulates, member.parameters)
    case .run(let members):
      let cost = members[index].network.totals
      return (cost.multiplyAccumulates, cost.parameters)
    }
  }
}
