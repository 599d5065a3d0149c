import Datasets
import Files
import Networks
import Predictions
import Runs

/// What one training leaves: its end, and what else of it is kept.
struct TrainingResults {
  let end: MemberResult
  /// Snapshots in the order of their epochs, then the average.
  private let derived: [MemberResult]
  /// Those that only a training can make.
  private(set) var missing: [MemberResult] = []

  /// - Parameter record: The images of the run.
  init(
    of member: Experiment.Member, _ network: Network, in run: RunDirectory,
    of experiment: Experiment, on record: DataRecord
  ) throws {
    func result(_ member: Experiment.Member) throws -> MemberResult {
      try MemberResult(
        of: member, network, in: run.member(member.name), of: experiment, on: record)
    }
    end = try result(member)
    derived = try member.derived.map(result)
  }

  var all: [MemberResult] { [end] + derived }

  /// Creates the members' directories, and removes what a killed process left there.
  func prepareDirectories() throws {
    for result in all {
      try Directory.create(result.files.path)
      try DirectoryLock.removeAbandonedFiles(in: result.files.path)
    }
  }

  /// Takes note of what is to be trained.
  mutating func setMissing(_ conditions: [(result: MemberResult, MemberResult.Condition)]) {
    missing = conditions.compactMap { result, condition in
      if case .nothing = condition { result } else { nil }
    }
  }

  /// Whether the result has to be made.
  func isMissing(_ result: MemberResult) -> Bool {
    missing.contains { $0.member == result.member }
  }

  /// The snapshot that the end of that epoch is; nil where it is none.
  func snapshot(epoch: Int) -> MemberResult? {
    derived.first { $0.member.part == .snapshot(epoch: epoch) }
  }

  /// The average of some epochs' ends; nil where none is asked for.
  var average: MemberResult? {
    derived.first { if case .average = $0.member.part { true } else { false } }
  }

  /// The first epoch whose end has still to be seen; a training that is beyond it cannot go back.
  var firstMissingSnapshot: Int? {
    missing.compactMap { if case .snapshot(let epoch) = $0.member.part { epoch } else { nil } }
      .min()
  }

  /// Whether there is something to be made after the end of that epoch.
  func isUnfinished(after epoch: Int) -> Bool {
    missing.contains { result in
      if case .snapshot(let last) = result.member.part { last > epoch } else { true }
    }
  }
}

extension RunDirectory {
  /// Whether all that a training leaves is there. What the files hold is not looked at.
  func isComplete(_ training: Experiment.Member, withHoldOut: Bool) -> Bool {
    ([training] + training.derived).allSatisfy {
      member($0.name).isComplete(withHoldOut: withHoldOut)
    }
  }
}
