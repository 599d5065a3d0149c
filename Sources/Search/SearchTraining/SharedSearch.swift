import ArchitectureSearch
import Files
import Leases
import Networks
import Runs
import Schemas
import SearchRuns
import Training

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What several workers share of one search: one of them proposes, judges and keeps the record, as it would alone; all train the
/// members of its cohorts. Where that one is lost, another goes on from the record.
final class SharedSearch: Sendable {
  /// Members that are to be brought to a rung: `cohorts/NUMBER.json`, which never changes.
  struct Cohort: Codable {
    struct Member: Codable {
      let network: Network
      let place: Int
    }
    /// From 0.
    let rung: Int
    let members: [Member]

    init(_ members: [SearchMember], rung: Int) {
      self.rung = rung
      self.members = members.map { Member(network: $0.network, place: $0.place) }
    }

    var searchMembers: [SearchMember] {
      members.map { SearchMember(network: $0.network, place: $0.place) }
    }
  }

  private static let unit = "search"
  private let session: WorkerSession
  private let lead: SharedUnits
  private let directory: SearchDirectory

  /// Joins the workers of the search.
  init(_ record: WorkerRecord, in directory: SearchDirectory) throws {
    session = try WorkerSession(record, in: directory.path)
    // An earlier search that was led to its end may have had a smaller budget: its records say what is left.
    lead = try SharedUnits([Self.unit], by: session) { _, _ in false }
    self.directory = directory
  }

  func leave() { session.leave() }

  /// What this worker is to do.
  enum Part { case lead, help, nothing }

  func part(shouldStop: () -> Bool) throws -> Part {
    switch try lead.next(waits: false, shouldStop: shouldStop, observe: { _, _ in }) {
    case .unit: .lead
    case .leftToOthers: .help
    case .nothing: .nothing
    }
  }

  /// Makes sure that this worker still leads.
  ///
  /// - Throws: `LeaseLost` where another does.
  func confirmLead() throws { _ = try lead.confirm(Self.unit) }

  /// Of the members that the leader trains alone.
  var leadersClaim: MemberClaim {
    MemberClaim(
      confirm: { [lead] in try lead.confirm(Self.unit) },
      isCertain: { [lead] in lead.isCertain(Self.unit) })
  }

  /// Whether other workers are, or may be, at work.
  var hasOthers: Bool {
    WorkerSurvey(of: LeaseDirectory(path: directory.path)).workers.contains {
      $0.id != session.record.id && $0.isPossiblyAlive
    }
  }

  // MARK: Cohorts

  private var numbers: [Int] {
    let names = (try? Directory.names(in: directory.cohortsPath)) ?? []
    return names.compactMap { $0.hasSuffix(".json") ? Int($0.dropLast(5)) : nil }.sorted()
  }

  private func path(of number: Int) -> String {
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
    return "\(directory.cohortsPath)/\(zeros)\(digits).json"
  }

  /// Has the others work on a cohort; returns its number.
  func publish(_ cohort: Cohort) throws -> Int {
    try Directory.create(directory.cohortsPath)
    var number = (numbers.last ?? 0) + 1
    let text = try cohort.readableJSON()
    while try !NewFile.publish(at: path(of: number), { try DurableFile.write(text, to: $0) }) {
      number += 1
    }
    return number
  }

  /// The newest cohort after that of `number`; nil where there is none, or it is not yet seen whole.
  func cohort(after number: Int) -> (number: Int, cohort: Cohort)? {
    guard let newest = numbers.last, newest > number,
      let file = try? MappedFile(path: path(of: newest)),
      let cohort = try? StrictJSON.decode(Cohort.self, from: file.withBytes { Data($0) })
    else { return nil }
    return (newest, cohort)
  }

  /// The members of a cohort as units of work, in its order.
  func units(of number: Int, _ cohort: Cohort) throws -> (names: [String], units: SharedUnits) {
    let names = cohort.members.indices.map { "cohort-\(number)-\($0)" }
    return (names, try session.share(names))
  }

  // MARK: The end

  private var foundPath: String { "\(directory.cohortsPath)/found" }

  /// Says what was found, for the others too.
  func end(_ found: [FoundEnsemble]) throws {
    if hasOthers {
      try Directory.create(directory.cohortsPath)
      let text = try found.readableJSON()
      try confirmLead()
      try DurableFile.write(text, to: foundPath)
    }
    try lead.end(Self.unit, .complete)
  }

  /// What the leader found.
  func found() throws -> [FoundEnsemble] {
    if let file = try? MappedFile(path: foundPath),
      let found = try? StrictJSON.decode(
        [FoundEnsemble].self, from: file.withBytes { Data($0) })
    {
      return found
    }
    return try directory.found()
  }
}
