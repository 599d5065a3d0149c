import CommandLine
import Files
import Runs
import Torch
import Training

/// What a command's options say of devices and threads.
struct WorkerOptions {
  let devices: [Device]
  /// Members side by side, and threads inside one operation.
  let jobs, threads: Int
  /// Threads that decode images for one member.
  let decoders: Int

  /// - Parameters:
  ///   - members: How many there may be to train side by side.
  ///   - earlier: With what the run began, where it did: it goes on with the same devices and threads, because its bits
  ///     depend on them.
  ///   - launch: This process's place among those that train each member together; nil for one alone. It has one device,
  ///     and its share of the processors.
  init(
    _ arguments: ParsedArguments, members: Int, earlier: RunEnvironment?, _ launch: Launch? = nil
  ) throws {
    // The devices of processes that were there before say nothing of this one's.
    let named = try Device.named(
      arguments.string("--devices") ?? (launch == nil ? earlier?.device : nil))
    devices = launch.map { [named[$0.localRank % named.count]] } ?? named
    if launch != nil, let jobs = try arguments.integer("--jobs"), jobs != 1 {
      throw ParallelError.severalJobs
    }
    let available = RunEnvironment.availableProcessors()
    let processors = max(1, available / (launch?.localSize ?? 1))
    let schedule = Schedule(
      members: launch == nil ? members : 1, processors: processors,
      gpus: devices == [.cpu] ? 0 : devices.count,
      jobs: try arguments.integer("--jobs"),
      threads: try arguments.integer("--threads") ?? earlier?.threads)
    (jobs, threads) = (schedule.jobs, schedule.threads)
    decoders = try arguments.integer("--decoders") ?? max(1, processors / max(1, jobs))
    guard (1...1024).contains(jobs) else { throw UsageError("--jobs needs 1 to 1024") }
    guard (1...1024).contains(threads) else { throw UsageError("--threads needs 1 to 1024") }
    guard (1...1024).contains(decoders) else { throw UsageError("--decoders needs 1 to 1024") }
  }
}

extension Device {
  /// The devices of "cpu", "cuda" or "cuda:0,cuda:1", loading CUDA where it is asked for; nil stands for all GPUs that
  /// there are, or else the CPU.
  fileprivate static func named(_ names: String?) throws -> [Device] {
    guard let names else {
      // Only where there is a driver: loading CUDA's libraries takes seconds.
      guard Directory.exists("/dev/nvidiactl"), let count = try? Runtime.loadCUDA(), count > 0
      else { return [.cpu] }
      return (0..<count).map(Device.cuda)
    }
    if names == "cpu" { return [.cpu] }
    let words = names.split(separator: ",", omittingEmptySubsequences: false)
    let indices = words.map { $0.hasPrefix("cuda:") ? Int($0.dropFirst(5)) : nil }
    guard names == "cuda" || indices.allSatisfy({ ($0 ?? -1) >= 0 }),
      names == "cuda" || Set(indices).count == words.count
    else {
      throw UsageError(
        "--devices takes cpu, cuda, or GPUs such as cuda:0,cuda:1, each once, not '\(names)'")
    }
    let count: Int
    do {
      count = try Runtime.loadCUDA()
    } catch {
      throw TrainingError.noDevice(name: names, reason: error.message)
    }
    if names == "cuda" { return (0..<count).map(Device.cuda) }
    let chosen = indices.compactMap { $0 }
    guard chosen.allSatisfy({ $0 < count }) else {
      throw TrainingError.noDevice(name: names, reason: "this machine has \(count) GPU(s)")
    }
    return chosen.map(Device.cuda)
  }
}

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
