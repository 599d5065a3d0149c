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

/// The directory of one search, and where everything in it lies.
public struct SearchDirectory: Hashable, Sendable {
  /// The directory's path.
  public let path: String

  /// Refers to the search at `path`; creates nothing.
  public init(path: String) {
    self.path = path
  }

  /// The plan with everything spelled out.
  public var planPath: String { RunFile.plan.path(in: path) }
  /// The machine, the versions and the command that began the search.
  public var environmentPath: String { RunFile.environment.path(in: path) }
  /// Which images were used.
  public var dataPath: String { RunFile.data.path(in: path) }
  /// How long each part of the space's networks takes on the machine that began the search.
  public var latenciesPath: String { RunFile.latencies.path(in: path) }
  /// One JSON object a line, one line an evaluated architecture.
  public var evaluationsPath: String { RunFile.evaluations.path(in: path) }
  /// What was found: one ensemble a setting.
  public var foundPath: String { RunFile.found.path(in: path) }
  /// The networks that were found, NAME.json each.
  public var networksPath: String { "\(path)/networks" }
  /// The architectures' trainings; the process that searches holds its lock.
  public var architecturesPath: String { "\(path)/candidates" }
  /// What a worker that leads a search has others train.
  package var cohortsPath: String { "\(path)/cohorts" }
  /// The shared weights, where architectures are paths through them.
  public var supernetworksPath: String { "\(path)/supernetworks" }
  /// The full training of what was found: a run like any other.
  public var finalists: RunDirectory { RunDirectory(path: "\(path)/finalists") }
  /// How long the networks of the finalists take for one image, as the report measured it.
  public var finalistLatenciesPath: String { RunFile.finalistLatencies.path(in: path) }
  /// The report and its tables and charts.
  public var reportPath: String { "\(path)/report" }

  /// The files of an architecture in its place of an ensemble; there only where architectures are trained by themselves.
  public func architecture(_ network: String, place: Int) -> MemberDirectory {
    MemberDirectory(path: "\(architecturesPath)/\(network)-\(place)")
  }

  /// Whether there is a search.
  public var exists: Bool { Directory.exists(planPath) }

  /// The plan that made this search.
  public func plan() throws -> SearchPlan {
    guard exists else { throw ExperimentError.notARun(directory: path) }
    return try SearchPlan(path: planPath)
  }

  /// The latencies on record; nil where there are none, or they lack parts of the space's networks.
  package func latencies(covering space: any SearchSpace) throws -> LatencyTable? {
    guard Directory.exists(latenciesPath) else { return nil }
    let table = try LatencyTable(file: latenciesPath)
    return try table.covers(space) ? table : nil
  }

  /// Creates the directory for `plan`, or makes sure that it is already its own, and keeps other searches from it as long
  /// as the lock lives.
  ///
  /// The budget may have changed, and the finalists too: their own run refuses others once it has begun. Before
  /// anything is trained the plan may have changed in any way.
  ///
  /// - Parameter isShared: Whether others may hold it too, for the same plan.
  /// - Throws: `ExperimentError` where the directory belongs to something else, or another process is at work in it;
  ///   `FileError` where it cannot be written. What was there is left as it was.
  public func claim(for plan: SearchPlan, isShared: Bool = false) throws -> DirectoryLock {
    try check(plan)
    try Directory.create(architecturesPath)
    guard let lock = try DirectoryLock(ifFree: architecturesPath, isShared: isShared) else {
      throw ExperimentError.busy(directory: path)
    }
    if exists, try JSONDifference.first(self.plan(), plan) != nil, isAtWork {
      throw ExperimentError.busy(directory: path)
    }
    // Another process may have been quicker.
    try check(plan)
    try removeAbandonedFiles()
    try DurableFile.write(plan.readableJSON(), to: planPath)
    return lock
  }

  /// Whether a worker searches, or may, on whatever machine.
  package var isAtWork: Bool {
    WorkerSurvey(of: LeaseDirectory(path: path)).workers.contains(where: \.isPossiblyAlive)
  }

  /// Makes sure that the directory is that of `plan`, or may become so.
  private func check(_ plan: SearchPlan) throws {
    if exists {
      guard try hasBegun() else { return }
      var earlier = try self.plan()
      (earlier.budget, earlier.finalists) = (plan.budget, plan.finalists)
      if let difference = try JSONDifference.first(earlier, plan) {
        throw ExperimentError.otherExperiment(directory: path, difference: difference)
      }
    } else if Directory.exists(path) {
      guard Directory.isDirectory(path), try Directory.names(in: path).allSatisfy(isOfAClaim) else {
        throw ExperimentError.notARun(directory: path)
      }
    }
  }

  /// Whether the name is one that a process leaves that was killed while it claimed the directory.
  private func isOfAClaim(_ name: String) throws -> Bool {
    if RunFile.plan.isBeingWritten(as: name) || name == RunToken.name { return true }
    return try name == "candidates" && Directory.isDirectory(architecturesPath)
      && Directory.names(in: architecturesPath).isEmpty
  }

  /// Removes what killed processes were writing, in all directories of the search.
  private func removeAbandonedFiles() throws {
    try DirectoryLock.removeAbandonedFiles(in: path)
    for parent in [architecturesPath, supernetworksPath, networksPath]
    where Directory.isDirectory(parent) {
      try DirectoryLock.removeAbandonedFiles(in: parent)
      for name in try Directory.names(in: parent) where Directory.isDirectory("\(parent)/\(name)") {
        try DirectoryLock.removeAbandonedFiles(in: "\(parent)/\(name)")
      }
    }
  }

  /// Whether something is trained.
  private func hasBegun() throws -> Bool {
    try [architecturesPath, supernetworksPath].contains {
      try Directory.isDirectory($0) && !Directory.names(in: $0).isEmpty
    } || Directory.exists(evaluationsPath)
  }

  /// Notes the images, or makes sure that they are those of the search.
  public func claim(data: DataRecord) throws {
    if Directory.exists(dataPath) {
      guard try DataRecord(path: dataPath).matches(data) else {
        throw ExperimentError.otherData(directory: path)
      }
      return
    }
    try DurableFile.write(data.readableJSON(), to: dataPath)
  }
}

extension SearchDirectory {
  /// All evaluations on record, in order; none where there is no file.
  ///
  /// - Throws: `ExperimentError.unusableRecord` naming the line that makes no sense.
  public func evaluations() throws -> [EvaluationRecord] {
    guard Directory.exists(evaluationsPath) else { return [] }
    let lines = try MappedFile(path: evaluationsPath).withBytes { Data($0) }
      .split(separator: UInt8(ascii: "\n"))
    return try lines.enumerated().map { number, line in
      do {
        let record = try StrictJSON.decode(EvaluationRecord.self, from: Data(line))
        guard record.isPlausible else { throw ImplausibleRecord() }
        return record
      } catch {
        throw ExperimentError.unusableRecord(file: evaluationsPath, line: number + 1)
      }
    }
  }

  /// Writes all evaluations, in order.
  public func write(_ evaluations: [EvaluationRecord]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try DurableFile.write(to: evaluationsPath) { writer in
      for record in evaluations {
        try writer.write(Array(try encoder.encode(record)) + [UInt8(ascii: "\n")])
      }
    }
  }

  /// What was found so far.
  public func found() throws -> [FoundEnsemble] {
    guard Directory.exists(foundPath) else { return [] }
    let bytes = try MappedFile(path: foundPath).withBytes { Data($0) }
    do {
      let found = try StrictJSON.decode([FoundEnsemble].self, from: bytes)
      // They name files.
      guard found.allSatisfy({ $0.networks.allSatisfy(DirectoryName.isValid) }) else {
        throw ImplausibleRecord()
      }
      return found
    } catch {
      throw ExperimentError.unusableFinds(file: foundPath)
    }
  }
}

private struct ImplausibleRecord: Error {}

extension EvaluationRecord {
  /// Of one evaluation: sums over any number of lines stay far from overflowing.
  private static let imageCounts = 0...1_000_000_000_000

  fileprivate var isPlausible: Bool {
    let numbers = [cost, reward, seconds, accuracy ?? 0]
    return numbers.allSatisfy(\.isFinite) && (0...1).contains(accuracy ?? 0) && cost > 0
      && number > 0 && Self.imageCounts.contains(trainingImages) && seconds >= 0
      && rung >= 1 && rung <= rungs && !members.isEmpty && members.count == networks.count
  }
}
