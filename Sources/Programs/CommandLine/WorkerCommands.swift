import Files

/// The commands that `consort-train` carries out, and `consort` shows and starts it for.
package enum WorkerCommands {
  /// The main job on embedded data.
  package static let demo = Command(
    name: "demo",
    summary: "Train a few small networks on embedded images and report their ensembles.",
    options: trainingOptions,
    discussion: """
      Draws ten classes of small synthetic images, trains Wide ResNets of three widths on them, several of each, and
      writes the page that says what to deploy of them, as `consort report` does. Needs no data and no network; takes a few
      minutes on two cores. The images are made by code and say nothing about photographs.
      """,
    examples: ["consort demo"])

  /// Trains an experiment's members.
  package static let train = Command(
    name: "train", summary: "Train the members of an experiment.",
    operands: [
      Operand("EXPERIMENT", help: "An experiment file, such as Experiments/cifar10-quick.json.")
    ],
    options: trainingOptions + [dataOption] + parallelOptions,
    discussion: """
      Trains every member from its own random start, evaluates it on the hold-out after each epoch and on the test images
      once, at the end. Run the same command again after an interruption: it goes on from the last checkpoint.

      Start the same command several times, also on several machines that share the run's directory, and they share the members
      out: each is trained by one of them, and what a lost one had goes on elsewhere, to the same bits.

      More members or more epochs in the experiment are added to its run. Members that cannot go on to the same result as
      a longer training from the start are trained again with --retrain, beside those that are there, whose place they take.

      Started by torchrun, or as the tasks of a Slurm step, the processes train each member together; the first one writes
      the run, and any number of them goes on with it.

      SIGINT, SIGTERM, SIGUSR1 and SIGHUP stop it at the next step, with a checkpoint; a second one at once.

      \(ExitStatus.help(ExitStatus.allCases))
      """,
    examples: [
      "consort train Experiments/cifar10-quick.json --data ~/cifar10",
      "torchrun --no-python --nproc-per-node 2 consort train large.json --data ~/cifar10",
    ])

  /// Trains the same members on several numbers of images.
  package static let study = Command(
    name: "study",
    summary: "Train the same members on more and more images: when do several beat a large one?",
    operands: [Operand("STUDY", help: "A study file, such as Experiments/claim.json.")],
    options: [
      CommandOption("--out", "DIR", help: "The study's directory (default: runs/NAME)."),
      dataOption,
      CommandOption(
        "--record", "DIR",
        help:
          "Keep what is needed for the report there, in little space: predictions, not weights. Members that are on record are "
          + "not trained again, also where their weights are gone."),
      CommandOption(
        "--no-training", help: "Bring the record up to date and write the report; train nothing."),
    ] + memberOptions + sharingOptions + workerOptions,
    discussion: """
      A study is an experiment with several numbers of training images, each a run of its own, runs/NAME/SIZE, on which every other
      command works. They are trained one after another, the smallest first, as `consort train` does; what is said of that holds for
      all: run the same command again after an interruption, start it on several machines, add members, sizes, seeds, epochs.

      With --record, predictions of complete members are kept there at half precision, a file of some 200 KB for 10,000 images of ten
      classes, with their training time and accuracy. The record counts as done: its members are not trained again, and have no
      weights any more where the run is gone.

      Then it writes the report, as `consort report runs/NAME` or `consort report RECORD` does at any time: for which number of images and which compute several
      small networks are better than a large one, with intervals over images and trainings.

      \(ExitStatus.help(ExitStatus.allCases))
      """,
    examples: ["consort study Experiments/claim.json --data ~/cifar10"])

  /// Searches architectures for the members of an ensemble.
  package static let search = Command(
    name: "search", summary: "Search architectures for the members of an ensemble.",
    operands: [
      Operand("PLAN", help: "A search plan, such as Experiments/search-cifar10.json.")
    ],
    options: [
      CommandOption("--out", "DIR", help: "The search's directory (default: runs/NAME)."),
      dataOption,
      CommandOption(
        "--latencies", "FILE",
        help:
          "A table that `consort latencies` measured, perhaps on another machine (default: measured on this one, where "
          + "the plan's cost is a latency)."),
    ] + sharingOptions.filter { $0.name != "--no-wait" } + workerOptions + parallelOptions,
    discussion: """
      Finds architectures for each setting of the plan at its cost target: one network; one network repeated; several
      networks together; one after another. Then trains what was found in full, with several seeds, and writes a report.
      Every candidate is costed before it is trained, and judged on held-out training images. Run the same command again
      after an interruption: it goes on where it was, and ends as it would have. Started several times on a directory that
      machines share, one of them leads, as it would alone, and the others train its architectures with it.

      Of a plan whose networks share weights, processes that torchrun or a Slurm step has started train these weights together,
      and then what was found; the first one judges.

      \(ExitStatus.help(ExitStatus.allCases))
      """,
    examples: ["consort search Experiments/search-cifar10.json --data ~/cifar10"])

  /// The options of one of several processes that train each member together.
  private static let parallelOptions = [
    CommandOption(
      "--rendezvous", "HOST:PORT",
      help:
        "Where the processes that train each member together meet: the host of process 0 (default: as torchrun or a Slurm "
        + "step says)."),
    CommandOption("--rank", "R", help: "This process's number among them, from 0."),
    CommandOption("--world-size", "N", help: "How many they are."),
  ]

  private static let dataOption = CommandOption(
    "--data", "DIR",
    help:
      "The images: CIFAR's binary files, train/ and test/ (or val/) with class folders, or tar "
      + "shards train-*.tar and test-*.tar (or val-*.tar).")

  /// The options of every command that trains an experiment.
  private static let trainingOptions =
    [
      CommandOption("--out", "DIR", help: "The run directory (default: runs/NAME)."),
      CommandOption(
        "--members", "NAMES",
        help: "Take only these members, with commas between their names."),
    ] + memberOptions + sharingOptions + workerOptions

  /// How members are trained, whichever they are.
  private static let memberOptions = [
    CommandOption(
      "--checkpoint-every", "N",
      help: "Steps, epochs or minutes, such as 500steps, 1epoch or 5min (default: 1min)."),
    CommandOption(
      "--retrain",
      help:
        "Where the run has fewer epochs than the experiment: train again what cannot go on. What is there is kept until all "
        + "is complete."),
  ]

  /// The options of every command whose work several processes share.
  private static let sharingOptions = [
    CommandOption(
      "--no-wait",
      help: "End where nothing is left to take, in place of waiting for what other workers train."),
    CommandOption(
      "--lease", "SECONDS",
      help:
        "After so long without a sign of life other workers go on with this one's members (default: 180, enough for NFS)."
    ),
    CommandOption(
      "--run-token", "TEXT",
      help:
        "What the file `token` in the run's directory holds: a directory without it is not the one that all workers share."
    ),
    CommandOption(
      "--mixed",
      help:
        "Join workers of another build, processor or number of threads: the last bits of members then depend on who trains them."
    ),
  ]

  /// Those that say how a worker works: what a job for a cluster passes on to each.
  package static let submittedOptions = trainingOptions.filter {
    !["--out", "--members", "--retrain", "--rendezvous", "--rank", "--world-size", "--run-token"]
      .contains($0.name)
  }

  /// The options of every command that uses devices and threads.
  private static let workerOptions = [
    CommandOption(
      "--devices", "NAMES",
      help:
        "cpu, cuda (all GPUs), or some of them, such as cuda:0,cuda:1 (default: as the run began; at first all GPUs of "
        + "the machine where CUDA is installed, else cpu)."),
    CommandOption(
      "--jobs", "N", help: "Members side by side (default: as many as processors allow)."),
    CommandOption(
      "--threads", "N",
      help: "Threads inside one operation (default: as the run began; at first all processors)."),
    CommandOption(
      "--decoders", "N",
      help:
        "Threads that decode images for one member, where an experiment has random resized crops (default: the "
        + "processors over the members side by side)."),
  ]
}

extension ParsedArguments {
  /// After how many seconds without a sign of life other workers go on with this one's work; nil where it is not said.
  package func leaseSeconds() throws -> Int? {
    let seconds = try integer("--lease")
    guard seconds.map((1...86_400).contains) ?? true else {
      throw UsageError("--lease needs 1 to 86400 seconds")
    }
    return seconds
  }
}
