import Predictions
import Randomness

/// Members and many images that they predict: hold-outs are drawn from it, and choices judged on it.
struct MemberSet: Sendable {
  /// Where the predictions come from.
  enum Origin: String, Codable, Sendable {
    /// A run that is recorded in the repository with all its files.
    case recorded
    /// Members that were trained for this benchmark; only their predictions are kept.
    case trained
    /// Classifiers that others trained and published; only their predictions are kept.
    case published
    /// Drawn from a model whose truth is known.
    case simulated
  }

  /// What a hold-out is drawn from.
  enum Source: Sendable {
    /// The images that judge: those of a hold-out are left out where the rest judges.
    case population
    /// Fresh images for each draw.
    case simulation(Simulation)
  }

  /// Identifies it, such as "cifar10-mixed".
  let name: String
  let origin: Origin
  /// What is to be known about it, in a sentence.
  let about: String
  /// By all members: of every image there is or, where it is simulated, of so many that they tell the truth.
  let population: [Predictions]
  let source: Source

  /// Images that stand in for test images where a rule asks for some: it never chooses on them.
  static let standInImages = 20

  /// The hold-out of one split.
  ///
  /// - Parameters:
  ///   - split: Its number; the same split is the same for every rule.
  ///   - images: How many images the hold-out has.
  func draw(split: Int, images: Int) throws -> Draw {
    let others = Self.standInImages
    switch source {
    case .simulation(let simulation):
      let path = [UInt64(images), UInt64(split)]
      return Draw(
        holdOut: try simulation.predictions(images: images, split: "hold-out", path: path + [0]),
        standIn: try simulation.predictions(images: others, split: "test", path: path + [1]),
        judges: nil, split: split)
    case .population:
      var generator = RandomStream(seed: Self.seed, UInt64(images), UInt64(split))
      let order = generator.permutation(of: population[0].count)
      let rest = Array(order[images...])
      return Draw(
        holdOut: try part(Array(order[..<images]), split: "hold-out"),
        standIn: try part(Array(rest.prefix(others)), split: "test"), judges: rest, split: split)
    }
  }

  private static let seed: UInt64 = 0x6465_6369

  private func part(_ images: [Int], split: String) throws -> [Predictions] {
    try population.map { member in
      let rows = member.withLogProbabilities { values in
        images.flatMap { values[$0 * member.classes..<($0 + 1) * member.classes] }
      }
      return try Predictions(
        name: member.name, network: member.network,
        multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
        split: split, fingerprint: split, logProbabilities: rows,
        labels: images.map { member.labels[$0] }, classes: member.classes)
    }
  }

  /// Whether hold-outs of so many images leave as many to judge.
  func allows(holdOut images: Int) -> Bool {
    if case .simulation = source { return true }
    return 2 * images <= population[0].count
  }
}

/// One split: a hold-out, and which images judge what is chosen on it.
struct Draw: Sendable {
  /// By all members, in the order of the set.
  let holdOut: [Predictions]
  /// Of a few other images.
  let standIn: [Predictions]
  /// Places in the population that are not in the hold-out; nil where none is.
  let judges: [Int]?
  /// The split's number.
  let split: Int
}
