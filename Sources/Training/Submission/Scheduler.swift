import Processes

/// The programs that take jobs.
package enum Scheduler {
  /// Hands the file at `path` over by `command`, whose words go to this process's own output.
  ///
  /// - Parameter cluster: What it reaches, for errors.
  /// - Throws: `SubmissionError.noScheduler` or `.refused`.
  package static func submit(
    _ path: String, by command: [String], to cluster: String
  ) throws(SubmissionError) {
    let outcome: Subprocess.Outcome
    do {
      outcome = try Subprocess.run(command, catchesErrorText: false, sharesOutput: true)
    } catch {
      throw .noScheduler(
        program: command[0], cluster: cluster, file: path, reason: error.reason)
    }
    guard outcome.status == 0 else {
      throw .refused(program: command[0], file: path, status: outcome.status)
    }
  }
}
