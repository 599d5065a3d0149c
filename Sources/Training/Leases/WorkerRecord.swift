import Files

/// Who a worker is: `WORKER.json`, written once.
package struct WorkerRecord: Codable, Hashable, Sendable {
  /// Its name, unique among the workers of the run.
  package var id: String
  /// The host's name and the process's number there.
  package var host: String
  package var process: Int
  /// What tells the machine and its last start from others.
  package var machine: MachineIdentity
  /// When it joined: ISO 8601, UTC, by the clock of its host.
  package var started: String
  /// What its results' bits depend on.
  package var conditions: WorkerConditions
  /// Members that it trains side by side.
  package var jobs: Int
  /// After so many seconds without a sign of life others go on with its members.
  package var leaseSeconds: Int
  /// The scheduler's job that started it; nil where none did.
  package var job: SchedulerJob?

  package init(
    machine: MachineIdentity, started: String, conditions: WorkerConditions, jobs: Int,
    leaseSeconds: Int, job: SchedulerJob?
  ) {
    host = machine.host
    process = MachineIdentity.process
    id = "\(machine.nameOfHost)-\(process)-\(String(UInt32.random(in: 0 ... .max), radix: 16))"
    self.machine = machine
    self.started = started
    self.conditions = conditions
    self.jobs = jobs
    self.leaseSeconds = leaseSeconds
    self.job = job
  }
}

/// What the bits of a worker's results depend on besides the experiment and the images.
package struct WorkerConditions: Codable, Hashable, Sendable {
  /// Versions by name, and a digest of the program.
  package var versions: [String: String]
  /// The processor's name, and those of its instruction sets that libraries choose their kernels by.
  package var processor: String
  package var instructionSets: String
  /// Where the tensors live, and threads inside one operation.
  package var device: String
  package var threads: Int
  /// Processes that train each member together, where the bits depend on their number; nil for one, and where they do not.
  package var processes: Int?

  package init(
    versions: [String: String], processor: String, instructionSets: String, device: String,
    threads: Int, processes: Int? = nil
  ) {
    self.versions = versions
    self.processor = processor
    self.instructionSets = instructionSets
    self.device = device
    self.threads = threads
    self.processes = processes
  }

  /// What differs from `other`, such as "threads: 2 here, 1 there"; nil where nothing does.
  package func difference(from other: WorkerConditions) -> String? {
    var pairs = [
      ("threads", "\(threads)", "\(other.threads)"),
      ("processes for a member", "\(processes ?? 1)", "\(other.processes ?? 1)"),
      ("device", kind, other.kind),
      ("processor", processor, other.processor),
      ("instruction sets", instructionSets, other.instructionSets),
    ]
    for name in Set(versions.keys).union(other.versions.keys).sorted() {
      pairs.append((name, versions[name] ?? "none", other.versions[name] ?? "none"))
    }
    return pairs.first { $0.1 != $0.2 }.map { "\($0.0): \($0.1) here, \($0.2) there" }
  }

  /// Which GPU of several a worker has does not matter.
  private var kind: String { device.hasPrefix("cuda") ? "cuda" : device }
}

/// A scheduler's job of several tasks, of which a process is one.
package struct SchedulerJob: Codable, Hashable, Sendable {
  /// Such as "Slurm array 4711".
  package var name: String
  /// Which task this is, and how many there are; nil where the scheduler does not say.
  package var task: Int
  package var first: Int?
  package var tasks: Int?

  /// The job that started this process, as the environment says; nil where none did.
  ///
  /// A step of Slurm counts only where it is a real one: an allocation's variables are there in every shell of it.
  package init?(environment: [String: String]) {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    if let job = environment["SLURM_ARRAY_JOB_ID"], let task = number("SLURM_ARRAY_TASK_ID") {
      name = "Slurm array \(job)"
      self.task = task
      first = number("SLURM_ARRAY_TASK_MIN")
      tasks = number("SLURM_ARRAY_TASK_COUNT")
    } else if let job = environment["SLURM_JOB_ID"], let step = number("SLURM_STEP_ID"),
      let task = number("SLURM_PROCID"), let count = number("SLURM_STEP_NUM_TASKS"), count > 1
    {
      name = "Slurm step \(job).\(step)"
      self.task = task
      first = 0
      tasks = count
    } else if let task = number("JOB_COMPLETION_INDEX") {
      // The pods of an Indexed Job are called JOB-INDEX; one of the same name may follow it, which CONSORT_JOB_UID tells apart.
      let host = environment["HOSTNAME"] ?? ""
      let isNamed = host.hasSuffix("-\(task)")
      let id = environment["CONSORT_JOB_UID"].map { " (\($0))" } ?? ""
      name = "Kubernetes job" + (isNamed ? " \(host.dropLast("-\(task)".count))" : "") + id
      self.task = task
      first = 0
    } else {
      return nil
    }
  }
}
