import Files
import Runs
import Torch

/// The checkpoints of one member: the newest two, so that there is another where one is damaged.
package struct CheckpointStore {
  private static let kept = 2

  private let directory: MemberDirectory
  /// Of the training, which distinguishes its checkpoints from others.
  private let identity: String
  /// The paths of those known to be whole, the oldest first.
  private var whole: [String] = []

  package init(_ directory: MemberDirectory, of identity: String) {
    self.directory = directory
    self.identity = identity
  }

  /// What `restore` found.
  package struct Restored {
    /// Where the training goes on.
    package let position: Checkpoint.Position
    /// Why newer checkpoints than that could not be used.
    let damages: [TrainingError]
  }

  /// Fills `state` from the newest checkpoint that can be used; returns nil where there is none at all.
  ///
  /// - Parameter isPossible: Whether the training can stand there.
  /// - Throws: `TrainingError.unusableCheckpoint` where there are some, but none can be used.
  package mutating func restore(
    into state: [(name: String, tensor: Tensor)],
    where isPossible: (Checkpoint.Position) -> Bool
  ) throws -> Restored? {
    for _ in 0..<Self.looks {
      var damages: [TrainingError] = []
      var isChanging = false
      for path in try directory.checkpointPaths() {
        do throws(TrainingError) {
          let position = try Checkpoint.read(path, of: identity, into: state)
          guard isPossible(position) else {
            throw .unusableCheckpoint(path: path, reason: "it stands beyond the training's end")
          }
          whole = [path]
          return Restored(position: position, damages: damages)
        } catch {
          // A worker that does not yet know that it has lost the member removes its own.
          if Directory.exists(path) { damages.append(error) } else { isChanging = true }
        }
      }
      if isChanging { continue }
      if let newest = damages.first { throw newest }
      return nil
    }
    throw TrainingError.unusableCheckpoint(
      path: directory.path, reason: "another process removes its checkpoints")
  }

  private static let looks = 5

  /// Writes a checkpoint, then removes those that are older than the one before it, or damaged; never one that a later holder
  /// of the member wrote.
  ///
  /// - Parameter token: The number of the lease under which it is written.
  /// - Throws: `WeightsError` where it cannot be written; the earlier ones stay. `FileError` where an old one cannot
  ///   be removed.
  package mutating func save(
    _ state: [CheckpointTensor], at position: Checkpoint.Position, step: Int, token: Int = 1
  ) throws {
    let path = directory.checkpointPath(step: step, token: token)
    try Checkpoint.write(state, at: position, of: identity, to: path)
    whole = (whole.filter { $0 != path } + [path]).suffix(Self.kept)
    for path in try directory.checkpointPaths() where !whole.contains(path) {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      guard let place = RunFile.place(ofCheckpoint: name), place.token <= token else { continue }
      try Directory.removeFile(path)
    }
  }

  /// Brings the newest checkpoint that can be used to where the same member is trained for more epochs, unless something is
  /// there. The schedule of the learning rate must not depend on their number: the bits are then those of a longer training
  /// from the start.
  ///
  /// - Throws: `TrainingError.unusableCheckpoint` where there are some, but none can be used.
  static func carryOver(_ member: RunDirectory.MemberContinuation, data: DataRecord) throws {
    let (from, to) = (member.from, member.to)
    let paths = try from.checkpointPaths()
    guard !paths.isEmpty, !Directory.exists(to.weightsPath), try to.checkpointPaths().isEmpty
    else { return }
    let identity = try member.earlier.identity(of: member.member, data: data)
    let longer = try member.longer.identity(of: member.member, data: data)
    try Directory.create(to.path)
    var damage: TrainingError?
    for path in paths {
      let name = path.split(separator: "/").last ?? ""
      do {
        // The checkpoint last: it says that the others are there.
        for (file, copy) in [
          (from.newestEpochsPath, to.epochsPath()), (from.environmentPath, to.environmentPath),
        ] where Directory.exists(file) {
          try DurableFile.write(MappedFile(path: file).withBytes { Array($0) }, to: copy)
        }
        try Checkpoint.copy(path, of: identity, to: "\(to.path)/\(name)", as: longer)
        return
      } catch let error as TrainingError { damage = damage ?? error }
    }
    if let damage { throw damage }
  }

  /// Removes a member's checkpoints.
  ///
  /// - Parameter step: Only those of more steps than that are removed.
  /// - Throws: `FileError` where one cannot be removed.
  package static func removeAll(of directory: MemberDirectory, after step: Int = -1) throws {
    for path in try directory.checkpointPaths() {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      guard let place = RunFile.place(ofCheckpoint: name), place.step > step else { continue }
      try Directory.removeFile(path)
    }
  }
}
