import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The same members trained on several numbers of images: what is compared is how ensembles of small networks stand against
/// large networks as data grow.
public struct StudyPlan: Hashable, Sendable {
  /// The study's directory is called so; its experiments NAME-SIZE.
  public var name: String
  /// Which images; how many of them are trained on is said by `sizes`.
  public var data: DataSelection
  /// How many images are trained on, ascending.
  public var sizes: [TrainingSize]
  /// Who is trained.
  public var members: [MemberAxis]
  /// How each is trained, but for the epochs of sizes that have their own.
  public var recipe: Recipe
  /// All is trained once from each: other images, another order, other random weights.
  public var seeds: [Int]

  /// One number of training images.
  public struct TrainingSize: Hashable, Sendable {
    /// How many.
    public var trainingImages: Int
    /// Passes over them; nil for the recipe's.
    public var epochs: Int?
  }

  /// Members of one network, at all sizes or at the smaller ones.
  public struct MemberAxis: Hashable, Sendable {
    /// The network, and how many.
    public var group: Experiment.MemberGroup
    /// The most training images that they are trained on; nil for any number.
    public var upTo: Int?
  }

  /// One experiment of the study.
  public struct Run: Hashable, Sendable {
    /// The name of its directory in the study's.
    public let name: String
    /// Of its training images.
    public let trainingImages: Int
    /// The whole experiment, as it could be trained by itself.
    public var experiment: Experiment
  }

  /// The study's experiments, in the order in which they are trained.
  public var runs: [Run] {
    sizes.flatMap { size in
      seeds.enumerated().map { place, seed in
        // The first seed's directories stay what they are where further seeds are added.
        let name = "\(size.trainingImages)" + (place == 0 ? "" : "-seed-\(seed)")
        return Run(
          name: name, trainingImages: size.trainingImages,
          experiment: experiment(size, seed: seed, name: "\(self.name)-\(name)"))
      }
    }
  }

  private func experiment(_ size: TrainingSize, seed: Int, name: String) -> Experiment {
    var (data, recipe) = (data, recipe)
    data.trainingImages = size.trainingImages
    if let epochs = size.epochs { recipe.epochs = epochs }
    let groups = members.filter { $0.upTo.map { size.trainingImages <= $0 } ?? true }
    return Experiment(
      name: name, data: data, members: groups.map(\.group), recipe: recipe, seed: seed)
  }
}

// MARK: - The file

extension StudyPlan {
  /// Reads and validates a study file, and the network files that it names, relative to the working directory.
  ///
  /// - Throws: `SchemaError` naming the file, the key and the fix, or `ExperimentError.unreadable`.
  public init(path: String) throws {
    try self.init(json: Experiment.contents(of: path), file: path)
  }

  /// Reads and validates a study in JSON, and the network files that it names; `file` names it in errors.
  public init(json: Data, file: String) throws(SchemaError) {
    self.init(
      name: "", data: DataSelection(), sizes: [], members: [], recipe: Recipe(.fast), seeds: [0])
    try read(json: json, file: file)
    try Experiment(name: name, data: data, members: members.map(\.group), recipe: recipe)
      .checkNetworks(file: file)
  }
}

extension StudyPlan: SchemaObject {
  /// All that decides the result.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    // A longer one would leave its experiments no name.
    try fields.field(
      "name", &name,
      .directoryName.refusing { $0.utf8.count > 60 ? "has more than 60 characters" : nil },
      isRequired: true)
    try fields.object("data", &data)
    try fields.field("sizes", &sizes, .list(of: .object(.unsaid)), isRequired: true)
    try fields.field("members", &members, .list(of: .object(.unnamed)), isRequired: true)
    try fields.object("recipe", &recipe)
    try walkSeeds(&fields)
    guard fields.isReading else { return }
    if data.trainingImages != nil {
      throw fields.invalid("data", "has trainingImages, which sizes say: leave it out")
    }
    try checkSizes(fields)
    try checkMembers(fields)
  }

  private mutating func walkSeeds(_ fields: inout ObjectFields) throws(SchemaError) {
    var one = fields.isReading || seeds.count > 1 ? nil : seeds.first
    var several = fields.isReading || seeds.count == 1 ? nil : seeds
    try fields.field("seed", &one, .integer(0...Int.max))
    try fields.field("seeds", &several, .options(of: .integer(0...Int.max)))
    if one != nil, several != nil {
      throw fields.invalid("seeds", "stands beside seed: leave one of them out")
    }
    if let given = several ?? one.map({ [$0] }) { seeds = given }
  }

  private func checkSizes(_ fields: ObjectFields) throws(SchemaError) {
    if sizes.isEmpty { throw fields.invalid("sizes", "is empty: add a number of training images") }
    for (smaller, larger) in zip(sizes, sizes.dropFirst())
    where smaller.trainingImages >= larger.trainingImages {
      throw fields.invalid(
        "sizes",
        smaller.trainingImages == larger.trainingImages
          ? "has \(larger.trainingImages) trainingImages twice"
          : "has \(larger.trainingImages) trainingImages after \(smaller.trainingImages): put the smaller number first"
      )
    }
  }

  private func checkMembers(_ fields: ObjectFields) throws(SchemaError) {
    if members.isEmpty { throw fields.invalid("members", "is empty: add a network") }
    for size in sizes
    where members.allSatisfy({ $0.upTo.map { $0 < size.trainingImages } ?? false }) {
      throw fields.invalid(
        "members", "leave nothing to train on \(size.trainingImages) images: raise an upTo")
    }
    for (place, axis) in members.enumerated() {
      guard let most = axis.upTo, let least = sizes.first?.trainingImages, most < least else {
        continue
      }
      throw fields.place(of: "members").element(place).key("upTo")
        .invalid("is \(most), below all sizes: the members would never be trained")
    }
  }
}

extension StudyPlan.TrainingSize: SchemaObject {
  /// What a size is before its keys are read.
  static let unsaid = Self(trainingImages: 1, epochs: nil)

  /// How many images, and how often.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field(
      "trainingImages", &trainingImages, .integer(1...1_000_000_000), isRequired: true)
    try fields.field("epochs", &epochs, .integer(1...Recipe.mostEpochs))
  }
}

extension StudyPlan.MemberAxis: SchemaObject {
  /// What members are before their keys are read.
  static let unnamed = Self(group: .unnamed, upTo: nil)

  /// A group of an experiment, and how far it goes.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try group.walk(&fields)
    try fields.field("upTo", &upTo, .integer(1...1_000_000_000))
  }
}
