import Deployment
import Files
import Latency
import Predictions
import Runs

/// Something that holds members, or what they predicted: a run, an ensemble, a model, predictions files or a list.
package enum MemberSource {
  case run(RunDirectory)
  /// Whose members predict images when asked.
  case ensemble(EnsembleDirectory)
  /// Consort's own predictions files.
  case files([String])
  /// A list of predictions of any program.
  case list(PredictionList)
  /// An ONNX file, which predicts images when asked.
  case model(String)

  /// Whether the models are there, and not their predictions alone.
  package var holdsModels: Bool {
    switch self {
    case .run, .ensemble, .model: true
    case .files, .list: false
    }
  }

  /// Whether it is the file of one model, which is called after it.
  package var isModelFile: Bool { if case .model = self { true } else { false } }

  /// The files that the user named, or a list of the user's.
  package var inputs: [String] {
    switch self {
    case .run, .ensemble: []
    case .files(let paths): paths
    case .list(let list): list.files
    case .model(let path): [path]
    }
  }

  /// Finds out what is at `path`.
  ///
  /// - Throws: `SourceError.notPredictions` where it is none of these.
  package init(path: String) throws {
    if Directory.isDirectory(path) {
      self = try Self.directory(path)
      return
    }
    try Directory.checkReachable(path)
    guard Directory.exists(path) else {
      throw SourceError.notPredictions(path: path, reason: "there is no such file or directory")
    }
    let name = path.lowercased()
    if name.hasSuffix(".safetensors") {
      self = .files([path])
    } else if name.hasSuffix(".json") {
      self = .list(try PredictionList(path: path))
    } else if name.hasSuffix(".onnx") {
      self = .model(path)
    } else if [".npy", ".npz", ".csv", ".tsv"].contains(where: name.hasSuffix) {
      throw SourceError.notPredictions(
        path: path,
        reason:
          "it does not say what its member costs; name it in a list of predictions, a .json file "
          + "(`consort help frontier` shows one)")
    } else {
      throw SourceError.notPredictions(
        path: path, reason: "its name ends in none of .safetensors, .json and .onnx")
    }
  }

  private static func directory(_ path: String) throws -> MemberSource {
    if Directory.exists("\(path)/\(EnsembleDirectory.manifestName)") {
      return .ensemble(try EnsembleDirectory(path: path))
    }
    let run = RunDirectory(path: path)
    if Directory.exists(run.experimentPath) { return .run(run) }
    // `consort predict --out` puts what the members make together beside them: that is no further member.
    let files = try Directory.names(in: path).sorted().filter {
      $0.hasSuffix(".safetensors") && $0 != "ensemble.safetensors" && !$0.hasPrefix(".")
    }
    guard !files.isEmpty else {
      throw SourceError.notPredictions(
        path: path,
        reason: "it is neither a run, nor an ensemble, nor does it hold predictions files")
    }
    return .files(files.map { "\(path)/\($0)" })
  }
}

/// What one source holds.
struct SourcePredictions {
  /// Of the images that choose; none where the source has none.
  var holdOut: [Predictions] = []
  /// Of the images that judge.
  var test: [Predictions] = []
  /// Milliseconds of members that the source gives.
  var latencies: [String: Double] = [:]
  /// Models that can be timed, each for members of one network.
  var models: [TimedModel] = []
  /// How splits were understood.
  var notes: [Note] = []
  /// The names of the classes that models predicted, in order, where they are known.
  var classNames: [String]?

  /// Takes predictions of either kind of images.
  ///
  /// - Throws: `EnsembleError` for a split that is misspelt, or of training images.
  ///
  /// - Parameter isUnlike: Whether they are of images that are of no class, of whatever split.
  mutating func add(
    _ predictions: [Predictions], isListed: Bool = false, isUnlike: Bool = false
  ) throws(EnsembleError) {
    guard !isUnlike else {
      for member in predictions {
        try SplitName.checkUnlike(member.split, source: member.source)
        test.append(try member.inSplit(SplitName.unlike))
      }
      return
    }
    for member in predictions {
      let split = try SplitName(member.split, source: member.source)
      // A list says it itself.
      if let note = split.note, !isListed { notes.append(note) }
      let read = try member.inSplit(split.name)
      if split.role == .holdOut { holdOut.append(read) } else { test.append(read) }
    }
  }

  /// The same with other names for members; those that `names` lacks keep theirs.
  func renamed(_ names: [String: String]) throws -> SourcePredictions {
    func name(_ own: String) -> String { names[own] ?? own }
    var result = self
    result.holdOut = try holdOut.map { try $0.renamed(name($0.name)) }
    result.test = try test.map { try $0.renamed(name($0.name)) }
    result.latencies = Dictionary(latencies.map { (name($0), $1) }) { first, _ in first }
    result.models = models.map { TimedModel(members: $0.members.map(name), model: $0.model) }
    return result
  }
}
