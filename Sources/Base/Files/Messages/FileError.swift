#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that cannot be read or written, with the system's reason.
public enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be opened, mapped or read.
  case cannotRead(path: String, reason: String)
  /// The file cannot be created, written, synced or renamed. What was there before is unchanged.
  case cannotWrite(path: String, reason: String)
  /// The directory cannot be created.
  case cannotCreateDirectory(path: String, reason: String)
  /// What the file holds takes more memory than this process may take.
  case tooLarge(path: String, Memory.Shortage)

  /// The system's reason, or another's.
  public var reason: String {
    switch self {
    case .cannotRead(_, let reason), .cannotWrite(_, let reason),
      .cannotCreateDirectory(_, let reason):
      reason
    case .tooLarge(_, let shortage): "its content \(shortage)"
    }
  }

  /// One sentence naming the path, the reason and the fix.
  public var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "cannot read '\(path)': \(reason); "
        + (SystemReason.advice(for: reason)
          ?? "check the path and its permissions, then run the command again")
    case .cannotWrite(let path, let reason):
      "cannot write '\(path)': \(reason); "
        + (SystemReason.advice(for: reason)
          ?? (reason == systemErrorReason(ENOENT)
            ? "make the directory that it lies in, or name another place"
            : "permit writing there, or name another place"))
    case .cannotCreateDirectory(let path, let reason):
      "cannot create the directory '\(path)': \(reason); "
        + (SystemReason.advice(for: reason) ?? "choose a place that you may write to")
    case .tooLarge(let path, let shortage):
      "'\(path)' is too large: \(reason); raise the limit on memory, as with `ulimit -v`, or give a smaller file: about "
        + "\(shortage.fitting(of: 100)) % of it fits"
    }
  }
}
