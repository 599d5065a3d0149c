import Datasets
import Ensembles
import Files
import Inference
import Predictions
import Runs

/// The members of runs, ensembles and ONNX files that are to be run or built together.
package struct ModelSelection: Sendable {
  /// At least one, in order.
  package let members: [EnsembleMember]
  /// The members' ONNX files.
  package let files: [MemberBytes]
  /// The classes' names, in the order of the outputs, where they are known.
  package let labels: [String]?
  /// What the ensemble says that is the one source.
  package let manifest: EnsembleManifest?
  /// The images that the runs drew themselves, where all sources are runs with the same ones.
  package let drawnImages: ProceduralImages?
  /// What was understood of files that do not say it.
  package let notes: [Note]
  /// Of each member, where its hold-out predictions are; nil for one whose source has none.
  let holdOutFiles: [HoldOutFile?]

  /// Reads what is at `paths`, at least one.
  ///
  /// - Parameters:
  ///   - areFiles: Whether they are ONNX files, whatever they are called.
  ///   - names: Only these members, in this order; all where nil.
  ///   - preprocessing: What the user says about how images become the input.
  ///   - output: What the user says about the outputs of ONNX files.
  ///   - decided: The members of a decision's candidate, in its order, in place of `names`.
  /// - Throws: `DeploymentError`, `InferenceError`, `ExperimentError` or `FileError`.
  package init(
    _ paths: [String], areFiles: Bool = false, names: [String]? = nil,
    preprocessing: PreprocessingOverrides = PreprocessingOverrides(),
    output: ImageModel.OutputChoice = ImageModel.OutputChoice(),
    decided: DecidedCandidate? = nil
  ) throws {
    let sources = try paths.map {
      try ModelSource($0, isFile: areFiles, preprocessing, output)
    }
    let known = try ModelSource.names(of: sources)
    let chosen =
      try decided?.positions(in: known) ?? Self.positions(of: names, in: known, sources)
    var members: [EnsembleMember] = []
    var files: [MemberBytes] = []
    holdOutFiles = chosen.map { sources[$0.source].holdOutFile(of: $0.member) }
    for position in chosen {
      var (member, bytes) = try sources[position.source].member(
        at: position.member, preprocessing)
      member.name = known[position.source][position.member]
      members.append(member)
      files.append(bytes)
    }
    self.members = members
    self.files = files
    labels = try EnsembleMember.commonLabels(of: members)
    drawnImages = try Self.drawnImages(by: sources)
    let unchecked = try decided?.check(sources, at: chosen) ?? []
    notes =
      sources.flatMap(\.notes) + members.flatMap { $0.model.notes + $0.notes }
      + EnsembleMember.classNotes(of: members) + unchecked
    if case .ensemble(let ensemble) = sources[0].content, sources.count == 1, decided == nil,
      names == nil
    {
      manifest = ensemble.manifest
    } else {
      manifest = nil
    }
  }

  /// How the members are combined: by the rule that the user gives, or as the ensemble has it.
  package func combination(rule: CombinationRule?) -> Combination {
    rule.map { Combination(rule: $0) } ?? manifest?.combination ?? Combination()
  }

  /// What errors cost, where the ensemble decides its labels by that; nil where they are the most probable classes.
  ///
  /// - Parameter rule: What the user gives in place of the ensemble's own combination.
  package func errorCosts(rule: CombinationRule?) -> ErrorCosts? {
    rule == nil ? manifest?.errorCosts : nil
  }

  /// The classes' names in the file at `path`.
  ///
  /// - Throws: `DeploymentError.wrongLabelCount` where they are more or fewer than the classes, `DatasetError` or
  ///   `FileError` where the file names none.
  package func classList(path: String) throws -> ClassList {
    let (list, classes) = (try ClassList(path: path), members[0].model.classes)
    guard list.names.count == classes else {
      throw DeploymentError.wrongLabelCount(
        path: path, found: list.names.count, wanted: classes)
    }
    return list
  }

  private static func positions(
    of names: [String]?, in known: [[String]], _ sources: [ModelSource]
  ) throws(DeploymentError) -> [MemberPosition] {
    guard let names else { return MemberPosition.all(in: known) }
    // One alone is combined with nothing; what is known of the whole says nothing of several.
    if case .ensemble = sources[0].content, sources.count == 1, names.count > 1 {
      throw .membersOfEnsemble
    }
    let chosen = MemberPosition.find(names, in: known)
    guard chosen.count == names.count, !names.isEmpty, Set(names).count == names.count else {
      throw .unknownMembers(
        named: names, known: known.flatMap(\.self), paths: sources.map(\.path))
    }
    return chosen
  }

  private static func drawnImages(by sources: [ModelSource]) throws -> ProceduralImages? {
    var drawn: ProceduralImages?
    for source in sources {
      guard case .run = source.content else { return nil }
      let run = RunDirectory(path: source.path)
      guard Directory.exists(run.experimentPath), let own = try run.experiment().data.procedural,
        drawn == nil || drawn == own
      else { return nil }
      drawn = own
    }
    return drawn
  }
}

/// Where a member is: in which source, and where in it.
struct MemberPosition {
  let source, member: Int

  static func all(in names: [[String]]) -> [MemberPosition] {
    names.indices.flatMap { source in
      names[source].indices.map { MemberPosition(source: source, member: $0) }
    }
  }

  /// Where the members called `wanted` are, without those that are nowhere.
  static func find(_ wanted: [String], in names: [[String]]) -> [MemberPosition] {
    let all = all(in: names)
    return wanted.compactMap { name in all.first { names[$0.source][$0.member] == name } }
  }
}
