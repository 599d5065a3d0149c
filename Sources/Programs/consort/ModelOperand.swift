import CommandLine
import Deployment
import Files
import Inference
import Predictions
import Runs

/// One operand of a command about models, and the members that it holds.
struct ModelOperand {
  let path: String
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
  init(
    _ path: String, isFile: Bool, _ preprocessing: PreprocessingOptions, _ output: OutputOptions
  ) throws {
    self.path = path
    if isFile || !Directory.isDirectory(path) {
      let model = try ImageModel(path: path, imageSize: preprocessing.size, choice: output.choice)
      content = .file(try preprocessing.member(model), try MappedFile(path: path))
      return
    }
    guard output.isEmpty else {
      throw UsageError(
        "--output and --output-kind go with ONNX files, and '\(path)' is none: build an ensemble anew with them"
      )
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
  var notes: [Note] {
    guard case .run(let members) = content else { return [] }
    return members.flatMap(\.notes) + RunDirectory(path: path).retrainingNotes
  }

  var isFile: Bool { if case .file = content { true } else { false } }

  /// The member at `index`, ready to be computed.
  func member(
    at index: Int, _ preprocessing: PreprocessingOptions
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

extension ModelOperand {
  /// The names of all members of all operands, each once, as `MemberNames` tells them apart.
  ///
  /// - Throws: `UsageError` where an operand is given twice.
  static func names(of operands: [ModelOperand]) throws(UsageError) -> [[String]] {
    let names = MemberNames.apart(
      operands.map { .init(path: $0.path, names: $0.ownNames, isFile: $0.isFile) })
    var seen: [String: String] = [:]
    for (operand, names) in zip(operands, names) {
      for name in names {
        if let earlier = seen.updateValue(operand.path, forKey: name) {
          throw UsageError(
            "'\(earlier)' and '\(operand.path)' both hold '\(name)'; give one of them under another "
              + "name")
        }
      }
    }
    return names
  }
}
