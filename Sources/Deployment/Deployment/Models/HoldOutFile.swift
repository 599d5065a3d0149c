import Files
import Predictions
import Runs

/// Where a run keeps what one of its members says of its hold-out.
struct HoldOutFile: Sendable {
  /// The file's path.
  let path: String
  /// What the file calls the member, where it says it.
  let name: String
  /// Of the member's training; nil where it is not known.
  let identity: String?

  /// Reads it, as the predictions of the member called `name` in an ensemble.
  ///
  /// - Throws: `ExperimentError.unusableMember` where they are said to be those of another, `WeightsError` or
  ///   `EnsembleError` for a bad file.
  func predictions(as name: String) throws -> Predictions {
    try MemberDirectory.checkPredictions(
      path, of: self.name, split: SplitName.holdOut, identity: identity)
    return try Predictions(path: path).renamed(name)
  }
}

extension TrainedMember {
  /// nil where there is none.
  fileprivate var holdOutFile: HoldOutFile? {
    let path = directory.predictionsPath(split: SplitName.holdOut)
    return Directory.exists(path) ? HoldOutFile(path: path, name: name, identity: identity) : nil
  }
}

extension ModelSource {
  /// Of the member at `index`; nil where the source holds no predictions of it.
  func holdOutFile(of index: Int) -> HoldOutFile? {
    guard case .run(let members) = content else { return nil }
    return members[index].holdOutFile
  }
}
