import Files

/// What keeps a command from its work.
enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that trains cannot be started.
  case trainerUnusable(path: String, reason: String)
  /// The memory that may be taken does not suffice for the program that trains.
  case trainerTooLarge(Memory.Shortage)

  /// One sentence naming the file, what is wrong and the fix.
  var description: String {
    switch self {
    case .trainerTooLarge(let shortage):
      "training \(shortage), networks not counted: free memory, or raise the limit on it (`ulimit -v`)"
    case .trainerUnusable(let path, let reason):
      "cannot start '\(path)', which trains: \(reason); build it with `make build`"
    }
  }
}
