import Files

/// What is known of whether the images that judge are others than those that chose.
public enum ImageSeparation: String, Codable, Hashable, Sendable {
  /// No id is in both.
  case identifiers
  /// No two images of both have the same scores, which differ from image to image.
  case scores
  /// The fingerprints of the images differ: the sets are not the same, but may share some.
  case fingerprints
  /// Nothing identifies the images.
  case unknown

  /// What is to be said of it; nil where nothing is.
  public var warning: String? {
    self == .unknown
      ? "whether hold-out and test images are different ones is not known: give both ids, or a \"fingerprint\" in their lists"
      : nil
  }
}

/// Looks for images that two sets of predictions by the same members share.
struct SharedImages {
  /// What was found out.
  let separation: ImageSeparation
  /// What was found and is no reason to refuse.
  let notes: [Note]

  /// - Parameters:
  ///   - choosing: Predictions of the images that choose.
  ///   - judging: Of the images that judge, by the same members in the same order.
  /// - Throws: `EnsembleError.sharedImages`.
  init(_ choosing: [Predictions], _ judging: [Predictions]) throws(EnsembleError) {
    let first = (choosing[0], judging[0])
    let ids = (Self.identifiers(choosing), Self.identifiers(judging))
    if let mine = ids.0, let theirs = ids.1, !(mine.areRowNumbers && theirs.areRowNumbers) {
      try Self.checkIdentifiers(mine, theirs, first.0, first.1)
      (separation, notes) = (.identifiers, [])
      return
    }
    let scores = SharedScores(choosing, judging)
    guard scores.areTelling else {
      let areKnown = !first.0.identity.knowsLabelsOnly && !first.1.identity.knowsLabelsOnly
      (separation, notes) = (areKnown ? .fingerprints : .unknown, [])
      return
    }
    if scores.shared >= max(2, min(first.0.count, first.1.count) / 10) {
      throw .sharedImages(
        first: first.0.source, second: first.1.source, count: scores.shared,
        evidence: "they have the very same scores")
    }
    separation = .scores
    notes =
      scores.shared == 0
      ? []
      : [
        Note(
          source: first.1.source,
          text:
            "\(scores.shared) of \(first.1.count) test images have the scores of hold-out images: they may be the same"
        )
      ]
  }

  private static func identifiers(_ members: [Predictions]) -> ImageIdentifiers? {
    members.lazy.compactMap(\.imported?.identifiers).first
  }

  /// - Throws: `EnsembleError.sharedImages` where an id is in both, unless labels show that ids are counted in each.
  private static func checkIdentifiers(
    _ mine: ImageIdentifiers, _ theirs: ImageIdentifiers, _ first: Predictions,
    _ second: Predictions
  ) throws(EnsembleError) {
    let places = Dictionary(zip(mine.values, mine.values.indices)) { first, _ in first }
    let shared = theirs.values.filter { places[$0] != nil }
    guard let example = shared.first else { return }
    throw .sharedImages(
      first: first.source, second: second.source, count: shared.count,
      evidence: "such as '\(example.prefix(60))'")
  }
}

/// Images of two sets that have the same scores by all members.
private struct SharedScores {
  /// How many of the second set have the scores of one of the first.
  let shared: Int
  /// Whether scores differ from image to image, so that equal ones mean equal images.
  let areTelling: Bool

  init(_ choosing: [Predictions], _ judging: [Predictions]) {
    let (mine, theirs) = (Self.keys(choosing), Self.keys(judging))
    let (known, others) = (Set(mine), Set(theirs))
    areTelling =
      Self.mostDiffer(known.count, mine.count) && Self.mostDiffer(others.count, theirs.count)
    shared = theirs.count { known.contains($0) }
  }

  private static func mostDiffer(_ different: Int, _ count: Int) -> Bool {
    count >= fewestImages && 10 * different >= 9 * count
  }

  /// Of fewer images, equal scores may be chance.
  private static let fewestImages = 10
  /// The most scores of a member that are looked at of an image.
  private static let mostClasses = 32

  /// Of each image, a hash of its label and of what members say about some of the classes, to three decimals.
  private static func keys(_ members: [Predictions]) -> [UInt64] {
    let classes = members[0].classes
    let step = (classes + mostClasses - 1) / mostClasses
    // FNV-1a, of 64 bits at a time.
    @Sendable func mixed(_ key: UInt64, _ value: Int64) -> UInt64 {
      (key ^ UInt64(bitPattern: value)) &* 0x100_0000_01B3
    }
    var keys = members[0].labels.map { mixed(0xCBF2_9CE4_8422_2325, $0) }
    for member in members {
      keys.withUnsafeMutableBufferPointer { keys in
        // Each piece changes its own images' keys, and the buffer outlives the call.
        nonisolated(unsafe) let keys = keys
        member.forEachPiece { images, values in
          for image in images {
            let row = values + (image - images.lowerBound) * classes
            for place in stride(from: 0, to: classes, by: step) {
              keys[image] = mixed(
                keys[image], Int64((max(row[place], -1000) * 1000).rounded()))
            }
          }
        }
      }
    }
    return keys
  }
}
