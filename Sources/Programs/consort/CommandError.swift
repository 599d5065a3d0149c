import Deployment
import Files

/// What keeps a command from its work.
enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that trains cannot be started.
  case trainerUnusable(path: String, reason: String)
  /// The memory that may be taken does not suffice for the program that trains.
  case trainerTooLarge(Memory.Shortage)
  /// The directory is no run directory.
  case notARun(path: String, reason: String)
  /// Members of the run have no predictions yet.
  case missingPredictions(path: String, split: String, members: [String], total: Int)

  /// One sentence naming the file, what is wrong and the fix.
  var description: String {
    switch self {
    case .trainerTooLarge(let shortage):
      "training \(shortage), networks not counted: free memory, or raise the limit on it (`ulimit -v`)"
    case .trainerUnusable(let path, let reason):
      "cannot start '\(path)', which trains: \(reason); build it with `make build`"
    case .notARun(let path, let reason):
      "'\(path)' is no run directory: \(reason); name one that `consort train` wrote, such as runs/NAME"
    case .missingPredictions(let path, let split, let members, let total):
      "\(members.count) of \(total) members in '\(path)' lack predictions on \(split) images "
        + "(\(DeploymentError.listing(members))); "
        + "run `consort train` without --members, or with these"
    }
  }
}
