import Files

/// A batch script for Slurm: an array of workers.
///
/// Source: sbatch(1) and scontrol(1) of Slurm 22.05.
package struct SlurmScript: Sendable {
  private let job: TrainingJob
  private let time: TimeLimit?
  private let placement: Placement
  private let program, directory: String

  /// Where Slurm lets it run.
  package struct Placement: Hashable, Sendable {
    /// As `sbatch` has them; Slurm's own choice where nil.
    package var partition, account, qos, constraint: String?

    /// Leaves all to Slurm.
    package init() {}

    var options: [(name: String, value: String)] {
      [
        ("--partition", partition), ("--account", account), ("--qos", qos),
        ("--constraint", constraint),
      ].compactMap { name, value in value.map { (name, $0) } }
    }
  }

  /// Describes the script.
  ///
  /// - Parameters:
  ///   - time: What each task may take; the partition's own limit where nil.
  ///   - program: `consort`, as nodes find it.
  ///   - directory: Where the workers work, and their logs go: an absolute path that all nodes see.
  /// - Throws: `SubmissionError.unfitText`.
  package init(
    _ job: TrainingJob, time: TimeLimit?, placement: Placement, program: String, directory: String
  ) throws(SubmissionError) {
    (self.job, self.time, self.placement) = (job, time, placement)
    (self.program, self.directory) = (program, directory)
    try PlainText.check(program, "--program")
    try PlainText.check(directory, "the working directory")
    for (name, value) in placement.options { try PlainText.check(value, name) }
  }

  /// What has to be done to submit the file at `path`.
  package static func submission(of path: String) -> [String] { ["sbatch", Shell.operand(path)] }

  /// How long before the limit Slurm says so; it may be up to a minute earlier.
  private static let noticeSeconds = 120
  /// A training that gets nowhere is not put back for ever.
  private static let mostRestarts = 100

  /// The script.
  package var text: String { heading + directives + work }

  private var heading: String {
    """
    #!/bin/bash
    # Written by `consort submit slurm`: \(job.workers == 1 ? "1 worker trains" : "\(job.workers) workers train") \(job.experiment.allMembers.count) members into '\(job.out)'.
    # Edit it as you like: lines that begin with #SBATCH are options of sbatch. All nodes have to see the same directories.


    """
  }

  private var directives: String {
    let gpus = job.resources.gpus
    let lines: [(comment: String?, options: [String?])] = [
      (
        nil,
        [
          "--job-name=\(job.name)", "--chdir=\(directory)", "--array=0-\(job.workers - 1)",
          "--nodes=1", "--ntasks=1", "--cpus-per-task=\(job.resources.cpus)",
          gpus > 0 ? "--gres=gpu:\(gpus)" : nil, job.resources.memory.map { "--mem=\($0)G" },
          time.map { "--time=\($0.text)" },
        ] + placement.options.map { "\($0.name)=\($0.value)" }
      ),
      (
        "A worker whose node is lost, or that another job preempts, goes back into the queue, and on in the same log.",
        ["--requeue", "--open-mode=append", "--output=\(job.name)-%A_%a.log"]
      ),
      (
        "Two minutes before the time limit this shell, and it alone (B:), is sent SIGUSR1: time enough to save.",
        ["--signal=B:USR1@\(Self.noticeSeconds)"]
      ),
    ]
    return lines.map { comment, options in
      (comment.map { "# \($0)\n" } ?? "")
        + options.compactMap { $0 }.map { "#SBATCH \($0)\n" }.joined()
    }.joined()
  }

  private var work: String {
    let stopped = ExitStatus.stopped.rawValue
    return """

      worker='' signal='' repeat=''
      pass_on() {
        signal=$1 repeat=1
        [ -z "$worker" ] || kill -s "$1" "$worker" 2>/dev/null
      }
      trap 'pass_on USR1' USR1
      trap 'pass_on TERM' TERM

      # In the background, because a shell hears of signals only while it waits, not while a program runs in front of it.
      \(Shell.line([program] + job.arguments(experiment: job.file))) &
      worker=$!

      # A signal ends `wait` before the worker has ended: wait again.
      repeat=1
      while [ -n "$repeat" ]; do
        repeat=''
        wait "$worker"
        status=$?
      done

      # What the statuses mean: consort help. \(stopped) is stopped with all saved; 138 is SIGUSR1 before there was anything to save.
      # After SIGTERM it is not put back: Slurm itself does so after a preemption, and nobody should after scancel.
      if [ "$signal" = USR1 ] && { [ "$status" -eq \(stopped) ] || [ "$status" -eq 138 ]; }; then
        if [ "${SLURM_RESTART_COUNT:-0}" -lt \(Self.mostRestarts) ]; then
          echo "time is over: what is trained is saved, and this task goes back into the queue"
          scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
        else
          echo "time is over after \(Self.mostRestarts) restarts: give each more --time" >&2
        fi
      fi
      exit "$status"

      """
  }
}
