import Ensembles
import Files
import Inference

/// The directory into which processes, perhaps on several machines, write the shards of one prediction.
///
/// There are no locks and no owner. A shard appears whole, once, under its name; whoever sees all of them may put them
/// together, and several that do so get the same.
package struct ShardDirectory: Sendable {
  /// Where it is.
  package let path: String
  private let members: [EnsembleMember]
  private let combination: Combination
  private let runsAllMembers: Bool
  private let images: PredictionImages
  private let options: PredictionOptions
  private let identity: PredictionIdentity

  /// Describes the prediction whose shards are in the directory at `path`.
  ///
  /// - Throws: As `PredictionIdentity` does.
  package init(
    path: String, of members: [EnsembleMember], combinedBy combination: Combination,
    runsAllMembers: Bool, on images: PredictionImages, options: PredictionOptions
  ) throws {
    self.path = path
    (self.members, self.combination) = (members, combination)
    (self.runsAllMembers, self.images, self.options) = (runsAllMembers, images, options)
    identity = try PredictionIdentity(
      of: members, combinedBy: combination, runsAllMembers: runsAllMembers, on: images,
      options: options)
  }

  /// How far the shards are.
  package struct Progress: Hashable, Sendable {
    /// How many there are to be.
    package let count: Int
    /// The numbers of those that are not there, from 1.
    package let missing: [Int]
  }

  /// Which shards are there.
  ///
  /// - Parameter count: How many there are to be; as the files say where nil.
  /// - Throws: `ShardError`, or `FileError`.
  package func progress(count: Int? = nil) throws -> Progress {
    let there = try Directory.names(in: path).compactMap(PredictionShard.init(fileName:))
    let counts = Set(there.map(\.count)).sorted()
    guard let own = count ?? counts.first else { throw ShardError.none(directory: path) }
    guard counts.allSatisfy({ $0 == own }) else {
      throw ShardError.otherDivision(directory: path, counts: counts, wanted: count)
    }
    let numbers = Set(there.map(\.number))
    return Progress(count: own, missing: (1...own).filter { !numbers.contains($0) })
  }

  /// Predicts the images of `shard` and writes its file, unless it is there already.
  ///
  /// - Returns: Whether this call wrote it.
  /// - Throws: `ShardError` where shards of another prediction are there, or what predicting and writing throw.
  package func predict(
    _ shard: PredictionShard,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Bool {
    try Directory.create(path)
    let before = try self.progress(count: shard.count)
    // Before the work: what could not be put together is said at once.
    let isThere = !before.missing.contains(shard.number)
    let other = isThere ? shard.number : (1...shard.count).first { !before.missing.contains($0) }
    if let other { _ = try read(PredictionShard(number: other, count: shard.count)) }
    guard !isThere else { return false }
    let part = try EnsemblePredictions.part(
      range(of: shard), of: members, combinedBy: combination, runsAllMembers: runsAllMembers,
      on: images, options: options, progress: progress)
    return try part.write(
      to: "\(path)/\(shard.fileName)", identity: identity, classes: members[0].model.classes)
  }

  /// Puts all shards together.
  ///
  /// - Throws: `ShardError.missing` where they are not all there, other cases where one cannot be used, or what
  ///   `EnsemblePredictions` throws.
  package func merge() throws -> EnsemblePredictions {
    let progress = try progress()
    guard progress.missing.isEmpty else {
      throw ShardError.missing(
        directory: path, numbers: progress.missing, count: progress.count)
    }
    let parts = try (1...progress.count).map {
      try read(PredictionShard(number: $0, count: progress.count))
    }
    return try EnsemblePredictions(
      joining: parts, of: members, combinedBy: combination, runsAllMembers: runsAllMembers,
      on: images)
  }

  private func range(of shard: PredictionShard) -> Range<Int> {
    // A model with a batch of its own has that one.
    let batch = members.map { $0.model.input.fixedBatch ?? options.batch }.max() ?? options.batch
    return shard.images(of: images.count, batch: batch)
  }

  private func read(_ shard: PredictionShard) throws -> PredictionPart {
    try PredictionPart(
      path: "\(path)/\(shard.fileName)", identity: identity, images: range(of: shard),
      members: members.count, classes: members[0].model.classes)
  }
}
