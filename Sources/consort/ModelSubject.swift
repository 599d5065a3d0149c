import CLI
import Datasets
import Ensembles
import Experiments
import Files
import Inference

/// The models that a command is about: an ensemble, a run's members, or ONNX files.
struct ModelSubject {
  let members: [EnsembleMember]
  /// The members' ONNX files.
  let files: [MemberBytes]
  /// The classes' names, in the order of the outputs, where they are known.
  let labels: [String]?
  /// What an ensemble says about how its members are combined.
  private(set) var rule: CombinationRule?
  /// The images that a run drew itself.
  private(set) var images: ImageSplit?

  /// What `init` takes beside what is said about the input.
  static let options = [
    CommandOption("--onnx", help: "The operands are ONNX files, whatever they are called."),
    CommandOption("--members", "NAME,...", help: "Only these members of a run."),
  ]

  /// Reads what the operands name.
  ///
  /// - Parameter preprocessing: What the user says about how images become the input.
  init(_ arguments: ParsedArguments, preprocessing: PreprocessingOptions) throws {
    let paths = arguments.operands
    let names = arguments.string("--members")
    guard paths.count == 1, Directory.isDirectory(paths[0]), !arguments.isSet("--onnx") else {
      guard names == nil else { throw UsageError("--members goes with a run") }
      try self.init(files: paths, preprocessing)
      return
    }
    if Directory.exists("\(paths[0])/\(EnsembleDirectory.manifestName)") {
      guard names == nil else { throw UsageError("--members goes with a run, not an ensemble") }
      let ensemble = try EnsembleDirectory(path: paths[0])
      let files = try ensemble.manifest.members.map {
        MemberBytes.file(try MappedFile(path: "\(paths[0])/\($0.file)"))
      }
      try self.init(ensemble.members(), files)
      rule = ensemble.manifest.rule
    } else {
      try self.init(run: paths[0], members: names, preprocessing)
    }
  }

  private init(_ members: [EnsembleMember], _ files: [MemberBytes]) throws {
    self.members = members
    self.files = files
    labels = try EnsembleMember.commonLabels(of: members)
  }

  private init(files paths: [String], _ preprocessing: PreprocessingOptions) throws {
    let files = try paths.map { try MappedFile(path: $0) }
    let members = try paths.map { path in
      try preprocessing.member(ImageModel(path: path, imageSize: preprocessing.size))
    }
    try self.init(Self.withUniqueNames(members), files.map(MemberBytes.file))
  }

  private init(run path: String, members names: String?, _ preprocessing: PreprocessingOptions)
    throws
  {
    let models = try Self.selected(names, of: TrainedMember.members(of: path), run: path).map {
      (member: $0, bytes: try $0.onnx(endsInSoftmax: false))
    }
    let members = try models.map { model in
      try model.bytes.withUnsafeBytes { bytes in
        try preprocessing.member(ImageModel(bytes: bytes, source: model.member.directory.path))
      }
    }
    try self.init(members, models.map { .memory($0.bytes) })
    let run = RunDirectory(path: path)
    if Directory.exists(run.experimentPath) {
      images = try run.experiment().data.procedural?.dataset().test
    }
  }

  private static func selected(
    _ names: String?, of members: [TrainedMember], run: String
  ) throws -> [TrainedMember] {
    guard let names else { return members }
    let words = names.split(separator: ",").map(String.init)
    let chosen = words.compactMap { word in members.first { $0.name == word } }
    guard chosen.count == words.count, !words.isEmpty, Set(words).count == words.count else {
      let known = members.map(\.name).joined(separator: ", ")
      throw UsageError("--members names members of '\(run)' (\(known)), each once, not '\(names)'")
    }
    return chosen
  }

  /// Numbers the members of a name that several have.
  private static func withUniqueNames(_ members: [EnsembleMember]) -> [EnsembleMember] {
    var seen: [String: Int] = [:]
    return members.map { member in
      seen[member.name, default: 0] += 1
      guard let count = seen[member.name], count > 1 else { return member }
      var renamed = member
      renamed.name = "\(member.name) (\(count))"
      return renamed
    }
  }
}
