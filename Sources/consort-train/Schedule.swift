/// How a run's members share the processors.
///
/// Members side by side, a thread each, keep the processors busier than threads inside one member's small operations.
struct Schedule: Hashable {
  /// Members side by side.
  let jobs: Int
  /// Threads inside one operation.
  let threads: Int

  /// Fills in what the user left open.
  ///
  /// - Parameters:
  ///   - members: How many are to be trained.
  ///   - processors: Hardware threads that may be used.
  ///   - isOnGPU: Whether the work runs on one GPU, which members do not share yet.
  ///   - jobs: As given; nil leaves it open.
  ///   - threads: As given; nil leaves it open.
  init(members: Int, processors: Int, isOnGPU: Bool, jobs: Int?, threads: Int?) {
    let sideBySide = jobs ?? (isOnGPU ? 1 : max(1, min(members, processors)))
    self.threads = threads ?? max(1, processors / max(1, sideBySide))
    let fitting = max(1, min(members, processors / max(1, self.threads)))
    self.jobs = jobs ?? (isOnGPU ? 1 : fitting)
  }
}
