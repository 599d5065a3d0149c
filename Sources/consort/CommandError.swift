/// What keeps a command from its work.
enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that trains cannot be started.
  case trainerUnusable(path: String, reason: String)
  /// The file is no description of a network.
  case invalidNetworkFile(path: String, reason: String)
  /// The directory is no run directory.
  case notARun(path: String, reason: String)
  /// The run's experiment keeps no images apart.
  case noHoldOut(path: String)
  /// Members of the run have no predictions yet.
  case missingPredictions(path: String, split: String, members: [String], total: Int)

  /// One sentence naming the file, what is wrong and the mend.
  var description: String {
    switch self {
    case .trainerUnusable(let path, let reason):
      "cannot start '\(path)', which trains: \(reason); build it with `make build`"
    case .invalidNetworkFile(let path, let reason):
      "'\(path)' describes no network: \(reason); `consort train` writes such a file for each member"
    case .notARun(let path, let reason):
      "'\(path)' is no run directory: \(reason); name one that `consort train` wrote, such as runs/NAME"
    case .noHoldOut(let path):
      "the experiment of '\(path)' holds no images out; give its data a \"holdOut\" and train again"
    case .missingPredictions(let path, let split, let members, let total):
      "\(members.count) of \(total) members in '\(path)' lack predictions on \(split) images "
        + "(\(Self.listing(members))); "
        + "run `consort train` without --members, or with these"
    }
  }

  private static func listing(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
