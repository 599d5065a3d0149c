import Ensembles
import Predictions
import Randomness

/// The hold-out in two: images that choose what is deployed, and images that are kept apart from it until all is chosen, the
/// calibration too, so that what they say of its answers is a promise.
///
/// They are drawn at random, without a look at classes or predictions: so they are a sample of the same images as those to
/// come, whatever was chosen on the others. Images that were given more than once stay together, and each calibrates once.
struct KeptImages: Equatable {
  /// Places in the hold-out, ascending.
  let choosing, calibrating: [Int]

  /// The smallest hold-out of which some are kept where no number is asked for, their share, and the most of them.
  private static let (leastHoldOut, share, most) = (2000, 5, 2000)
  /// The most scores of images that choose which are copied where no number is asked for.
  private static let mostCopiedScores = 1 << 27

  /// - Parameters:
  ///   - holdOut: By all members.
  ///   - options: What is to be promised; nil for nothing.
  /// - Returns: nil where none are kept.
  /// - Throws: `EnsembleError.invalidArgument` where more are asked for than half of the hold-out's different images.
  init?(
    of holdOut: [Predictions], _ options: AnswerLimits.Options?, seed: UInt64
  ) throws(EnsembleError) {
    guard let options else { return nil }
    guard options.keptImages.map({ $0 > 0 }) ?? (holdOut[0].count >= Self.leastHoldOut) else {
      return nil
    }
    let equal = EqualImages(holdOut)
    let firsts = equal.firsts
    let count = options.keptImages ?? Self.count(of: holdOut, different: firsts.count)
    guard count > 0 else { return nil }
    guard count <= firsts.count / 2 else {
      let images = holdOut[0].count
      throw .invalidArgument(
        name: "the number of images that are kept (--kept-images)", value: "\(count)",
        expected: "at most \(firsts.count / 2), half of the hold-out's \(firsts.count) images"
          + (firsts.count < images ? " that are different, of \(images)," : ","))
    }
    var generator = RandomStream(seed: seed, 0x6B65_7074)
    let kept = Set(generator.permutation(of: firsts.count).prefix(count))
    calibrating = kept.map { firsts[$0] }.sorted()
    choosing = firsts.indices.filter { !kept.contains($0) }.flatMap { place in
      [firsts[place]] + (equal.repeats[firsts[place]] ?? [])
    }.sorted()
  }

  /// - Parameter different: How many of the images are different: what is promised rests on these.
  private static func count(of holdOut: [Predictions], different: Int) -> Int {
    guard different >= leastHoldOut,
      holdOut[0].count * holdOut[0].classes * holdOut.count <= mostCopiedScores
    else { return 0 }
    return min(most, different / share)
  }

  /// The sets without the images that are kept.
  ///
  /// - Parameter kept: nil for none.
  static func choosing(
    _ sets: PredictionSets, without kept: KeptImages?
  ) throws(EnsembleError) -> PredictionSets {
    guard let kept else { return sets }
    return try sets.choosing(on: kept.choosing)
  }

  /// Predictions of the images that calibrate, each once: those that are kept, or all where none are.
  static func calibrating(
    _ sets: PredictionSets, _ kept: KeptImages?
  ) throws(EnsembleError) -> [Predictions] {
    let images = kept?.calibrating ?? EqualImages(sets.holdOut).firsts
    guard images.count < sets.holdOut[0].count else { return sets.holdOut }
    var found: [Predictions] = []
    for member in sets.holdOut { found.append(try member.selecting(images)) }
    return found
  }
}
