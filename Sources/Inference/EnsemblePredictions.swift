import Datasets
import Ensembles

/// What the members of an ensemble say about the same images.
public struct EnsemblePredictions: Sendable {
  /// The members.
  public let members: [EnsembleMember]
  /// The images' places among those that were asked for, `[n]`, in order: all but those that were skipped.
  public let indices: [Int]
  /// Each member's log-probabilities, `[n, classes]`, in nats.
  public let logProbabilities: [[Float]]
  /// The images that could not be decoded, in order.
  public let skipped: [SkippedImage]
  /// Identifies the images that were predicted and their labels, in order: by the pixels where they were decoded
  /// before, by the files' bytes otherwise.
  public let fingerprint: String

  /// Predicts `images`: decoded once for each different preprocessing, by all threads, which compute side by side.
  ///
  /// - Parameters:
  ///   - members: At least one, all of the same classes.
  ///   - images: At least one.
  ///   - progress: Is told now and then, on any thread, how many images of how many are done.
  /// - Throws: `InferenceError`, `DatasetError`, `FileError`.
  public init(
    of members: [EnsembleMember], on images: PredictionImages, options: PredictionOptions,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    precondition(!members.isEmpty && images.count > 0, "at least one member and one image")
    _ = try EnsembleMember.commonLabels(of: members)
    let groups = Self.groups(members)
    let total = groups.count * images.count
    let results = PredictionResults(members: members.map(\.model), images: images.count) {
      progress($0, total)
    }
    for (number, group) in groups.enumerated() {
      let run = try GroupRun(
        group, members: members, images: images, isFirst: number == 0, options: options)
      try run.compute(into: results)
    }
    let state = results.finish()
    guard !state.kept.isEmpty else { throw InferenceError.allSkipped(state.skipped[0].name) }
    self.members = members
    indices = state.kept
    logProbabilities = state.logProbabilities
    skipped = state.skipped
    fingerprint = Self.fingerprint(of: images, state)
  }

  /// Members that read the very same input.
  private static func groups(_ members: [EnsembleMember]) -> [[Int]] {
    var groups: [[Int]] = []
    for (index, member) in members.enumerated() {
      let place = groups.firstIndex { group in
        let other = members[group[0]]
        return other.preprocessing == member.preprocessing
          && other.model.input == member.model.input
      }
      if let place { groups[place].append(index) } else { groups.append([index]) }
    }
    return groups
  }

  private static func fingerprint(
    of images: PredictionImages, _ state: PredictionResults.Final
  ) -> String {
    switch images {
    case .decoded(let split): return split.fingerprint
    case .encoded(let split):
      var fingerprint = ImagesFingerprint()
      for index in state.kept {
        fingerprint.add(contentHash: state.contentHashes[index], label: split.labels[index])
      }
      return fingerprint.finish()
    }
  }
}

/// The work on members that read the same input.
private struct GroupRun: Sendable {
  let group: [Int]
  let preprocessing: Preprocessing
  let classifier: Classifier
  let feed: PredictionFeed
  let threads: Int

  init(
    _ group: [Int], members: [EnsembleMember], images: PredictionImages, isFirst: Bool,
    options: PredictionOptions
  ) throws {
    self.group = group
    let first = members[group[0]]
    preprocessing = first.preprocessing
    threads = options.inference.threads
    var inference = options.inference
    inference.streams = threads
    let batch = first.model.input.fixedBatch ?? min(options.batch, images.count)
    classifier = try Classifier(group.map { members[$0].model }, batch: batch, options: inference)
    feed = try PredictionFeed(
      images, for: preprocessing, batch: batch, hashesContents: isFirst, options)
  }

  /// Computes all batches on all threads.
  ///
  /// - Throws: What went wrong first.
  func compute(into results: PredictionResults) throws {
    try Workers.run(count: threads) {
      do {
        let session = try InferenceSession(classifier)
        while let batch = try feed.next() {
          try compute(batch, in: session, into: results)
        }
      } catch {
        feed.cancel()
        throw error
      }
    }
  }

  private func compute(
    _ batch: PredictionBatch, in session: InferenceSession, into results: PredictionResults
  ) throws {
    let count = batch.indices.count
    var values: [[Float]] = []
    if count > 0 {
      let size = session.input.count / classifier.batch
      batch.pixels.withBytes { pixels in
        preprocessing.normalize(
          UnsafeRawBufferPointer(rebasing: pixels[batch.bytes]),
          into: UnsafeMutableBufferPointer(rebasing: session.input[..<(count * size)]))
      }
      try session.run()
      for member in group.indices {
        values.append(try session.logProbabilities(of: member, count: count))
      }
    }
    results.add(batch, members: group, values)
  }
}
