import CommandLine
import Datasets
import Deployment
import Ensembles
import Files
import Runs

/// The models that a command is about: members of ensembles and runs, and ONNX files.
struct ModelSubject {
  let members: [EnsembleMember]
  /// The members' ONNX files.
  let files: [MemberBytes]
  /// The classes' names, in the order of the outputs, where they are known.
  let labels: [String]?
  /// What the ensemble says that is the one operand.
  let manifest: EnsembleManifest?
  /// The images that the runs drew themselves, where all operands are runs with the same ones.
  let drawnImages: ProceduralImages?
  /// What was understood of files that do not say it.
  let notes: [Note]

  /// What `init` takes beside what is said about the input.
  static let options =
    [
      CommandOption("--onnx", help: "The operands are ONNX files, whatever they are called."),
      CommandOption("--members", "NAME,...", help: "Only these members, in this order."),
    ] + OutputOptions.options

  /// Reads what the operands name.
  ///
  /// - Parameters:
  ///   - given: The operands that are models; all where nil.
  ///   - preprocessing: What the user says about how images become the input.
  ///   - decided: Which of their members, in order, by a decision; all, or those that `--members` names, where nil.
  init(
    _ arguments: ParsedArguments, operands given: [String]? = nil,
    preprocessing: PreprocessingOptions, decided: DecidedCandidate? = nil
  ) throws {
    let isFile = arguments.isSet("--onnx")
    let output = try OutputOptions(arguments)
    let operands = try (given ?? arguments.operands).map {
      try ModelOperand($0, isFile: isFile, preprocessing, output)
    }
    let names = try ModelOperand.names(of: operands)
    let chosen = try decided?.places(in: names) ?? Self.places(arguments, in: names, operands)
    var members: [EnsembleMember] = []
    var files: [MemberBytes] = []
    for place in chosen {
      var (member, bytes) = try operands[place.operand].member(at: place.member, preprocessing)
      member.name = names[place.operand][place.member]
      members.append(member)
      files.append(bytes)
    }
    self.members = members
    self.files = files
    labels = try EnsembleMember.commonLabels(of: members)
    drawnImages = try Self.drawnImages(by: operands)
    let unchecked = try decided?.check(operands, at: chosen) ?? []
    notes =
      operands.flatMap(\.notes) + members.flatMap { $0.model.notes + $0.notes }
      + EnsembleMember.classNotes(of: members) + unchecked
    if case .ensemble(let ensemble) = operands[0].content, operands.count == 1, decided == nil {
      manifest = ensemble.manifest
    } else {
      manifest = nil
    }
  }

  /// How the members are combined: by the rule that the user gives, or as the ensemble has it.
  func combination(_ arguments: ParsedArguments) throws(UsageError) -> Combination {
    if let rule = try CombinationRule(arguments) { return Combination(rule: rule) }
    return manifest?.combination ?? Combination()
  }

  /// Where a member is: in which operand, and where in it.
  typealias Place = (operand: Int, member: Int)

  static func places(of names: [[String]]) -> [Place] {
    names.indices.flatMap { operand in names[operand].indices.map { (operand, $0) } }
  }

  private static func places(
    _ arguments: ParsedArguments, in names: [[String]], _ operands: [ModelOperand]
  ) throws(UsageError) -> [Place] {
    let all = places(of: names)
    guard let text = arguments.string("--members") else { return all }
    if case .ensemble = operands[0].content, operands.count == 1 {
      throw UsageError("--members goes with a run or files, not an ensemble, which is a whole")
    }
    let words = text.split(separator: ",").map(String.init)
    let chosen = words.compactMap { word in
      all.first { names[$0.operand][$0.member] == word }
    }
    guard chosen.count == words.count, !words.isEmpty, Set(words).count == words.count else {
      let members = names.flatMap(\.self)
      let known = members.joined(separator: ", ")
      let hint = words.first { !members.contains($0) }
        .map { Spelling.suggestion(for: $0, among: members) }
      let paths = operands.map { "'\($0.path)'" }.joined(separator: ", ")
      throw UsageError(
        "--members names members of \(paths) (\(known)), each once, not '\(text)'\(hint ?? "")")
    }
    return chosen
  }

  private static func drawnImages(by operands: [ModelOperand]) throws -> ProceduralImages? {
    var drawn: ProceduralImages?
    for operand in operands {
      guard case .run = operand.content else { return nil }
      let run = RunDirectory(path: operand.path)
      guard Directory.exists(run.experimentPath), let own = try run.experiment().data.procedural,
        drawn == nil || drawn == own
      else { return nil }
      drawn = own
    }
    return drawn
  }
}
