/// How a program ends, so that a script, Slurm or Kubernetes knows what to do next.
///
/// The values stand here alone: help, scripts and manifests take them from here.
public enum ExitStatus: Int32, CaseIterable, Sendable {
  /// All that was asked for is done.
  case done = 0
  /// Something is wrong with a file, the data or the configuration.
  case failed = 1
  /// The arguments make no sense.
  case misuse = 2
  /// Members stopped by themselves; all others are trained.
  case membersFailed = 3
  /// What failed may be over when the command is run again. Source: `EX_TEMPFAIL` of sysexits.h.
  case transient = 75
  /// A signal asked to stop, and all is saved. Source: HTCondor's usual `checkpoint_exit_code`.
  case stopped = 85

  /// What it says, and what to do, in one line of help.
  public var meaning: String {
    switch self {
    case .done: "All that was asked for is done."
    case .failed: "An error in files, data or the configuration, which the message says how to fix."
    case .misuse: "Arguments that make no sense."
    case .membersFailed:
      "Members stopped because their loss was not finite, and all others are trained."
    case .transient:
      "A disk, the memory, a device, a network or another process was in the way: run the same command again."
    case .stopped:
      "Stopped by SIGINT, SIGTERM, SIGUSR1 or SIGHUP, and all is saved: the same command goes on."
    }
  }

  /// One sentence a status, for the help of a command that ends in these.
  public static func help(_ statuses: [ExitStatus]) -> String {
    "Exit status: "
      + statuses.map { status in
        // Within a sentence, it begins and ends like a part of one.
        "\(status.rawValue): \(status.meaning.prefix(1).lowercased())\(status.meaning.dropFirst().dropLast())"
      }.joined(separator: "; ") + "."
  }
}

/// An error that says itself with which status the program ends.
public protocol ExitStatusError: Error {
  /// Neither `.done`, nor `.misuse`, which comes with a hint at the help.
  var exitStatus: ExitStatus { get }
}

extension FileError: ExitStatusError {
  /// Whether it may be over when the command is run again.
  public var exitStatus: ExitStatus { SystemReason.isTransient(reason) ? .transient : .failed }
}
