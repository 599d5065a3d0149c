import Files
import Leases

// A run that gets more epochs has its members trained in `retraining`, a run of its own inside of it. All of them take the
// place of the earlier ones once all are complete: until then every reader of the run reads the earlier ones, and
// none reads some of both.

extension RunDirectory {
  /// The same members with more epochs, while they are trained.
  public var retraining: RunDirectory { RunDirectory(path: "\(path)/retraining") }

  /// The earlier members once the later ones take their place; from then on the change is carried through.
  private var replacedPath: String { "\(retraining.path)/replaced" }

  /// What may be done to a run for more epochs than it has.
  public enum LongerTraining: Hashable, Sendable {
    /// It is another experiment's.
    case refused
    /// Members go on where they would have the same bits as in a longer training from the start.
    case ifNothingIsLost
    /// Others are trained anew.
    case allowed
  }

  /// An experiment, and where its members are trained.
  public struct Claim: Hashable, Sendable {
    /// With the members of the run.
    public let experiment: Experiment
    /// The run, or its `retraining`.
    public let directory: RunDirectory
  }

  /// What is known of one member before and after.
  public struct MemberContinuation: Sendable {
    /// The member, which has the same name, network and random numbers in both.
    public let member: Experiment.Member
    /// The earlier experiment, and that with more epochs.
    public let earlier, longer: Experiment
    /// Their directories of the member.
    public let from, to: MemberDirectory
  }

  /// As `claim(for:data:)`; where only the number of epochs is larger, and maybe members are new, as `longer` allows.
  ///
  /// - Parameter carryOver: Is called for each member of the run that does not depend on the number of epochs. It brings over
  ///   from where the training goes on, if that has not been done; what it has not brought over is trained from the start.
  /// - Throws: As `claim(for:data:)`, and `ExperimentError.longerTraining` where members would have to be trained anew.
  public func claim(
    for experiment: Experiment, data: DataRecord, longer: LongerTraining,
    carryOver: (MemberContinuation) throws -> Void
  ) throws -> Claim {
    try finishReplacement()
    if longer != .refused, let claim = try claimLonger(experiment, data, longer, carryOver) {
      return claim
    }
    return Claim(experiment: try claim(for: experiment, data: data), directory: self)
  }

  private func claimLonger(
    _ experiment: Experiment, _ data: DataRecord, _ longer: LongerTraining,
    _ carryOver: (MemberContinuation) throws -> Void
  ) throws -> Claim? {
    guard try lengthened(by: experiment) != nil else { return nil }
    let lock = try DirectoryLock(waitingFor: path)
    defer { withExtendedLifetime(lock) {} }
    // Another process may have been quicker.
    guard let (earlier, whole) = try lengthened(by: experiment) else { return nil }
    try checkImages(data)
    let lost = membersToTrainAnew(of: earlier)
    guard !isAtWork else { throw ExperimentError.busy(directory: path) }
    // Who has begun it has said so.
    let isAllowed = longer == .allowed || Directory.exists(retraining.experimentPath)
    guard lost.isEmpty || isAllowed else {
      throw ExperimentError.longerTraining(
        directory: path, epochs: earlier.recipe.epochs, wanted: whole.recipe.epochs,
        members: lost, dependsOnEpochs: earlier.dependsOnEpochs)
    }
    let claimed = try retraining.claim(for: whole, data: data)
    if !whole.dependsOnEpochs {
      for member in earlier.trainings {
        try carryOver(
          MemberContinuation(
            member: member, earlier: earlier, longer: claimed, from: self.member(member.name),
            to: retraining.member(member.name)))
      }
    }
    guard lost.isEmpty else { return Claim(experiment: claimed, directory: retraining) }
    try replaceMembers()
    return Claim(experiment: claimed, directory: self)
  }

  /// This run's experiment, and what it becomes with more epochs; nil where they differ in more, or in nothing.
  private func lengthened(
    by experiment: Experiment
  ) throws -> (earlier: Experiment, whole: Experiment)? {
    guard Directory.exists(experimentPath) else { return nil }
    let earlier = try self.experiment()
    guard experiment.recipe.epochs > earlier.recipe.epochs else { return nil }
    var longer = earlier
    longer.recipe.epochs = experiment.recipe.epochs
    guard case .experiment(let whole) = try longer.growing(to: experiment) else { return nil }
    return (earlier, whole)
  }

  /// The names of members that are complete, or begun with a schedule that depends on the number of epochs.
  private func membersToTrainAnew(of experiment: Experiment) -> [String] {
    experiment.allMembers.map(\.name).filter { name in
      let files = member(name)
      if Directory.exists(files.weightsPath) { return true }
      let isBegun = (try? !files.checkpointPaths().isEmpty) ?? true
      return isBegun && experiment.dependsOnEpochs
    }
  }
}

// MARK: - Taking the place

extension RunDirectory {
  /// Puts the members of `retraining` in the place of this run's, if all of them are complete.
  ///
  /// A process that is killed meanwhile leaves what the next `claim` carries through.
  ///
  /// - Returns: Whether it was done; not where some are still to be trained, or another process is at work.
  /// - Throws: `ExperimentError.busy` where another process trains the earlier members.
  public func finishRetraining() throws -> Bool {
    let lock = try DirectoryLock(waitingFor: path)
    defer { withExtendedLifetime(lock) {} }
    guard Directory.exists(retraining.experimentPath) else { return false }
    let experiment = try retraining.experiment()
    let isComplete = experiment.allMembers.allSatisfy {
      retraining.member($0.name).isComplete(withHoldOut: experiment.data.holdsOut)
    }
    guard isComplete, let inner = try DirectoryLock(ifFree: retraining.membersPath) else {
      return false
    }
    defer { withExtendedLifetime(inner) {} }
    try replaceMembers()
    return true
  }

  private func replaceMembers() throws {
    guard let outer = try DirectoryLock(ifFree: membersPath) else {
      throw ExperimentError.busy(directory: path)
    }
    defer { withExtendedLifetime(outer) {} }
    if Directory.exists(membersPath) {
      try Directory.move(membersPath, to: replacedPath)
    } else {
      try Directory.create(replacedPath)
    }
    try carryReplacementThrough()
  }

  /// Carries through what a killed process began.
  private func finishReplacement() throws {
    guard Directory.exists(replacedPath) else { return }
    let lock = try DirectoryLock(waitingFor: path)
    defer { withExtendedLifetime(lock) {} }
    try carryReplacementThrough()
  }

  /// Each step leaves a state from which the same steps go on.
  private func carryReplacementThrough() throws {
    guard Directory.exists(replacedPath) else { return }
    if Directory.exists(retraining.membersPath), !Directory.exists(membersPath) {
      try Directory.move(retraining.membersPath, to: membersPath)
    }
    // The experiment last: it says that the change is not over.
    for (new, place) in [
      (retraining.dataPath, dataPath), (retraining.environmentPath, environmentPath),
      (retraining.experimentPath, experimentPath),
    ] where Directory.exists(new) {
      try Directory.move(new, to: place)
    }
    try Directory.removeTree(replacedPath)
    // They spoke of the members that have moved.
    for folder in LeaseFolder.allCases {
      try Directory.removeTree(LeaseDirectory(path: retraining.path).path(of: folder))
    }
    // A report of the retraining may lie there.
    if try Directory.names(in: retraining.path, hidden: true).isEmpty {
      try Directory.removeTree(retraining.path)
    }
  }

  /// Whether a process, killed maybe, is putting later members in the place of earlier ones.
  var isBeingReplaced: Bool {
    Directory.exists(replacedPath) && Directory.exists(retraining.experimentPath)
  }
}

// MARK: - Words

extension RunDirectory {
  /// Where and for how many epochs a run's members are trained anew.
  public struct Retraining: Codable, Hashable, Sendable {
    /// The directory, which is a run of its own.
    public let path: String
    /// Passes over the training images, there and in the run as it is.
    public let epochs, earlierEpochs: Int

    /// For those who look at the run.
    public var text: String {
      "these members have \(earlierEpochs) epochs; a training with \(epochs) has begun in '\(path)' and takes their place "
        + "once it is complete"
    }
  }

  /// What is trained to take the place of this run's members; nil where nothing is, or where it cannot be read.
  public var begunRetraining: Retraining? {
    guard Directory.exists(retraining.experimentPath), let later = try? retraining.experiment(),
      let earlier = try? experiment()
    else { return nil }
    return Retraining(
      path: retraining.path, epochs: later.recipe.epochs, earlierEpochs: earlier.recipe.epochs)
  }

  /// For those who take the members of this run as they are.
  public var retrainingNotes: [Note] {
    begunRetraining.map { [Note(source: path, text: $0.text)] } ?? []
  }
}
