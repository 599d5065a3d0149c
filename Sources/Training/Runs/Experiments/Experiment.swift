import Datasets
import Files
import Networks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is trained, on what, and how: everything that decides the result, apart from the images themselves.
public struct Experiment: Encodable, Hashable, Sendable {
  /// The run directory's name.
  public var name: String
  /// Which images.
  public var data: DataSelection
  /// The members, grouped by network.
  public var members: [MemberGroup]
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
    public let network: String
    /// The network itself, where it is given as data; nil where its name says it all.
    public let architecture: Network?
    /// How many are trained.
    public var count: Int
    /// The weights that each starts from: a directory that `consort import` or a training wrote, or a safetensors file;
    /// nil for random ones. A last layer for another number of classes is drawn anew.
    public var weights: String?

    /// Creates a group of a network that is known by name.
    public init(network: String, count: Int, weights: String? = nil) {
      self.init(network, nil, count: count, weights: weights)
    }

    /// Creates a group of any network. Under its name no other may stand in the experiment.
    public init(network: Network, count: Int, weights: String? = nil) {
      self.init(network.name, network, count: count, weights: weights)
    }

    private init(_ name: String, _ architecture: Network?, count: Int, weights: String?) {
      network = name
      self.architecture = architecture
      self.count = count
      self.weights = weights
    }
  }

  /// One member to train.
  public struct Member: Hashable, Sendable {
    /// Unique in the experiment: the network's name and the number in its group, from 0.
    public let name: String
    /// The network's name.
    public let network: String
    /// The network itself, where it is given as data; nil where its name says it all.
    public let architecture: Network?
    /// Over all groups, from 0; with the experiment's seed it selects the member's random numbers.
    public let index: Int
    /// The weights that it starts from; nil for random ones.
    public let weights: String?

    /// Describes a member.
    public init(
      name: String, network: String, architecture: Network?, index: Int, weights: String? = nil
    ) {
      self.name = name
      self.network = network
      self.architecture = architecture
      self.index = index
      self.weights = weights
    }
  }

  /// All members, in order.
  public var allMembers: [Member] {
    var numbers: [String: Int] = [:]
    var result: [Member] = []
    for group in members {
      for _ in 0..<group.count {
        let number = numbers[group.network, default: 0]
        numbers[group.network] = number + 1
        result.append(
          Member(
            name: "\(group.network)-\(number)", network: group.network,
            architecture: group.architecture, index: result.count, weights: group.weights))
      }
    }
    return result
  }
}

/// Which images an experiment uses.
public struct DataSelection: Encodable, Hashable, Sendable {
  /// The built-in synthetic images; nil for those of the directory that the user gives.
  public var procedural: ProceduralImages?
  /// The side to which images of a directory are brought; nil where they already have one size, or where each member's
  /// network has its own; networks given as data keep their own where images are decoded while they train.
  public var imageSize: Int?
  /// What becomes of an image that cannot be decoded.
  public var corruptImages: CorruptImages
  /// How many images are trained on; nil for all but the hold-out.
  public var trainingImages: Int?
  /// How many of the training split are kept apart, to look at and to choose by while training; nil for a tenth of it, at
  /// most 5,000.
  public var holdOut: Int?

  /// Creates a selection.
  public init(
    procedural: ProceduralImages? = nil, imageSize: Int? = nil,
    corruptImages: CorruptImages = .fail, trainingImages: Int? = nil, holdOut: Int? = nil
  ) {
    self.procedural = procedural
    self.imageSize = imageSize
    self.corruptImages = corruptImages
    self.trainingImages = trainingImages
    self.holdOut = holdOut
  }

  /// How many of `available` images of the training split are kept apart.
  func holdOutCount(of available: Int) -> Int {
    holdOut ?? max(1, min(available / 10, Self.mostHeldOut))
  }

  private static let mostHeldOut = 5000
  /// Whether any are kept apart.
  public var holdsOut: Bool { holdOut != 0 }
}

extension Experiment {
  /// Reads and validates an experiment file, and the network files that it names, relative to the working directory.
  ///
  /// - Throws: `ExperimentError` naming the file, the key and the fix.
  public init(path: String) throws {
    try self.init(json: ObjectReader.contents(of: path), file: path)
  }

  /// Reads and validates an experiment in JSON, and the network files that it names; `file` names it in errors.
  public init(json: Data, file: String) throws(ExperimentError) {
    var reader = try ObjectReader(json: json, file: file)
    if let given = try reader.optionalDirectoryName("name") {
      name = given
    } else {
      name = try Self.name(ofFile: file, reader)
    }
    if var data = try reader.optionalObject("data") {
      self.data = try DataSelection(&data)
    } else {
      data = DataSelection()
    }
    members = []
    for var group in try reader.objects("members") { members.append(try MemberGroup(&group)) }
    guard !members.isEmpty else { throw reader.invalid("members", "is empty: add a network") }
    if var recipe = try reader.optionalObject("recipe") {
      self.recipe = try Recipe(&recipe)
      try recipe.finish()
    } else {
      recipe = Recipe(.fast)
    }
    seed = try reader.optionalInteger("seed", in: 0...Int.max) ?? 0
    try reader.finish()
    try checkNetworks(file: file)
  }

  /// What an experiment without a name is called: as its file, without ".json".
  private static func name(
    ofFile file: String, _ reader: ObjectReader
  ) throws(ExperimentError) -> String {
    let last = file.split(separator: "/").last.map(String.init) ?? ""
    let name = last.hasSuffix(".json") ? String(last.dropLast(5)) : last
    guard DirectoryName.isValid(name) else {
      throw reader.invalid(
        "name",
        "is missing, and the file's name cannot take its place: add one of \(DirectoryName.rule)")
    }
    return name
  }
}

extension DataSelection {
  package init(_ reader: inout ObjectReader) throws(ExperimentError) {
    if var images = try reader.optionalObject("procedural") {
      let standard = ProceduralImages()
      let chosen = ProceduralImages(
        imageSize: try images.optionalInteger("imageSize", in: 1...Int.max) ?? standard.imageSize,
        trainCount: try images.optionalInteger("trainCount", in: 1...Int.max)
          ?? standard.trainCount,
        testCount: try images.optionalInteger("testCount", in: 1...Int.max)
          ?? standard.testCount,
        seed: UInt64(try images.optionalInteger("seed", in: 0...Int.max) ?? 0))
      do {
        try chosen.validate()
      } catch {
        throw reader.invalid("procedural", "cannot be drawn: \(error)")
      }
      try images.finish()
      procedural = chosen
    }
    imageSize = try reader.optionalInteger("imageSize", in: 4...4096)
    if procedural != nil, imageSize != nil {
      throw reader.invalid("imageSize", "belongs into data.procedural for the synthetic images")
    }
    corruptImages = .fail
    if let name = try reader.optionalString("corruptImages") {
      guard let known = CorruptImages(rawValue: name) else {
        throw reader.invalid("corruptImages", "is '\(name)', but must be fail or skip")
      }
      corruptImages = known
    }
    trainingImages = try reader.optionalInteger("trainingImages", in: 1...1_000_000_000)
    holdOut = try reader.optionalInteger("holdOut", in: 0...1_000_000_000)
    try reader.finish()
  }
}
