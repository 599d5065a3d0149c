/// How a run's members share the processors, or the GPUs.
///
/// Members side by side, a thread each, keep the processors busier than threads inside one member's small operations; on
/// a GPU, the kernels of one small network alone leave most of it idle.
struct Schedule: Hashable {
  /// Members side by side.
  let jobs: Int
  /// Threads inside one operation.
  let threads: Int

  /// Members side by side on one GPU; not yet measured.
  private static let jobsPerGPU = 4

  /// Fills in what the user left open.
  ///
  /// - Parameters:
  ///   - members: How many are to be trained.
  ///   - processors: Hardware threads that may be used.
  ///   - gpus: How many GPUs the members are spread over; 0 where they train on the CPU.
  ///   - jobs: As given; nil leaves it open.
  ///   - threads: As given; nil leaves it open.
  init(members: Int, processors: Int, gpus: Int, jobs: Int?, threads: Int?) {
    let room = gpus > 0 ? gpus * Self.jobsPerGPU : processors
    let sideBySide = jobs ?? max(1, min(members, room))
    self.threads = threads ?? max(1, processors / max(1, sideBySide))
    let fitting = max(1, min(members, processors / max(1, self.threads)))
    self.jobs = jobs ?? (gpus > 0 ? sideBySide : fitting)
  }
}
