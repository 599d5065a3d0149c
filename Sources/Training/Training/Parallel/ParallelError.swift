import Files

/// What keeps several processes from training a member together.
public enum ParallelError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// A variable of the launcher is missing.
  case missingVariable(name: String, beside: String)
  /// A variable or an option makes no sense.
  case unusableValue(name: String, value: String, reason: String)
  /// The host at which the processes are to meet has no address here.
  case unresolvableHost(host: String, name: String, reason: String)
  /// The port at which the first process is to be found belongs to another program.
  case portInUse(port: Int, name: String)
  /// Nobody answers where the processes are to meet.
  case unreachable(host: String, port: Int, reason: String)
  /// A process has another experiment, other images or another version.
  case otherWork(rank: Int, what: String)
  /// Two processes have the same number.
  case sameRank(Int)
  /// These processes have not come in time.
  case missing([Int], of: Int, seconds: Int)
  /// There are more processes than a batch has shards.
  case tooManyProcesses(Int, shards: Int)
  /// Members would be trained side by side.
  case severalJobs
  /// Another process ended, or cannot be reached any more.
  case processLost(reason: String)
  /// The first process, which writes, could not go on.
  case firstFailed(reason: String)
  /// A worker beside this group has the member now.
  case memberTaken(String)
  /// A process is at another step.
  case outOfStep(rank: Int)

  /// Another process may be there when the command is run again.
  public var exitStatus: ExitStatus {
    switch self {
    case .processLost, .unreachable, .missing, .portInUse, .outOfStep, .memberTaken: .transient
    default: .failed
    }
  }

  /// One sentence naming the variable or process, and the fix.
  public var description: String {
    switch self {
    case .missingVariable(let name, let beside):
      "\(beside) is set and \(name) is not: start with torchrun, which sets both, or give --rendezvous HOST:PORT --rank R "
        + "--world-size N, or unset \(beside) to train in one process"
    case .unusableValue(let name, let value, let reason): "\(name) is '\(value)': \(reason)"
    case .unresolvableHost(let host, let name, let reason):
      "\(name) is '\(host)', which has no address on this host (\(reason)): give the address of the first process's host with "
        + "--rendezvous HOST:PORT, or to torchrun with --master-addr"
    case .portInUse(let port, let name):
      "port \(port) is in use on this host, which was to be the first process's: give another \(name)"
    case .unreachable(let host, let port, let reason):
      "the first process does not answer at \(host):\(port) (\(reason)): see that it runs, and that its port can be reached "
        + "from this host"
    case .otherWork(let rank, let what):
      "process \(rank) has \(what) than process 0: give all the same files and the same version"
    case .sameRank(let rank):
      "two processes have the number \(rank) (RANK, or --rank): give each its own, from 0"
    case .missing(let ranks, let size, let seconds):
      "of \(size) processes \(ranks.map(String.init).joined(separator: ", ")) did not come within \(seconds) s: start them, with "
        + "this number of processes and this meeting place"
    case .tooManyProcesses(let count, let shards):
      "\(count) processes are more than the \(shards) shards of a batch with recipe.reproducible: start \(shards) at most, or "
        + "leave the key out"
    case .severalJobs:
      "--jobs trains members side by side, and these processes train one member together: leave it out"
    case .processLost(let reason):
      "another process ended or is out of reach (\(reason)); run the command again in all of them, which goes on from the "
        + "last checkpoint"
    case .firstFailed(let reason): "process 0 could not go on: \(reason)"
    case .memberTaken(let name):
      "another worker went on with '\(name)' while these processes were not seen: run the command again in all of them"
    case .outOfStep(let rank):
      "process \(rank) is at another step: end all processes, and start them again"
    }
  }
}
