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
    let groups = EqualImages(members).groups
    let images = members[0].count
    var byClass: [Int64: [[Int]]] = [:]
    for group in groups { byClass[members[0].labels[group[0]], default: []].append(group) }
    let count = max(1, min(Self.mostFolds, groups.count))
    var folds = [[Int]](repeating: [], count: count)
    var next = 0
    for (label, groups) in byClass.sorted(by: { $0.key < $1.key }) {
      var generator = RandomStream(
        seed: seed, 0x7061_7274, UInt64(bitPattern: label))
      for place in generator.permutation(of: groups.count) {
        folds[next % count] += groups[place]
        next += 1
      }
    }
    self.init(
      folds: folds.map { $0.sorted() },
      isFirst: ImageBits(images: images, of: groups.map { $0[0] }))
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

/// Images that all members predict the same to the last bit, under the same label.
///
/// Only predictions that tell images apart are looked at: answers without scores, or rounded ones, are the same for many
/// images that are different.
struct EqualImages {
  /// All images, each in one group, ascending.
  let groups: [[Int]]

  init(_ members: [Predictions]) {
    let images = members[0].count
    var keys = [UInt64](repeating: 0, count: images)
    for (image, label) in members[0].labels.enumerated() {
      keys[image] = Self.mixed(UInt64(bitPattern: label))
    }
    // A few scores of each member part almost all images; the others are compared in full.
    let classes = members[0].classes
    for member in members {
      member.withLogProbabilities { values in
        for image in 0..<images {
          let row = image * classes
          for place in Set([0, classes / 2, Int(member.labels[image])]).sorted() {
            keys[image] = Self.mixed(
              keys[image] ^ UInt64(values[row + place].bitPattern) &+ 0x9E37_79B9_7F4A_7C15)
          }
        }
      }
    }
    var groups: [[Int]] = []
    var known: [UInt64: [Int]] = [:]
    for image in 0..<images {
      let same = known[keys[image], default: []].first {
        Self.areEqual(groups[$0][0], image, members)
      }
      if let same {
        groups[same].append(image)
      } else {
        known[keys[image], default: []].append(groups.count)
        groups.append([image])
      }
    }
    self.groups = groups
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  private static func areEqual(_ first: Int, _ second: Int, _ members: [Predictions]) -> Bool {
    guard members[0].labels[first] == members[0].labels[second] else { return false }
    let classes = members[0].classes
    var scores: Set<UInt32> = []
    for member in members {
      let isSame = member.withLogProbabilities { values in
        (0..<classes).allSatisfy { place in
          let value = values[first * classes + place]
          if value.isFinite { scores.insert(value.bitPattern) }
          return value.bitPattern == values[second * classes + place].bitPattern
        }
      }
      guard isSame else { return false }
    }
    // Of networks' scores hardly two are the same; members that are copies of one have each score as often.
    return scores.count * 4 >= classes * 3 && scores.count > 1
  }
}
