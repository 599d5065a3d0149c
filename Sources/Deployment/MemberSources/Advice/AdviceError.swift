import Deployment

/// Why nothing can be said about what to train next.
package enum AdviceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The run keeps no training images apart.
  case noHoldOut(path: String)
  /// No training is complete.
  case nothingTrained(path: String)
  /// No training has a time on record.
  case noTimes(path: String, networks: [String])
  /// A time is given for a network that no member is of.
  case unknownNetwork(name: String, known: [String])
  /// Several sources, of which one is a run or a study.
  case severalSources(path: String)

  /// One sentence naming the source, what is wrong and the fix.
  package var description: String {
    switch self {
    case .noHoldOut(let path):
      "'\(path)' has no predictions of held-out images, by which alone something may be chosen: train with a \"holdOut\", or "
        + "give the members' predictions of other labelled images, written by `consort predict … --split hold-out --out DIR`"
    case .nothingTrained(let path):
      "'\(path)' has no member that is trained to its end: train one with `consort train`, or wait for it (`consort status` shows "
        + "how far it is)"
    case .noTimes(let path, let networks):
      "'\(path)' does not say how long any training took, so that no step has a cost: say it with --training-time, such as "
        + "--training-time \(networks.first ?? "NETWORK")=25m"
    case .unknownNetwork(let name, let known):
      "--training-time names '\(name)', and no member is of such a network: there are \(DeploymentError.listing(known))"
    case .severalSources(let path):
      "'\(path)' is a run or a study, and stands beside other sources: name it alone, or name predictions files only"
    }
  }
}
