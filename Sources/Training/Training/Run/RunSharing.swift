import Files
import Leases
import Runs

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How a run's members are shared out with other processes.
public struct RunSharing: Sendable {
  /// Whether to wait for members that others train, to go on with those of workers that are lost.
  public var waits: Bool
  /// After so many seconds without a sign of life others go on with this worker's members. It has to be longer than a shared file
  /// system may show old things: about a minute for NFS.
  public var leaseSeconds: Int
  /// What the file `token` of the run's directory must hold; nil where it is not looked at.
  public var token: String?
  /// Whether to join workers whose results would have other bits.
  public var joinsOthers: Bool
  /// A digest of the program; nil where it does not matter.
  public var program: String?

  /// Waits, and joins only workers that give the same bits, unless told otherwise.
  public init(
    waits: Bool = true, leaseSeconds: Int = RunSharing.usualLeaseSeconds, token: String? = nil,
    joinsOthers: Bool = false, program: String? = nil
  ) {
    self.waits = waits
    self.leaseSeconds = leaseSeconds
    self.token = token
    self.joinsOthers = joinsOthers
    self.program = program
  }

  /// Enough for a minute of delayed sight, twice.
  public static let usualLeaseSeconds = WorkerSession.usualLeaseSeconds

  /// This process as a worker.
  package func record(_ environment: RunEnvironment, jobs: Int) -> WorkerRecord {
    var versions = environment.versions
    versions["program"] = program
    return WorkerRecord(
      machine: .current, started: Date.now.ISO8601Format(),
      conditions: WorkerConditions(
        versions: versions, processor: environment.processor,
        instructionSets: RunEnvironment.instructionSets(), device: environment.device,
        threads: environment.threads, processes: environment.processes),
      jobs: jobs, leaseSeconds: leaseSeconds,
      job: SchedulerJob(environment: ProcessInfo.processInfo.environment))
  }

  /// Makes sure that the workers of a run give the same bits as this one, as far as they may be at work, or are of one job.
  ///
  /// - Parameter counts: Which of them are looked at.
  /// - Throws: `TrainingError.otherConditions`.
  package func check(
    _ own: WorkerRecord, in directory: String, counts: (WorkerRecord) -> Bool = { _ in true }
  ) throws {
    guard !joinsOthers else { return }
    for worker in WorkerSurvey(of: LeaseDirectory(path: directory)).workers {
      guard let record = worker.record, counts(record),
        worker.isPossiblyAlive || own.job != nil && record.job?.name == own.job?.name,
        let difference = own.conditions.difference(from: record.conditions)
      else { continue }
      throw TrainingError.otherConditions(
        directory: directory, worker: record.host, difference: difference)
    }
  }
}
