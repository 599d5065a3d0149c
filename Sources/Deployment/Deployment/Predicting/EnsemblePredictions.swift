import Datasets
import Ensembles
import Files
import Inference
import Predictions

/// What the members of an ensemble say about the same images; of a cascade, each about the images that came to it.
package struct EnsemblePredictions: Sendable {
  /// The members.
  package let members: [EnsembleMember]
  /// How they become one.
  package let combination: Combination
  /// The images' places among those that were asked for, `[n]`, in order: all but those that were skipped.
  package let indices: [Int]
  /// Of each member, the places in `indices` of the images that it predicted, in order: all of them where the members
  /// are no cascade.
  package let places: [[Int]]
  /// Each member's log-probabilities, `[places.count, classes]`, in nats.
  package let logProbabilities: [[Float]]
  /// `[n]`: after which member, from 0, each image stopped; the last one where the members are no cascade.
  package let exits: [Int]
  /// The images that could not be decoded, in order.
  package let skipped: [SkippedImage]
  /// What was odd about images that were decoded all the same.
  package let notes: [Note]
  /// Identifies the images that were predicted and their labels, in order: by the pixels where they were decoded
  /// before, by the files' bytes otherwise.
  package let fingerprint: String
  /// How long it took, in seconds: decoding included, compiling the models not.
  package let seconds: Double

  /// Predicts `images` on all threads, which compute side by side.
  ///
  /// Members that read the same input share the decoded images. The members of a cascade run one after another, each on
  /// the images that have not stopped before, which are decoded again for it. An image's numbers are the same either
  /// way.
  ///
  /// - Parameters:
  ///   - members: At least one, all of the same classes.
  ///   - combination: How they become one, and when an image stops where they are a cascade.
  ///   - runsAllMembers: Whether a cascade's members run on every image all the same.
  ///   - images: At least one.
  ///   - progress: Is told now and then, on any thread, how many images of how many are done.
  /// - Throws: `InferenceError`, `DatasetError`, `FileError`, `EnsembleError`.
  package init(
    of members: [EnsembleMember], combinedBy combination: Combination = Combination(),
    runsAllMembers: Bool = false, on images: PredictionImages, options: PredictionOptions,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let part = try Self.part(
      0..<images.count, of: members, combinedBy: combination, runsAllMembers: runsAllMembers,
      on: images, options: options, progress: progress)
    try self.init(
      joining: [part], of: members, combinedBy: combination, runsAllMembers: runsAllMembers,
      on: images)
  }

  /// Puts together what was predicted of all images, part by part.
  init(
    joining parts: [PredictionPart], of members: [EnsembleMember],
    combinedBy combination: Combination, runsAllMembers: Bool, on images: PredictionImages
  ) throws {
    let all = PredictionPart(joining: parts)
    precondition(all.images == 0..<images.count, "the parts are of all images")
    guard !all.kept.isEmpty else { throw InferenceError.allSkipped(all.skipped[0].name) }
    self.members = members
    self.combination = combination
    indices = all.kept
    places = members.indices.map { member in
      all.kept.indices.filter { all.lastMembers[$0] >= member }
    }
    logProbabilities = all.logProbabilities
    skipped = all.skipped
    notes = Self.notes(on: images, all.oddities) + all.notes
    fingerprint = Self.fingerprint(of: images, all)
    seconds = all.seconds
    exits = try Self.exits(
      combination, all, isStaged: Self.isStaged(combination, runsAllMembers),
      classes: members[0].model.classes)
  }

  /// Predicts some of the images, as the other `init` does all of them.
  static func part(
    _ range: Range<Int>, of members: [EnsembleMember], combinedBy combination: Combination,
    runsAllMembers: Bool, on images: PredictionImages, options: PredictionOptions,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws -> PredictionPart {
    precondition(!members.isEmpty && images.count > 0, "at least one member and one image")
    _ = try EnsembleMember.commonLabels(of: members)
    if let fault = combination.fault(memberCount: members.count) {
      throw InferenceError.unfitCombination(reason: fault)
    }
    for member in members { try PredictionFeed.check(images, for: member.preprocessing) }
    guard !range.isEmpty else { return .none(members: members.count, at: range.lowerBound) }
    let isStaged = isStaged(combination, runsAllMembers)
    let groups = isStaged ? members.indices.map { [$0] } : Self.groups(members)
    let results = try PredictionResults(members: members.map(\.model), images: range) {
      // Images and not predictions: the groups take about as long as each other.
      progress($0 / groups.count, range.count)
    }
    var work = PredictionWork(
      members: members, images: images, range: range, options: options, results: results)
    let exits = try isStaged ? work.runStages(of: combination) : work.run(groups)
    var part = results.finish(exits: exits)
    (part.notes, part.seconds) = (work.notes, work.seconds)
    return part
  }

  /// Whether members run one after another, each on the images that have not stopped before.
  private static func isStaged(_ combination: Combination, _ runsAllMembers: Bool) -> Bool {
    combination.cascade != nil && !runsAllMembers
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

  /// After which member each kept image stopped, or would have.
  private static func exits(
    _ combination: Combination, _ state: PredictionPart, isStaged: Bool, classes: Int
  ) throws -> [Int] {
    if isStaged { return state.lastMembers }
    let last = state.logProbabilities.count - 1
    var exits = [Int](repeating: last, count: state.kept.count)
    guard combination.cascade != nil else { return exits }
    var remaining = Array(exits.indices)
    for stage in 0..<last where !remaining.isEmpty {
      let rows = state.logProbabilities[...stage].map { values in
        remaining.flatMap { values[$0 * classes..<($0 + 1) * classes] }
      }
      let stops = try combination.stops(afterRows: rows, classes: classes)
      for (place, stop) in zip(remaining, stops) where stop { exits[place] = stage }
      remaining = zip(remaining, stops).filter { !$0.1 }.map(\.0)
    }
    return exits
  }

  private static func notes(on images: PredictionImages, _ oddities: [Int: ImageOddity]) -> [Note] {
    var counted = ImageOddities()
    for index in oddities.keys.sorted() {
      counted.add(oddities[index] ?? [], images.name(of: index))
    }
    return counted.notes(of: "images")
  }

  private static func fingerprint(
    of images: PredictionImages, _ state: PredictionPart
  ) -> String {
    switch images {
    case .decoded(let split): return split.fingerprint
    case .encoded(let split):
      var fingerprint = ImagesFingerprint()
      for (index, hash) in zip(state.kept, state.contentHashes) {
        fingerprint.add(contentHash: hash, label: split.labels[index])
      }
      return fingerprint.finish()
    }
  }
}

extension Combination {
  /// Which images stop after some members that are not all.
  ///
  /// - Parameters:
  ///   - rows: Each member's log-probabilities, `[N, classes]`.
  ///   - classes: Their number.
  /// - Returns: `[N]`.
  package func stops(afterRows rows: [[Float]], classes: Int) throws(EnsembleError) -> [Bool] {
    var members: [Predictions] = []
    for (index, row) in rows.enumerated() {
      // Nothing but the distributions matters to when an image stops.
      members.append(
        try Predictions(
          name: "member \(index)", network: "any", multiplyAccumulates: 1, parameters: 1,
          split: "any", fingerprint: "any", logProbabilities: row,
          labels: [Int64](repeating: 0, count: row.count / classes), classes: classes))
    }
    return try stops(after: members, isLast: false)
  }
}
