import Testing

@testable import Leases

/// What a worker says of itself, and which workers may train together.
@Suite struct WorkerRecordTests {
  private static let conditions = WorkerConditions(
    versions: ["consort": "1.0", "libtorch": "2.11.0", "program": "0123"],
    processor: "EPYC", instructionSets: "avx2 fma", device: "cpu", threads: 2)

  private static func changed(_ change: (inout WorkerConditions) -> Void) -> WorkerConditions {
    var other = conditions
    change(&other)
    return other
  }

  @Test(arguments: [
    (changed { $0.threads = 4 }, "threads: 4 here, 2 there"),
    (changed { $0.processes = 3 }, "processes for a member: 3 here, 1 there"),
    (changed { $0.device = "cuda:0,cuda:1" }, "device: cuda here, cpu there"),
    (changed { $0.processor = "Xeon" }, "processor: Xeon here, EPYC there"),
    (
      changed { $0.instructionSets = "avx512f" },
      "instruction sets: avx512f here, avx2 fma there"
    ),
    (changed { $0.versions["program"] = "4567" }, "program: 4567 here, 0123 there"),
    (changed { $0.versions["libtorch"] = nil }, "libtorch: none here, 2.11.0 there"),
    (changed { $0.versions["new"] = "1" }, "new: 1 here, none there"),
  ])
  func whatBitsDependOnIsNamed(other: WorkerConditions, difference: String) {
    #expect(other.difference(from: Self.conditions) == difference)
    #expect(other.difference(from: other) == nil)
  }

  @Test func whichGPUDoesNotMatter() {
    let (one, other) = (
      Self.changed { $0.device = "cuda:0" }, Self.changed { $0.device = "cuda:3" }
    )
    #expect(one.difference(from: other) == nil)
  }

  @Test func theSchedulersTasks() throws {
    let array = try #require(
      SchedulerJob(environment: [
        "SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1",
        "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_JOB_ID": "20",
      ]))
    #expect(array.name == "Slurm array 17")
    #expect((array.task, array.first, array.tasks) == (3, 1, 8))
    let step = [
      "SLURM_JOB_ID": "20", "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2",
    ]
    #expect(SchedulerJob(environment: step)?.name == "Slurm step 20.0")
    // An allocation's shell, and a step of one task.
    #expect(SchedulerJob(environment: step.filter { $0.key != "SLURM_STEP_ID" }) == nil)
    #expect(SchedulerJob(environment: step.merging(["SLURM_STEP_NUM_TASKS": "1"]) { $1 }) == nil)
    let pod = ["JOB_COMPLETION_INDEX": "2", "HOSTNAME": "train-2", "CONSORT_JOB_UID": "u"]
    #expect(SchedulerJob(environment: pod)?.name == "Kubernetes job train (u)")
    #expect(SchedulerJob(environment: pod)?.task == 2)
  }

  /// Of another scheduler, and what makes no sense: the worker is one without a job.
  @Test(arguments: [
    [:], ["PBS_JOBID": "4", "PBS_ARRAY_INDEX": "1"], ["LSB_JOBID": "4", "LSB_JOBINDEX": "1"],
    ["SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "x"], ["JOB_COMPLETION_INDEX": ""],
  ])
  func unknownVariablesAreNoJob(environment: [String: String]) {
    #expect(SchedulerJob(environment: environment) == nil)
  }
}
