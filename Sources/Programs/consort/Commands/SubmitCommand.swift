import CommandLine
import Files
import Formatting
import Leases
import Processes
import Runs
import Submission

/// `consort submit`: trainings on clusters.
let submitCommand = Command(
  name: "submit",
  summary: "Write the job that trains an experiment on a cluster, and submit it.",
  discussion: """
    Each worker of the job is `consort train` on one run directory, which all of them reach: they share the members out, and
    take over those of a worker that is lost. The result is the same as that of one machine.
    """,
  subcommands: [submitSlurmCommand, submitKubernetesCommand])

private let submitSlurmCommand = Command(
  name: "slurm",
  summary: "Write a batch script for Slurm: an array of workers.",
  operands: [experimentOperand],
  options: commonOptions + [
    CommandOption(
      "--time", "HH:MM:SS",
      help:
        "What each worker may take (default: the partition's limit); it is then put back and goes on."
    ),
    CommandOption("--partition", "NAME", help: "Slurm's partition."),
    CommandOption("--account", "NAME", help: "Slurm's account."),
    CommandOption("--qos", "NAME", help: "Slurm's quality of service."),
    CommandOption("--constraint", "FEATURES", help: "Features that nodes must have."),
    CommandOption(
      "--program", "PATH", help: "`consort` on the nodes (default: the path of this one)."),
  ] + WorkerCommands.submittedOptions,
  discussion: """
    Two minutes before its time is over, or when it is preempted, a worker saves what it has and goes back into the queue.
    Paths are taken from the directory in which the script is written, which all nodes have to see; logs go there too. The run
    directory is made, with a token in it: a node that has another directory there ends at once.
    """,
  examples: [
    "consort submit slurm Experiments/cifar10-quick.json --data ~/cifar10 --workers 8 --gpus-per-worker 1 --time 04:00:00",
    "sbatch cifar10-quick.slurm",
  ],
  run: { arguments in
    try withoutMisuse {
      var job = try job(arguments) { arguments.directory("--out") ?? "runs/\($0.name)" }
      // By it each node knows whether its path leads to the same directory.
      try job.add(options: ["--run-token", RunToken.create(in: job.out)])
      var placement = SlurmScript.Placement()
      placement.partition = arguments.string("--partition")
      placement.account = arguments.string("--account")
      placement.qos = arguments.string("--qos")
      placement.constraint = arguments.string("--constraint")
      let script = try SlurmScript(
        job, time: timeLimit(arguments), placement: placement,
        program: arguments.string("--program") ?? Executable.path() ?? "consort",
        directory: Directory.current())
      if let data = job.data, !Directory.exists(data) {
        Terminal.writeNotes(["'\(data)' is not on this machine: nodes have to see it"])
      }
      try finish(
        WrittenJob(
          job: job, text: script.text, extension: "slurm", placeholders: [], cluster: "Slurm",
          submission: SlurmScript.submission(of:)), arguments)
    }
  })

private let submitKubernetesCommand = Command(
  name: "kubernetes",
  summary: "Write a manifest for Kubernetes: an Indexed Job of workers.",
  operands: [experimentOperand],
  options: commonOptions + [
    CommandOption(
      "--image", "IMAGE", help: "The container's image, with consort and consort-train."),
    CommandOption(
      "--claim", "NAME",
      help: "The PersistentVolumeClaim that all workers share (default: consort-shared)."),
    CommandOption("--mount", "PATH", help: "Where pods see it (default: /shared)."),
    CommandOption("--namespace", "NAME", help: "The namespace (default: that of kubectl)."),
    CommandOption("--time", "HH:MM:SS", help: "What the whole Job may take (default: no limit)."),
  ] + WorkerCommands.submittedOptions,
  discussion: """
    The experiment goes into the manifest, with the networks that it names; --data and --out are paths as pods see them,
    within --mount. Pods that are drained, preempted or stopped with all saved are replaced without being counted; errors
    that may be over are tried again three times for each worker; bad files and arguments are not.
    """,
  examples: [
    "consort submit kubernetes Experiments/cifar10-quick.json --data /shared/cifar10 --workers 8 "
      + "--image registry.example/consort-train:1",
    "kubectl apply -f cifar10-quick.yaml",
  ],
  run: { arguments in
    try withoutMisuse {
      var cluster = KubernetesJob.Cluster()
      cluster.image = arguments.string("--image")
      cluster.claim = arguments.string("--claim") ?? cluster.claim
      cluster.mount = arguments.directory("--mount") ?? cluster.mount
      cluster.namespace = arguments.string("--namespace")
      guard !arguments.isSet("--submit") || cluster.image != nil else {
        throw UsageError("--submit needs --image: nothing runs without it")
      }
      let job = try job(arguments) {
        arguments.directory("--out") ?? "\(cluster.mount)/runs/\($0.name)"
      }
      let manifest = try KubernetesJob(job, time: timeLimit(arguments), cluster: cluster)
      try finish(
        WrittenJob(
          job: job, text: manifest.yaml, extension: "yaml", placeholders: manifest.placeholders,
          cluster: "Kubernetes", submission: KubernetesJob.submission(of:)), arguments)
    }
  })

private let experimentOperand = Operand(
  "EXPERIMENT", help: "An experiment file, such as Experiments/cifar10-quick.json.")

private let commonOptions = [
  CommandOption(
    "--data", "DIR", help: "The images, as for `consort train`, where the workers see them."),
  CommandOption(
    "--out", "DIR", help: "The run directory, which all workers share (default: runs/NAME)."),
  CommandOption(
    "--workers", "N",
    help:
      "Workers side by side (default: one for each member, \(TrainingJob.usualWorkers) at most)."),
  CommandOption("--gpus-per-worker", "N", help: "GPUs of each worker (default: 0)."),
  CommandOption("--cpus-per-worker", "N", help: "Processors of each worker (default: 4)."),
  CommandOption(
    "--memory", "GIB", help: "Of each worker, in GiB (default: Slurm's own, and 4 in Kubernetes)."),
  CommandOption("--name", "NAME", help: "What the cluster calls it (default: the experiment's)."),
  CommandOption(
    "--file", "FILE",
    help: "Where it is written; - is standard output (default: NAME.slurm or NAME.yaml)."),
  CommandOption("--submit", help: "Submit it too: by sbatch, or by kubectl."),
]

private func job(
  _ arguments: ParsedArguments, out: (Experiment) -> String
) throws -> TrainingJob {
  let file = arguments.operand(0) ?? ""
  let job = try TrainingJob(
    file: file, name: arguments.string("--name"), data: arguments.directory("--data"), out: out,
    workers: arguments.integer("--workers"),
    options: arguments.words(of: WorkerCommands.submittedOptions),
    resources: WorkerResources(
      gpus: arguments.integer("--gpus-per-worker") ?? 0,
      cpus: arguments.integer("--cpus-per-worker") ?? 4, memory: arguments.integer("--memory")))
  guard (job.data == nil) == (job.experiment.data.procedural != nil) else {
    throw UsageError(
      job.data == nil
        ? "--data DIR is missing: the images of '\(file)'"
        : "'\(file)' draws its own images: leave --data out")
  }
  return job
}

private func timeLimit(_ arguments: ParsedArguments) throws -> TimeLimit? {
  try arguments.string("--time").map { try TimeLimit($0) }
}

/// What makes no sense is the caller's, and said so.
private func withoutMisuse(_ work: () throws -> Void) throws {
  do { try work() } catch let error as SubmissionError where error.isMisuse {
    throw UsageError("\(error)")
  }
}

/// A job, as a file says it.
private struct WrittenJob {
  let job: TrainingJob
  let text, `extension`: String
  let placeholders: [String]
  let cluster: String
  let submission: (String) -> [String]
}

private func finish(_ written: WrittenJob, _ arguments: ParsedArguments) throws {
  let submits = arguments.isSet("--submit")
  let file = try arguments.outputFile("--file") ?? "\(written.job.name).\(written.extension)"
  try arguments.checkOutputFile(file, option: "--file")
  Terminal.writeNotes(written.job.note.map { [$0] } ?? [])
  if DurableFile.isStandardOutput(file) {
    guard !submits else { throw UsageError("--submit needs a file: give --file another one") }
    return try DurableFile.write(written.text, to: file)
  }
  try DurableFile.write(written.text, to: file)
  print(
    "\(Terminal.printable(file))  \(written.job.workers.counted("worker")) for \(written.cluster)")
  for placeholder in written.placeholders { print("fill in \(placeholder)") }
  let command = written.submission(file)
  guard submits else { return print("next: " + Shell.line(command)) }
  try Scheduler.submit(file, by: command, to: written.cluster)
  print("next: " + Shell.line(["consort", "status", Shell.operand(written.job.out)]))
}
