import Datasets
import Deployment
import Ensembles
import Inference
import Predictions

/// Where a member of an ensemble runs.
enum MemberPlace: Sendable {
  /// In this process.
  case here(ComputePool.RunnerID)
  /// On other servers.
  case elsewhere(RemoteMember)
}

/// An ensemble that is compiled, warm, and in the queues of the pool.
final class LoadedEnsemble: Sendable {
  /// Members that are fed with the same pixels.
  struct Group: Sendable {
    /// What turns an image into the pixels.
    let preprocessing: Preprocessing
    /// What decodes for them.
    let runner: ComputePool.RunnerID
  }

  /// What its input is called.
  static let inputName = "images"

  /// The members, in order.
  let members: [EnsembleMember]
  /// How they become one.
  let combination: Combination
  /// What is promised of its answers; nil where nothing is.
  let limits: AnswerLimits?
  /// The classes' names; nil where they are not known.
  let labels: [String]?
  /// What errors cost, where they decide an image's label; nil where it is the most probable class.
  let errorCosts: ErrorCosts?
  /// How many classes.
  let classes: Int
  let groups: [Group]
  private let groupOfMember: [Int]
  /// Where each member runs.
  let places: [MemberPlace]
  /// What all members take as a tensor; nil where they differ, and only images will do.
  let tensorInput: ImageModel.Input?
  /// What is counted of it.
  let record: ModelRecord
  /// What is left of it without some members, by their places.
  private let reductions: [[Int]: ReducedService]
  private let pool: ComputePool

  /// Reads, compiles and warms an ensemble.
  ///
  /// - Throws: `InferenceError`, `PlacementError`, or `FileError`.
  init(
    _ directory: EnsembleDirectory, on pool: ComputePool, options: ServingOptions,
    record: ModelRecord
  ) throws {
    members = try directory.members()
    combination = directory.manifest.combination
    limits = directory.manifest.answerLimits
    labels = directory.manifest.labels
    errorCosts = directory.manifest.errorCosts
    classes = directory.manifest.classes
    self.pool = pool
    self.record = record
    reductions =
      options.whenLost == .degrade ? Self.reductions(of: directory.manifest) : [:]
    // Compiled first: what fails leaves nothing in the pool.
    var (runners, remote) = ([Int: MemberRunner](), [Int: RemoteMember]())
    let placed = try Self.workers(of: members, options: options, model: record.name)
    for (index, member) in members.enumerated() {
      if let workers = options.remote, !placed[index].isEmpty {
        remote[index] = try RemoteMember(
          member, index: index, model: record.name, at: placed[index], options: workers,
          serving: options, record: record)
      } else {
        runners[index] = try MemberRunner(
          member, index: index, options: options, statistics: record)
      }
    }
    try RemoteMember.prove(Array(remote.values))
    var kinds: [Preprocessing] = []
    var places: [Int] = []
    for member in members {
      let pixels = member.preprocessing.pixelsOnly
      let place = kinds.firstIndex { $0.pixelsOnly == pixels } ?? kinds.count
      if place == kinds.count { kinds.append(member.preprocessing) }
      places.append(place)
    }
    groupOfMember = places
    groups = kinds.enumerated().map {
      Group(
        preprocessing: $1,
        runner: pool.add(DecodingRunner($1, group: $0, mostPixels: options.mostPixels)))
    }
    self.places = members.indices.compactMap { index in
      runners[index].map { MemberPlace.here(pool.add(options.substituteRunner($0, index))) }
        ?? remote[index].map(MemberPlace.elsewhere)
    }
    let first = members[0]
    let isAlike = members.allSatisfy {
      $0.preprocessing == first.preprocessing
        && $0.model.input.shape(batch: 1) == first.model.input.shape(batch: 1)
    }
    tensorInput = isAlike ? first.model.input : nil
  }

  deinit {
    for group in groups { pool.remove(group.runner) }
    for place in places {
      switch place {
      case .here(let runner): pool.remove(runner)
      case .elsewhere(let member): member.close()
      }
    }
  }

  /// The workers of each member, none for those that run here.
  private static func workers(
    of members: [EnsembleMember], options: ServingOptions, model: String
  ) throws(PlacementError) -> [[WorkerAddress]] {
    let placement = options.remote?.placement ?? Placement()
    let names = members.map(\.name)
    for name in placement.members(of: model) where !names.contains(name) {
      throw .unknownMember(name, model: model, members: names)
    }
    return names.map { placement.addresses(of: $0, model: model) }
  }

  /// The members that run on other servers.
  private var remoteMembers: [RemoteMember] {
    places.compactMap { if case .elsewhere(let member) = $0 { member } else { nil } }
  }

  /// Takes the images of a request that is over from the members that run elsewhere.
  func removeFromWorkers(_ job: InferenceJob) {
    for member in remoteMembers { member.remove(job) }
  }

  /// What was measured of the workers of its members.
  var workers: [WorkerMeasurements] { remoteMembers.flatMap(\.measurements) }

  func group(of member: Int) -> Int { groupOfMember[member] }

  /// The members that no worker computes now, where the others do not answer without them.
  var irreplaceableMembers: [String] {
    let lost = places.indices.filter { index in
      if case .elsewhere(let member) = places[index] { !member.isServed } else { false }
    }
    return lost.isEmpty || reductions[lost] != nil ? [] : lost.map { members[$0].name }
  }

  /// What was measured of exactly the other members; nil where nothing was, or nothing but the whole is to answer.
  ///
  /// - Parameter missing: Places of members, ascending.
  func reduction(without missing: [Int]) -> ReducedService? { reductions[missing] }

  private static func reductions(of manifest: EnsembleManifest) -> [[Int]: ReducedService] {
    let names = manifest.members.map(\.name)
    var found: [[Int]: ReducedService] = [:]
    for reduction in manifest.expectedService?.reductions ?? [] {
      let missing = reduction.missing.compactMap { names.firstIndex(of: $0) }.sorted()
      let left = names.count - missing.count
      guard missing.count == reduction.missing.count, left > 0,
        reduction.combination.fault(memberCount: left) == nil
      else { continue }
      found[missing] = reduction
    }
    return found
  }
}

extension Preprocessing {
  /// What is done to the pixels, without what makes numbers of them.
  fileprivate var pixelsOnly: Preprocessing {
    var preprocessing = self
    preprocessing.mean = [0, 0, 0]
    preprocessing.standardDeviation = [1, 1, 1]
    preprocessing.layout = .channelsFirst
    preprocessing.channelOrder = .rgb
    return preprocessing
  }
}
