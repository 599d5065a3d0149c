import ArchitectureSearch
import Files
import Leases
import Runs
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What one of the workers of a search does for all, by a lease: of several at once, the others would write over its files.
package enum SearchTask: String, Sendable {
  /// The latencies of the space's networks, which all have to go by.
  case latencies
  /// The report, with the latencies of the finalists.
  case report
}

extension SearchDirectory {
  /// The leases of tasks, apart from those of training: whoever writes a report need not give the same bits.
  private var tasksPath: String { "\(path)/tasks" }

  /// Does a task, or waits until another worker has done it.
  ///
  /// - Parameters:
  ///   - leaseSeconds: After so long without a sign of life another one goes on with it.
  ///   - waits: Called again and again while another worker is at it.
  ///   - body: Does it.
  /// - Returns: Whether this process did it.
  package func once(
    _ task: SearchTask, leaseSeconds: Int = WorkerSession.usualLeaseSeconds,
    waits: () -> Void = {}, _ body: () throws -> Void
  ) throws -> Bool {
    try Directory.create(tasksPath)
    defer {
      if (try? Directory.names(in: tasksPath))?.isEmpty == true {
        try? Directory.removeTree(tasksPath)
      }
    }
    let environment = RunEnvironment(command: [], versions: [:], device: "cpu", threads: 1)
    let record = WorkerRecord(
      machine: .current, started: environment.started,
      conditions: WorkerConditions(
        versions: [:], processor: environment.processor,
        instructionSets: RunEnvironment.instructionSets(), device: "cpu", threads: 1),
      jobs: 1, leaseSeconds: leaseSeconds, job: nil)
    let session = try WorkerSession(record, in: tasksPath)
    defer { session.leave() }
    let units = try SharedUnits([task.rawValue], by: session)
    let work = try units.next(waits: true, shouldStop: { false }) { _, awaited in
      if awaited > 0 { waits() }
    }
    guard case .unit(let unit, _) = work else { return false }
    try body()
    try units.end(unit, .complete)
    return true
  }

  /// Puts latencies on record, unless others of the same space are there already.
  ///
  /// - Returns: Whether these are on record now.
  package func publish(_ table: LatencyTable, covering space: any SearchSpace) throws -> Bool {
    let text = try table.readableJSON()
    while try !NewFile.publish(at: latenciesPath, { try DurableFile.write(text, to: $0) }) {
      if try latencies(covering: space) != nil { return false }
      try Directory.removeFile(latenciesPath)
    }
    return true
  }
}

extension SearchPlan {
  /// Whether several workers may share the search: architectures are trained by themselves.
  package var isShareable: Bool {
    if case .proxy = evaluator { true } else { false }
  }
}
