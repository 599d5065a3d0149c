import CLI
import Experiments
import Files
import Inference

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
        "--output and --output-kind go with ONNX files, and '\(path)' is none: build an ensemble anew with them")
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
    if case .run(let members) = content { members.flatMap(\.notes) } else { [] }
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
  /// The names of all members of all operands, each once.
  ///
  /// A name that several operands hold goes behind the last part of the operand's path, as in `run/member`. Files alone
  /// that hold one name are numbered.
  ///
  /// - Throws: `UsageError` where two operands have the same last part too.
  static func names(of operands: [ModelOperand]) throws(UsageError) -> [[String]] {
    var holders: [String: [Int]] = [:]
    for (number, operand) in operands.enumerated() {
      for name in Set(operand.ownNames) { holders[name, default: []].append(number) }
    }
    let names = operands.map { operand in
      operand.ownNames.map { name in
        let among = holders[name] ?? []
        let clashes = among.count > 1 && !among.allSatisfy { operands[$0].isFile }
        return clashes ? "\(operand.lastPart)/\(name)" : name
      }
    }
    return try numbered(names, operands)
  }

  private static func numbered(
    _ names: [[String]], _ operands: [ModelOperand]
  ) throws(UsageError) -> [[String]] {
    var seen: [String: (count: Int, operand: ModelOperand)] = [:]
    var result: [[String]] = []
    for (names, operand) in zip(names, operands) {
      var own: [String] = []
      for name in names {
        let earlier = seen[name]
        seen[name] = ((earlier?.count ?? 0) + 1, operand)
        guard let earlier else {
          own.append(name)
          continue
        }
        guard operand.isFile, earlier.operand.isFile else {
          throw UsageError(
            "'\(earlier.operand.path)' and '\(operand.path)' both hold '\(name)'; "
              + "give one of them under another name")
        }
        own.append("\(name) (\(earlier.count + 1))")
      }
      result.append(own)
    }
    return result
  }

  /// The last part of its path.
  private var lastPart: String {
    path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? path
  }
}
