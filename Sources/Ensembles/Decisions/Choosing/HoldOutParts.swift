import Predictions
import Randomness

/// The hold-out in two parts that share no image: one designs what could be deployed, the other proves that it is as good.
///
/// Both consist of *folds*, equally many images of each class in all of them, as far as that goes; the order of the images
/// is drawn. Images that all members predict the same to the last bit, under the same label, are one image given more than
/// once: they stay together, and count once where something is proved.
struct HoldOutParts: Sendable {
  /// Images, each in one fold.
  let folds: [[Int]]
  /// For each image, whether it is the first of those that are the same.
  let isFirst: ImageBits
  /// The images of the part that designs, ascending, and of the part that proves.
  let design, proof: [Int]
  /// The images that prove, each once.
  let proofBits: ImageBits
  /// The images that design.
  let designBits: ImageBits

  /// How many folds there are at most.
  static let mostFolds = 20
  /// Of each five folds, the places of those that design: three fifths are left to prove, which takes more images.
  private static let designing: Set<Int> = [1, 3]
  /// Of the images, the share that proves.
  static let proofShare = 0.6

  init(_ members: [Predictions], seed: UInt64) {
    let equal = EqualImages(members)
    let images = members[0].count
    var byClass: [Int64: [Int]] = [:]
    for first in equal.firsts { byClass[members[0].labels[first], default: []].append(first) }
    let count = max(1, min(Self.mostFolds, equal.firsts.count))
    var folds = [[Int]](repeating: [], count: count)
    var next = 0
    for (label, firsts) in byClass.sorted(by: { $0.key < $1.key }) {
      var generator = RandomStream(
        seed: seed, 0x7061_7274, UInt64(bitPattern: label))
      for place in generator.permutation(of: firsts.count) {
        folds[next % count].append(firsts[place])
        folds[next % count] += equal.repeats[firsts[place]] ?? []
        next += 1
      }
    }
    self.init(
      folds: folds.map { $0.sorted() },
      isFirst: ImageBits(images: images, of: equal.firsts))
  }

  private init(folds: [[Int]], isFirst: ImageBits) {
    self.folds = folds
    self.isFirst = isFirst
    func part(_ designs: Bool) -> [Int] {
      folds.indices.filter { Self.designing.contains($0 % 5) == designs }.flatMap { folds[$0] }
        .sorted()
    }
    design = part(true)
    proof = part(false)
    designBits = ImageBits(images: isFirst.images, of: design)
    proofBits = ImageBits(images: isFirst.images, of: proof.filter { isFirst[$0] })
  }

  /// Some of the folds as a hold-out of their own, which is divided anew.
  ///
  /// - Returns: The parts, and which images they number, ascending.
  func selecting(_ chosen: [Int]) -> (parts: HoldOutParts, images: [Int]) {
    let images = chosen.flatMap { folds[$0] }.sorted()
    let places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1, $0) })
    return (
      HoldOutParts(
        folds: chosen.map { folds[$0].compactMap { places[$0] } },
        isFirst: ImageBits(images.map { isFirst[$0] })), images
    )
  }

  /// Whether a fold is of the part that designs.
  func isDesign(fold: Int) -> Bool { Self.designing.contains(fold % 5) }

  /// How many images were given again.
  var repeated: Int { isFirst.images - isFirst.count }
}
