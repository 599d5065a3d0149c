import Ensembles
import Predictions

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the answers for some images of the traffic looked like, counted as those of the hold-out are.
package struct TrafficCounts: Hashable, Sendable {
  /// How many images.
  package private(set) var images = 0
  /// How many stopped after each member; empty where all members run on all images.
  package private(set) var exits: [Int]
  /// How many answers have the probability of their class in each bin.
  package private(set) var confidences: [Int]
  /// Of how many images not all members that ran predict one class.
  package private(set) var disagreements = 0

  /// What was counted of so many images.
  init(images: Int, _ counts: AnswerCounts) {
    self.images = images
    exits = counts.exits ?? []
    confidences = counts.confidences
    disagreements = counts.disagreements
  }

  /// Nothing yet, counted alike.
  var zero: TrafficCounts {
    var counts = self
    counts.images = 0
    counts.exits = exits.map { _ in 0 }
    counts.confidences = confidences.map { _ in 0 }
    counts.disagreements = 0
    return counts
  }

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - exit: After which member, from 0, it stopped.
  ///   - confidence: The probability of its class.
  ///   - bounds: Ascending, between the bins of confidence: what equals one is above it.
  mutating func add(exit: Int, confidence: Double, bounds: [Double], isDisputed: Bool) {
    images += 1
    if exits.indices.contains(exit) { exits[exit] += 1 }
    confidences[bounds.firstIndex { confidence < $0 } ?? bounds.count] += 1
    disagreements += isDisputed ? 1 : 0
  }

  /// Adds the images of others, which are counted alike.
  mutating func add(_ other: TrafficCounts) {
    images += other.images
    for index in exits.indices { exits[index] += other.exits[index] }
    for index in confidences.indices { confidences[index] += other.confidences[index] }
    disagreements += other.disagreements
  }

  /// Adds the images of an answer by the whole ensemble.
  mutating func add(_ answer: EnsembleAnswer, bounds: [Double]) {
    let width = answer.logProbabilities.count / max(1, answer.count)
    for row in 0..<answer.count {
      let place = row * width + answer.classes[row]
      add(
        exit: answer.exits[row], confidence: exp(Double(answer.logProbabilities[place])),
        bounds: bounds, isDisputed: answer.isDisputed(row, classes: width))
    }
  }
}

extension EnsembleAnswer {
  /// Whether not all members that ran on an image predict one class.
  fileprivate func isDisputed(_ row: Int, classes: Int) -> Bool {
    var first: Int?
    for member in 0..<progress.members where progress.hasRun(member, on: row) {
      let said = memberLogProbabilities[member].withUnsafeBufferPointer {
        argmax($0, row * classes..<(row + 1) * classes)
      }
      if let first, first != said { return true }
      first = said
    }
    return false
  }
}
