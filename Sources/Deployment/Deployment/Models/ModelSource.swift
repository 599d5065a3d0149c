import Files
import Inference
import Predictions
import Runs

/// A run, an ensemble or an ONNX file, and the members that it holds.
package struct ModelSource {
  /// Where it is.
  package let path: String
  let content: Content

  enum Content {
    case file(EnsembleMember, MappedFile)
    case ensemble(EnsembleDirectory)
    case run([TrainedMember])
  }

  /// Finds out what is at `path`.
  ///
  /// - Parameters:
  ///   - isFile: Whether it is an ONNX file whatever it is called.
  ///   - preprocessing: What the user says about how images become the input.
  ///   - output: What the user says about the outputs of ONNX files.
  /// - Throws: `DeploymentError`, `InferenceError`, `ExperimentError` or `FileError` where it is no source of models.
  package init(
    _ path: String, isFile: Bool = false,
    _ preprocessing: PreprocessingOverrides = PreprocessingOverrides(),
    _ output: ImageModel.OutputChoice = ImageModel.OutputChoice()
  ) throws {
    self.path = path
    if isFile || !Directory.isDirectory(path) {
      let model = try ImageModel(path: path, imageSize: preprocessing.inputSize, choice: output)
      content = .file(try preprocessing.member(model), try MappedFile(path: path))
      return
    }
    guard output == ImageModel.OutputChoice() else {
      throw DeploymentError.outputOfNoFile(path: path)
    }
    if Directory.exists("\(path)/\(EnsembleDirectory.manifestName)") {
      content = .ensemble(try EnsembleDirectory(path: path))
    } else {
      content = .run(try TrainedMember.members(of: path))
    }
  }

  /// Its members' own names, in order.
  var ownNames: [String] {
    switch content {
    case .file(let member, _): [member.name]
    case .ensemble(let ensemble): ensemble.manifest.members.map(\.name)
    case .run(let members): members.map(\.name)
    }
  }

  /// What was understood of files that do not say it.
  package var notes: [Note] {
    guard case .run(let members) = content else { return [] }
    return members.flatMap(\.notes) + RunDirectory(path: path).retrainingNotes
  }

  var isFile: Bool { if case .file = content { true } else { false } }

  /// The member at `index`, ready to be computed.
  ///
  /// - Throws: `InferenceError`, or what keeps the member's files from being read.
  package func member(
    at index: Int, _ preprocessing: PreprocessingOverrides
  ) throws -> (member: EnsembleMember, bytes: MemberBytes) {
    switch content {
    case .file(let member, let file): return (member, .file(file))
    case .ensemble(let ensemble): return try ensemble.member(at: index)
    case .run(let members):
      let bytes = try members[index].onnx(endsInSoftmax: false)
      let member = try bytes.withUnsafeBytes {
        try preprocessing.member(ImageModel(bytes: $0, source: members[index].directory.path))
      }
      return (member, .memory(bytes))
    }
  }
}

// MARK: - Names

extension ModelSource {
  /// The names of all members of all sources, each once, as `MemberNames` makes them unique.
  ///
  /// - Throws: `DeploymentError.memberGivenTwice` where a source is given twice.
  static func names(of sources: [ModelSource]) throws(DeploymentError) -> [[String]] {
    let names = MemberNames.apart(
      sources.map { .init(path: $0.path, names: $0.ownNames, isFile: $0.isFile) })
    var seen: [String: String] = [:]
    for (source, names) in zip(sources, names) {
      for name in names {
        if let earlier = seen.updateValue(source.path, forKey: name) {
          throw .memberGivenTwice(name: name, first: earlier, second: source.path)
        }
      }
    }
    return names
  }
}
