import Files

/// A job for a cluster that cannot be written or submitted.
package enum SubmissionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A text cannot stand in a script or a manifest.
  case unfitText(option: String, text: String, expected: String)
  /// A number is out of its range.
  case outOfRange(option: String, range: ClosedRange<Int>)
  /// A path is not within the directory that all pods share.
  case notShared(option: String, path: String, mount: String)
  /// The experiment does not fit into a manifest.
  case experimentTooLarge(file: String, bytes: Int)
  /// The program that takes jobs cannot be started.
  case noScheduler(program: String, cluster: String, file: String, reason: String)
  /// The program that takes jobs refused this one, and has said why.
  case refused(program: String, file: String, status: Int32)

  /// Whether the caller asked for what makes no sense.
  package var isMisuse: Bool {
    switch self {
    case .unfitText, .outOfRange, .notShared: true
    default: false
    }
  }

  /// One sentence: what is wrong, and the fix.
  package var description: String {
    switch self {
    case .unfitText(let option, let text, let expected):
      "\(option) '\(SystemPath.readable(text))' cannot stand in a job: it takes \(expected)"
    case .outOfRange(let option, let range):
      "\(option) is from \(range.lowerBound) to \(range.upperBound)"
    case .notShared(let option, let path, let mount):
      "\(option) '\(path)' is not in '\(mount)', where pods see the claim: name a path there, or another --mount"
    case .experimentTooLarge(let file, let bytes):
      "'\(file)' and its networks take \(bytes) bytes, more than a ConfigMap holds: name networks in place of their data"
    case .noScheduler(let program, let cluster, let file, let reason):
      "cannot start '\(program)' (\(reason)): submit '\(file)' with it from a machine that reaches \(cluster)"
    case .refused(let program, let file, let status):
      "'\(program)' did not take '\(file)' (status \(status)): change what it says above, or the file"
    }
  }
}
