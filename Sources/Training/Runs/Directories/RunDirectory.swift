import Datasets
import Files
import Leases
import Predictions
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The directory of one run of an experiment, and where everything in it lies.
public struct RunDirectory: Hashable, Sendable {
  /// The directory's path.
  public let path: String

  /// Refers to the run at `path`; creates nothing.
  public init(path: String) {
    self.path = path
  }

  /// The experiment with everything spelled out.
  public var experimentPath: String { RunFile.experiment.path(in: path) }
  /// The machine, the versions and the command that began the run.
  public var environmentPath: String { RunFile.environment.path(in: path) }
  /// Which images were used.
  public var dataPath: String { RunFile.data.path(in: path) }
  /// What the teacher said of the training images, where members learn from one.
  public var teacherPath: String { RunFile.teacher.path(in: path) }
  /// The report and its tables and charts.
  public var frontierPath: String { "\(path)/frontier" }

  /// The directories of the members; a process that trains holds its lock, shared where it trains named members only.
  public var membersPath: String { "\(path)/members" }

  /// The files of one member.
  public func member(_ name: String) -> MemberDirectory {
    MemberDirectory(path: "\(membersPath)/\(name)")
  }

  /// The experiment that made this run.
  ///
  /// - Throws: `ExperimentError.notARun` where there is none, `SchemaError` or another where it cannot be read.
  public func experiment() throws -> Experiment {
    guard Directory.exists(experimentPath) else {
      throw ExperimentError.notARun(directory: path)
    }
    guard !isBeingReplaced else { throw ExperimentError.beingReplaced(directory: path) }
    do {
      return try Experiment(path: experimentPath)
    } catch SchemaError.notJSON(let file, let reason) {
      throw ExperimentError.damagedExperiment(file: file, reason: reason)
    }
  }

  /// Creates the directory for `experiment` on these images, or makes sure that it is already theirs. Members that are new
  /// stand at the run's end, so that those that are there keep their random numbers.
  ///
  /// - Returns: The experiment of the run.
  /// - Throws: `ExperimentError` where the directory belongs to something else, `FileError` where it cannot be
  ///   written; what was there is left as it was.
  @discardableResult
  public func claim(for experiment: Experiment, data: DataRecord) throws -> Experiment {
    // One that was made by code could not be read again otherwise.
    try experiment.check(file: experimentPath)
    if let claim = try claim(by: experiment, data), claim.isWritten { return claim.experiment }
    try Directory.create(path)
    let lock = try DirectoryLock(waitingFor: path)
    defer { withExtendedLifetime(lock) {} }
    // Another process may have been quicker.
    let claim = try claim(by: experiment, data)
    if let claim, claim.isWritten { return claim.experiment }
    let whole = claim?.experiment ?? experiment
    try DurableFile.write(whole.readableJSON(), to: experimentPath)
    try DurableFile.write(data.readableJSON(), to: dataPath)
    return whole
  }

  /// What becomes of the run with `experiment`, and whether it is so already; nil where there is none yet.
  private func claim(
    by experiment: Experiment, _ data: DataRecord
  ) throws -> (experiment: Experiment, isWritten: Bool)? {
    guard Directory.exists(experimentPath) else {
      guard Directory.exists(path) else { return nil }
      guard Directory.isDirectory(path),
        try Directory.names(in: path).allSatisfy({
          RunFile.experiment.isBeingWritten(as: $0) || $0 == RunToken.name
        })
      else {
        // Another worker may have begun the run between the two looks.
        if Directory.exists(experimentPath) { return try claim(by: experiment, data) }
        throw ExperimentError.notARun(directory: path)
      }
      return nil
    }
    let earlier = try self.experiment()
    let whole: Experiment
    try checkEpochs(of: experiment, against: earlier)
    switch try earlier.growing(to: experiment) {
    case .experiment(let grown): whole = grown
    case .difference(let difference):
      throw ExperimentError.otherExperiment(directory: path, difference: difference)
    }
    let record = try checkImages(data)
    guard whole == earlier || !isAtWork else {
      throw ExperimentError.busy(directory: path)
    }
    // What follows from the images is written anew where it is not what they give.
    return (whole, record == data && whole == earlier)
  }

  /// Whether a process trains members of the run, or may, on whatever machine.
  var isAtWork: Bool {
    DirectoryLock.isHeld(membersPath)
      || WorkerSurvey(of: LeaseDirectory(path: path)).workers.contains(where: \.isPossiblyAlive)
  }

  /// The record of the run's images; nil where there is none.
  ///
  /// - Throws: `ExperimentError.otherData` where `data` is of others.
  @discardableResult
  func checkImages(_ data: DataRecord) throws -> DataRecord? {
    let record = Directory.exists(dataPath) ? try DataRecord(path: dataPath) : nil
    guard record?.matches(data) ?? true else { throw ExperimentError.otherData(directory: path) }
    return record
  }

  /// Gives fewer epochs as the reason where they are all that differs.
  private func checkEpochs(of experiment: Experiment, against earlier: Experiment) throws {
    let (epochs, wanted) = (earlier.recipe.epochs, experiment.recipe.epochs)
    guard wanted < epochs else { return }
    var shortened = earlier
    shortened.recipe.epochs = wanted
    if case .experiment = try shortened.growing(to: experiment) {
      throw ExperimentError.shorterTraining(directory: path, epochs: epochs, wanted: wanted)
    }
  }
}

/// Where the files of one member lie.
public struct MemberDirectory: Hashable, Sendable {
  /// The directory's path.
  public let path: String

  /// Refers to the member at `path`; creates nothing.
  public init(path: String) {
    self.path = path
  }

  /// The network as data.
  public var networkPath: String { RunFile.network.path(in: path) }
  /// One JSON object a line, one line an epoch; there once the member is complete.
  public var metricsPath: String { RunFile.metrics.path(in: path) }
  /// The lines so far; gone once the member is complete.
  ///
  /// - Parameter token: The number of the lease under which it is written.
  public func epochsPath(token: Int = 1) -> String { "\(path)/\(RunFile.epochs(token: token))" }

  /// The files of lines so far that are there, that of the newest lease first.
  package func epochsPaths() -> [String] {
    ((try? Directory.names(in: path)) ?? [])
      .compactMap { name in RunFile.token(ofEpochs: name).map { ($0, name) } }
      .sorted { $0.0 > $1.0 }.map { "\(path)/\($0.1)" }
  }

  /// The newest lines so far; earlier versions wrote them where the whole metrics are.
  package var newestEpochsPath: String { epochsPaths().first ?? metricsPath }
  /// Weights and the optimizer's state after so many steps; gone once the member is complete.
  ///
  /// - Parameter token: The number of the lease under which it is written.
  public func checkpointPath(step: Int, token: Int = 1) -> String {
    "\(path)/\(RunFile.checkpoint(step: step, token: token))"
  }

  /// The checkpoints that are there, the newest first.
  public func checkpointPaths() throws(FileError) -> [String] {
    guard Directory.isDirectory(path) else { return [] }
    return try Directory.names(in: path)
      .compactMap { name in RunFile.place(ofCheckpoint: name).map { ($0, name) } }
      .sorted { ($0.0.step, $0.0.token) > ($1.0.step, $1.0.token) }.map { "\(path)/\($0.1)" }
  }

  /// How far its training is; written every few seconds, gone once the member is complete.
  public var progressPath: String { RunFile.progress.path(in: path) }
  /// Why its training stopped by itself; gone once it goes on.
  public var failurePath: String { RunFile.failure.path(in: path) }
  /// The machine, the versions and the command that trained it last.
  public var environmentPath: String { RunFile.environment.path(in: path) }
  /// The trained weights.
  public var weightsPath: String { RunFile.weights.path(in: path) }
  /// The predictions on a split, "test" or "hold-out"; the test's are written last.
  public func predictionsPath(split: String) -> String {
    "\(path)/\(RunFile.predictions(split: split))"
  }
  /// Whether all that a trained member leaves is there; the test's predictions are written last. What the files hold is
  /// not looked at.
  public func isComplete(withHoldOut: Bool) -> Bool {
    let splits = withHoldOut ? [SplitName.test, SplitName.holdOut] : [SplitName.test]
    return (splits.map(predictionsPath) + [weightsPath, networkPath])
      .allSatisfy(Directory.exists)
  }
  /// The predictions of a search's architecture on the hold-out after a rung, from 1.
  public func predictionsPath(rung: Int) -> String { predictionsPath(split: "rung-\(rung)") }
}

/// Which images a run used.
public struct DataRecord: Codable, Hashable, Sendable {
  /// The data set's name, such as "cifar10".
  public var name: String
  /// Images of the whole training split, and how many of them are trained on and held out; test images.
  public var availableImages, trainingImages, holdOutImages, testImages: Int
  /// The classes, in the order of the labels.
  public var classNames: [String]
  /// SHA-256 of the images and labels of each whole split.
  public var trainingFingerprint, testFingerprint: String
  /// What is taken from and divided by, a channel, on 0..255.
  public var mean, standardDeviation: [Float]
  /// How images that are only looked at come to a network's size; nil in the records of earlier versions.
  public var resizing: Preprocessing.Resizing?
  /// How pixels were computed where the size changed; nil in the records of earlier versions.
  public var interpolation: Preprocessing.Interpolation?

  /// Creates a record as it is; `claim` writes it into a run, which from then on refuses other images.
  public init(
    name: String, availableImages: Int, trainingImages: Int, holdOutImages: Int, testImages: Int,
    classNames: [String], trainingFingerprint: String, testFingerprint: String, mean: [Float],
    standardDeviation: [Float], resizing: Preprocessing.Resizing?,
    interpolation: Preprocessing.Interpolation?
  ) {
    self.name = name
    self.availableImages = availableImages
    self.trainingImages = trainingImages
    self.holdOutImages = holdOutImages
    self.testImages = testImages
    self.classNames = classNames
    self.trainingFingerprint = trainingFingerprint
    self.testFingerprint = testFingerprint
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.resizing = resizing
    self.interpolation = interpolation
  }

  /// Reads what `claim` wrote.
  ///
  /// - Throws: `ExperimentError.unusableDataRecord`, or `FileError` where the file cannot be read.
  package init(path: String) throws {
    let bytes = try MappedFile(path: path).withBytes { Data($0) }
    do {
      self = try StrictJSON.decode(DataRecord.self, from: bytes)
    } catch let error as StrictJSON.KeyError {
      throw SchemaError(error, file: path)
    } catch {
      throw ExperimentError.unusableDataRecord(file: path)
    }
  }

  package func matches(_ other: DataRecord) -> Bool {
    trainingFingerprint == other.trainingFingerprint && testFingerprint == other.testFingerprint
  }
}
