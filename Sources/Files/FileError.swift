/// A file that cannot be read or written, with the system's reason.
public enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be opened, mapped or read.
  case cannotRead(path: String, reason: String)
  /// The file cannot be created, written, synced or renamed. What was there before is unchanged.
  case cannotWrite(path: String, reason: String)
  /// The directory cannot be created.
  case cannotCreateDirectory(path: String, reason: String)

  /// One sentence naming the path, the reason and the mend.
  public var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "cannot read '\(path)': \(reason); check the path and its permissions, then run the command again"
    case .cannotWrite(let path, let reason):
      "cannot write '\(path)': \(reason); make space or permit writing, then run the command again"
    case .cannotCreateDirectory(let path, let reason):
      "cannot create the directory '\(path)': \(reason); choose a place that you may write to"
    }
  }
}
