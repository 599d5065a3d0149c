import Files
import Leases

extension RunStatus {
  /// One worker of a run. What is not known is left out of the JSON.
  public struct Worker: Codable, Hashable, Sendable {
    /// What it is doing.
    public enum State: String, Codable, Hashable, Sendable {
      /// It trains members.
      case working
      /// It waits for those that others train, or is about to begin.
      case waiting
      /// It ended in order.
      case ended
      /// It shows no sign of life for longer than its lease, or its process is gone: others go on with its members.
      case lost
    }

    /// Its name, unique in the run.
    public let name: String
    /// Where it runs; nil where its record cannot be read.
    public let host: String?
    /// The number of its process there.
    public let process: Int?
    /// The scheduler's job that started it, and its task.
    public let job: String?
    /// What it is doing.
    public let state: State
    /// The members that it has begun and not ended.
    public let members: [String]
    /// Where its tensors live.
    public let device: String?
    /// Threads inside one operation.
    public let threads: Int?
    /// Training images a second over its members; nil where it trains none.
    public var imagesPerSecond: Double?
    /// How long ago it showed a sign of life: by the clock of who watches, or else by that of the file server.
    public let secondsSinceSign: Double?

    init(_ sighting: WorkerSurvey.Sighting) {
      let record = sighting.record
      name = sighting.id
      host = record?.host
      process = record?.process
      job = record?.job.map { "\($0.name), task \($0.task)" }
      members = sighting.hasEnded ? [] : sighting.units
      state =
        if sighting.hasEnded {
          .ended
        } else if !sighting.isPossiblyAlive {
          .lost
        } else {
          sighting.units.isEmpty ? .waiting : .working
        }
      device = record?.conditions.device
      threads = record?.conditions.threads
      secondsSinceSign = sighting.hasEnded ? nil : sighting.secondsSinceSign
    }
  }

  /// Who looks at a run again and again, and so knows by its own clock when each worker showed a sign of life.
  public final class Watch: Sendable {
    let workers = WorkerWatch()
    /// Has seen nothing yet.
    public init() {}
  }
}
