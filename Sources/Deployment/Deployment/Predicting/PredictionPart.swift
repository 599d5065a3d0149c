import Datasets
import Files

/// What members said of some of the images: all of a run's, or those of one shard.
struct PredictionPart: Sendable {
  /// Which of all images it is about.
  let images: Range<Int>
  /// `[n]`: the images that every member predicted that was to, among all, in order.
  let kept: [Int]
  /// `[n]`: which member was the last to predict each of them, from 0.
  let lastMembers: [Int]
  /// Each member's log-probabilities, `[m, classes]`, in nats: of the kept images that it predicted, in order.
  let logProbabilities: [[Float]]
  /// The images that could not be decoded, in order.
  let skipped: [SkippedImage]
  /// `[n]`, the SHA-256 of each kept image's file; empty texts where images were decoded before.
  let contentHashes: [String]
  /// Those of the images that are odd.
  let oddities: [Int: ImageOddity]
  /// What is to be said of the members' outputs.
  var notes: [Note] = []
  /// How long it took.
  var seconds = 0.0

  /// Nothing, of no image.
  static func none(members: Int, at place: Int) -> PredictionPart {
    PredictionPart(
      images: place..<place, kept: [], lastMembers: [],
      logProbabilities: [[Float]](repeating: [], count: members), skipped: [], contentHashes: [],
      oddities: [:])
  }

  /// The parts of all images, in order, as one.
  init(joining parts: [PredictionPart]) {
    precondition(
      zip(parts, parts.dropFirst()).allSatisfy { $0.images.upperBound == $1.images.lowerBound },
      "parts of all images, one after another")
    guard parts.count > 1, let first = parts.first, let last = parts.last else {
      self = parts[0]
      return
    }
    images = first.images.lowerBound..<last.images.upperBound
    kept = parts.flatMap(\.kept)
    lastMembers = parts.flatMap(\.lastMembers)
    logProbabilities = first.logProbabilities.indices.map { member in
      parts.flatMap { $0.logProbabilities[member] }
    }
    skipped = parts.flatMap(\.skipped)
    contentHashes = parts.flatMap(\.contentHashes)
    oddities = parts.reduce(into: [:]) { all, part in
      all.merge(part.oddities) { earlier, _ in earlier }
    }
    // Several shards may find the same doubtful.
    var notes: [Note] = []
    for note in parts.flatMap(\.notes) where !notes.contains(note) { notes.append(note) }
    self.notes = notes
    seconds = parts.reduce(0) { $0 + $1.seconds }
  }

  init(
    images: Range<Int>, kept: [Int], lastMembers: [Int], logProbabilities: [[Float]],
    skipped: [SkippedImage], contentHashes: [String], oddities: [Int: ImageOddity],
    notes: [Note] = [], seconds: Double = 0
  ) {
    (self.images, self.kept, self.lastMembers) = (images, kept, lastMembers)
    (self.logProbabilities, self.skipped) = (logProbabilities, skipped)
    (self.contentHashes, self.oddities) = (contentHashes, oddities)
    (self.notes, self.seconds) = (notes, seconds)
  }
}
