import Datasets
import Files
import Networks
import Predictions
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is trained, on what, and how: everything that decides the result, apart from the images themselves.
public struct Experiment: Hashable, Sendable {
  /// The run directory's name.
  public var name: String
  /// Which images.
  public var data: DataSelection
  /// The members, grouped by network.
  public var members: [MemberGroup]
  /// Members that are averages of others' weights; nil for none.
  public var soups: [Soup]?
  /// How each is trained.
  public var recipe: Recipe
  /// Decides the hold-out images and, with a member's index, all of that member's random numbers.
  public var seed: Int

  /// Creates an experiment.
  public init(
    name: String, data: DataSelection, members: [MemberGroup], recipe: Recipe, seed: Int = 0
  ) {
    precondition(seed >= 0, "a seed is not negative")
    self.name = name
    self.data = data
    self.members = members
    self.recipe = recipe
    self.seed = seed
  }

  /// Several members of one network.
  public struct MemberGroup: Hashable, Sendable {
    /// The network's name, such as "wide-resnet-16-1".
    public internal(set) var network: String
    /// The network itself, where it is given as data; nil where its name says it all.
    public internal(set) var architecture: Network?
    /// How many trainings there are.
    public var count: Int
    /// The weights that each starts from: a directory that `consort import` or a training wrote, or a safetensors file;
    /// nil for random ones. A last layer for another number of classes is drawn anew.
    public var weights: String?
    /// At which ends of epochs a training's weights become members too; nil for those of the cycles, where the learning rate has
    /// some, and for the training's end alone elsewhere.
    public var snapshots: EpochSelection?
    /// At which ends of epochs a training's weights are averaged, for one more member; nil for none.
    public var average: EpochSelection?

    /// Creates a group of a network that is known by name.
    public init(
      network: String, count: Int, weights: String? = nil, snapshots: EpochSelection? = nil,
      average: EpochSelection? = nil
    ) {
      self.init(network, nil, count, weights, snapshots, average)
    }

    /// Creates a group of any network. Under its name no other may stand in the experiment.
    public init(
      network: Network, count: Int, weights: String? = nil, snapshots: EpochSelection? = nil,
      average: EpochSelection? = nil
    ) {
      self.init(network.name, network, count, weights, snapshots, average)
    }

    private init(
      _ name: String, _ architecture: Network?, _ count: Int, _ weights: String?,
      _ snapshots: EpochSelection?, _ average: EpochSelection?
    ) {
      network = name
      self.architecture = architecture
      self.count = count
      self.weights = weights
      (self.snapshots, self.average) = (snapshots, average)
    }
  }
}

/// Which images an experiment uses.
public struct DataSelection: Hashable, Sendable {
  /// The built-in synthetic images; nil for those of the directory that the user gives.
  public var procedural: ProceduralImages?
  /// The side to which images of a directory are brought; nil where they already have one size, or where each member's
  /// network has its own; networks given as data keep their own where images are decoded while they train.
  public var imageSize: Int?
  /// What becomes of an image that cannot be decoded.
  public var corruptImages: CorruptImages
  /// How many images are trained on; nil for all but the hold-out.
  public var trainingImages: Int?
  /// Whether each class has as many training images as any other, or one less.
  public var isBalanced: Bool
  /// How many of the training split are kept apart, to look at and to choose by while training; nil for a tenth of it, at
  /// most 5,000.
  public var holdOut: Int?

  /// Creates a selection.
  public init(
    procedural: ProceduralImages? = nil, imageSize: Int? = nil,
    corruptImages: CorruptImages = .fail, trainingImages: Int? = nil, isBalanced: Bool = false,
    holdOut: Int? = nil
  ) {
    self.procedural = procedural
    self.imageSize = imageSize
    self.corruptImages = corruptImages
    self.trainingImages = trainingImages
    self.isBalanced = isBalanced
    self.holdOut = holdOut
  }

  /// How many of `available` images of the training split are kept apart.
  func holdOutCount(of available: Int) -> Int {
    holdOut ?? max(1, min(available / 10, Self.mostHeldOut))
  }

  private static let mostHeldOut = 5000
  /// Whether any are kept apart.
  public var holdsOut: Bool { holdOut != 0 }
  /// The names of the splits that trained members predict.
  var predictedSplits: [String] {
    holdsOut ? [SplitName.holdOut, SplitName.test] : [SplitName.test]
  }
}

extension Experiment {
  /// Reads and validates an experiment file, and the network files that it names, relative to the working directory.
  ///
  /// - Throws: `SchemaError` naming the file, the key and the fix, or `ExperimentError.unreadable`.
  public init(path: String) throws {
    try self.init(json: Self.contents(of: path), file: path)
  }

  /// Reads and validates an experiment in JSON, and the network files that it names; `file` names it in errors.
  public init(json: Data, file: String) throws(SchemaError) {
    self.init(name: "", data: DataSelection(), members: [], recipe: Recipe(.fast))
    try read(json: json, file: file)
    try check(file: file)
  }

  /// Makes sure that everything goes together; `file` names the experiment in errors.
  func check(file: String) throws(SchemaError) {
    try checkNetworks(file: file)
    try checkSelections(file: file)
    try checkSoups(file: file)
    try checkNames(file: file)
  }

  /// The bytes of the file of an experiment or a search plan.
  ///
  /// - Throws: `ExperimentError.unreadable`.
  package static func contents(of path: String) throws(ExperimentError) -> Data {
    do {
      return try MappedFile(path: path).withBytes { Data($0) }
    } catch {
      throw .unreadable(file: path, reason: error.reason)
    }
  }
}

extension Experiment: SchemaObject {
  /// All that decides the result.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    var name = fields.isReading ? nil : name
    try fields.field("name", &name, .directoryName)
    self.name = if let name { name } else { try Self.nameOfFile(fields) }
    try fields.object("data", &data)
    try fields.field("members", &members, .list(of: .object(.unnamed)), isRequired: true)
    if fields.isReading, members.isEmpty {
      throw fields.invalid("members", "is empty: add a network")
    }
    try fields.field("soups", &soups, .list(of: .object(Soup(name: "", members: []))))
    try fields.object("recipe", &recipe)
    try fields.field("seed", &seed, .integer(0...Int.max))
  }

  /// What an experiment without a name is called: as its file, without ".json".
  private static func nameOfFile(_ fields: ObjectFields) throws(SchemaError) -> String {
    let last = fields.place(of: "name").file.split(separator: "/").last.map(String.init) ?? ""
    let name = last.hasSuffix(".json") ? String(last.dropLast(5)) : last
    guard DirectoryName.isValid(name) else {
      throw fields.invalid(
        "name",
        "is missing, and the file's name cannot take its place: add one of \(DirectoryName.rule)")
    }
    return name
  }
}

extension DataSelection: SchemaObject {
  /// Which images, and how many.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("procedural", &procedural, .object(ProceduralImages()).refusing(\.fault))
    try fields.field("imageSize", &imageSize, .integer(4...4096))
    if fields.isReading, procedural != nil, imageSize != nil {
      throw fields.invalid("imageSize", "belongs into data.procedural for the synthetic images")
    }
    try fields.field("corruptImages", &corruptImages, .choice)
    try fields.field("trainingImages", &trainingImages, .integer(1...1_000_000_000))
    var balanced = isBalanced ? true : nil
    try fields.field("balanced", &balanced, .flag)
    isBalanced = balanced ?? false
    try fields.field("holdOut", &holdOut, .integer(0...1_000_000_000))
  }
}

extension ProceduralImages: SchemaObject {
  /// All four values.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("imageSize", &imageSize, .integer(1...Int.max))
    try fields.field("trainCount", &trainCount, .integer(1...Int.max))
    try fields.field("testCount", &testCount, .integer(1...Int.max))
    var number = Int(clamping: seed)
    try fields.field("seed", &number, .integer(0...Int.max))
    seed = UInt64(number)
  }

  fileprivate var fault: String? {
    do {
      try validate()
      return nil
    } catch {
      return "cannot be drawn: \(error)"
    }
  }
}
