import Files
import Predictions
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is kept of a member without its weights, beside its predictions.
public struct RecordedMember: Codable, Hashable, Sendable {
  /// Unique in its experiment.
  public var name: String
  /// The network's name.
  public var network: String
  /// `Experiment.identity(of:data:)`: what decided its bits.
  public var training: String
  /// The experiment's seed, and the member's place in it, which selects its random numbers.
  public var seed, index: Int
  /// Passes over the training images.
  public var epochs: Int
  /// Of all epochs, evaluation on the hold-out included; nil where its metrics are missing.
  public var seconds: Double?
  /// Of the last epoch's augmented images, while the weights moved; nil where its metrics are missing.
  public var trainingAccuracy, trainingLoss: Double?
}

extension RecordedMember {
  /// What a run knows of a complete member.
  public init(
    _ member: Experiment.Member, of experiment: Experiment, in run: RunDirectory
  ) throws {
    let lines = EpochLine.read(run.member(member.name).metricsPath)
    let isWhole = lines.count == experiment.recipe.epochs
    self.init(
      name: member.name, network: member.network,
      training: try experiment.identity(of: member, data: run.dataRecord()),
      seed: experiment.seed, index: member.index, epochs: experiment.recipe.epochs,
      seconds: isWhole ? lines.reduce(0) { $0 + $1.seconds } : nil,
      trainingAccuracy: isWhole ? lines.last?.trainingAccuracy : nil,
      trainingLoss: isWhole ? lines.last?.trainingLoss : nil)
  }
}

/// One of a study's runs on record: predictions at half precision, and how the members came about.
///
/// `hold-out/` and `test/` hold predictions files, which other commands read too.
public struct RecordedRun: Hashable, Sendable {
  /// The directory's path.
  public let path: String

  /// Refers to the record at `path`; creates nothing.
  public init(path: String) {
    self.path = path
  }

  /// The experiment with everything spelled out, and the record of its images, as in a run.
  public var experimentPath: String { RunFile.experiment.path(in: path) }
  /// Which images were used.
  public var dataPath: String { RunFile.data.path(in: path) }
  /// The machine, the versions and the command that began the run.
  public var environmentPath: String { RunFile.environment.path(in: path) }
  private var membersPath: String { RunFile.recordedMembers.path(in: path) }

  /// The predictions of a member on a split, "test" or "hold-out".
  public func predictionsPath(_ member: String, split: String) -> String {
    "\(path)/\(split)/\(member).safetensors"
  }

  /// The experiment; nil where nothing is on record.
  ///
  /// - Throws: As reading it does.
  public func experiment() throws -> Experiment? {
    Directory.exists(experimentPath) ? try RunDirectory(path: path).experiment() : nil
  }

  /// The members on record, in the order of the experiment; none where there is no record.
  ///
  /// - Throws: `ExperimentError.unusableStudyRecord` where the list makes no sense, `FileError` where it cannot be read.
  public func members() throws -> [RecordedMember] {
    guard Directory.exists(membersPath) else { return [] }
    do {
      return try StrictJSON.decode(
        [RecordedMember].self, from: MappedFile(path: membersPath).withBytes { Data($0) })
    } catch let error as FileError {
      throw error
    } catch {
      throw ExperimentError.unusableStudyRecord(file: membersPath)
    }
  }

  /// The names of the members of `experiment` that need not be trained: their predictions are on record.
  ///
  /// - Parameter data: The images of the experiment.
  /// - Throws: `ExperimentError.recordOfOtherImages`, or `.foreignMember` where a member on record is that of another
  ///   training.
  public func complete(of experiment: Experiment, data: DataRecord) throws -> Set<String> {
    let recorded = try members()
    guard !recorded.isEmpty else { return [] }
    try check(data)
    let present = Dictionary(
      recorded.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var names: Set<String> = []
    for member in experiment.allMembers {
      guard let found = present[member.name] else { continue }
      guard try found.training == experiment.identity(of: member, data: data) else {
        throw ExperimentError.foreignMember(
          file: predictionsPath(member.name, split: SplitName.test))
      }
      let paths = experiment.data.predictedSplits.map { predictionsPath(member.name, split: $0) }
      if paths.allSatisfy(Directory.exists) { names.insert(member.name) }
    }
    return names
  }

  /// Makes sure that the record is of these images.
  private func check(_ data: DataRecord) throws {
    guard try DataRecord(path: dataPath).matches(data) else {
      throw ExperimentError.recordOfOtherImages(directory: path)
    }
  }

  /// What becomes of `experiment` beside the members on record: they keep their random numbers, and new ones follow them.
  ///
  /// - Throws: `ExperimentError.otherExperiment` where the record is another one's.
  public func grown(to experiment: Experiment) throws -> Experiment {
    guard let earlier = try self.experiment() else { return experiment }
    switch try earlier.growing(to: experiment) {
    case .experiment(let grown): return grown
    case .difference(let difference):
      throw ExperimentError.otherExperiment(directory: path, difference: difference)
    }
  }

  /// Puts the members of a run that are complete on record, unless they are.
  ///
  /// - Returns: The names of those that were not.
  /// - Throws: `ExperimentError` where the record is of other images or another experiment, `FileError`, or `EnsembleError`
  ///   where predictions cannot be read; what was on record stays.
  @discardableResult
  public func add(_ run: RunDirectory) throws -> [String] {
    let experiment = try run.experiment()
    let data = try run.dataRecord()
    let complete = experiment.allMembers.filter {
      run.member($0.name).isComplete(withHoldOut: experiment.data.holdsOut)
    }
    guard !complete.isEmpty else { return [] }
    try Directory.create(path)
    let lock = try DirectoryLock(waitingFor: path)
    defer { withExtendedLifetime(lock) {} }
    let recorded = try self.complete(of: experiment, data: data)
    let new = complete.filter { !recorded.contains($0.name) }
    guard !new.isEmpty else { return [] }
    let whole = try grown(to: experiment)
    try DurableFile.write(whole.readableJSON(), to: experimentPath)
    try DurableFile.write(data.readableJSON(), to: dataPath)
    if !Directory.exists(environmentPath), Directory.exists(run.environmentPath) {
      try DurableFile.write(
        MappedFile(path: run.environmentPath).withBytes { Array($0) }, to: environmentPath)
    }
    var list = try members().filter { known in !new.contains { $0.name == known.name } }
    for member in new { list.append(try record(member, of: experiment, run)) }
    let order = Dictionary(
      uniqueKeysWithValues: whole.allMembers.enumerated().map { ($1.name, $0) })
    list.sort { order[$0.name, default: .max] < order[$1.name, default: .max] }
    try DurableFile.write(list.readableJSON(), to: membersPath)
    return new.map(\.name)
  }

  /// Writes a member's predictions, and gives what else is kept of it.
  private func record(
    _ member: Experiment.Member, of experiment: Experiment, _ run: RunDirectory
  ) throws -> RecordedMember {
    let result = try RecordedMember(member, of: experiment, in: run)
    let files = run.member(member.name)
    for split in experiment.data.predictedSplits {
      let source = files.predictionsPath(split: split)
      try MemberDirectory.checkPredictions(
        source, of: member.name, split: split, identity: result.training)
      let target = predictionsPath(member.name, split: split)
      try Directory.create("\(path)/\(split)")
      try Predictions(path: source)
        .write(halvesTo: target, metadata: [MemberMetadata.training: result.training])
    }
    return result
  }
}
