import Ensembles
import Files
import Inference
import Predictions
import Schemas

extension EnsembleDirectory {
  /// Writes an ensemble as the directory at `path`, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: Where nothing is yet.
  ///   - members: The members and the bytes of their ONNX files, which a call gives.
  ///   - labels: The classes' names, in the order of the outputs; what the members say where nil. Members that say
  ///     otherwise are refused.
  ///   - combination: How they are combined.
  ///   - expectedMultiplyAccumulates: What a cascade costs on average on the images that it was chosen on.
  ///   - exitFractions: Of those images, the share that stopped after each member.
  ///   - expectedService: What it was worth on the hold-out; nil where that is not known.
  ///   - errorCosts: What errors cost, where they decide an image's label; nil where it is the most probable class.
  ///   - answerLimits: What is promised of its answers; nil for nothing.
  /// - Throws: `InferenceError`, or `FileError` where it cannot be written; nothing is then left behind.
  package static func write(
    to path: String, members: [(member: EnsembleMember, bytes: MemberBytes)],
    labels: [String]? = nil, combination: Combination = Combination(),
    expectedMultiplyAccumulates: Double? = nil,
    exitFractions: [Double]? = nil, expectedService: ExpectedService? = nil,
    errorCosts: ErrorCosts? = nil, answerLimits: AnswerLimits? = nil
  ) throws -> EnsembleDirectory {
    guard !Directory.exists(path) else { throw InferenceError.placeTaken(path: path) }
    for (member, _) in members where member.model.hasExternalData {
      throw InferenceError.externalData(source: member.model.source)
    }
    let own = try EnsembleMember.commonLabels(of: members.map(\.member))
    guard labels == nil || own == nil || labels == own else {
      throw InferenceError.notAnEnsemble(
        path: path, reason: "its members name their classes otherwise than it does")
    }
    let labels = labels ?? own
    try Directory.createWhole(path) { directory in
      var entries: [EnsembleManifest.Member] = []
      for (index, (member, bytes)) in members.enumerated() {
        let file = "member-\(index).onnx"
        let sha256 = try bytes.write(to: "\(directory)/\(file)")
        entries.append(EnsembleManifest.Member(member, file: file, sha256: sha256))
      }
      let manifest = EnsembleManifest(
        version: EnsembleManifest.version(
          of: entries, expectedService: expectedService,
          hasAnswers: errorCosts != nil || answerLimits != nil || combination.calibration != nil),
        rule: combination.rule,
        weights: combination.weights, memberTemperatures: combination.memberTemperatures,
        temperature: combination.temperature, calibration: combination.calibration,
        cascade: combination.cascade,
        classes: members[0].member.model.classes, labels: labels,
        parameters: entries.reduce(0) { $0 + $1.parameters },
        multiplyAccumulates: entries.reduce(0) { $0 + $1.multiplyAccumulates },
        expectedMultiplyAccumulates: expectedMultiplyAccumulates, exitFractions: exitFractions,
        expectedService: expectedService, errorCosts: errorCosts, answerLimits: answerLimits,
        members: entries)
      if let fault = manifest.fault {
        throw InferenceError.notAnEnsemble(path: path, reason: fault)
      }
      try DurableFile.write(manifest.readableJSON(), to: "\(directory)/\(manifestName)")
    }
    return try EnsembleDirectory(path: path)
  }
}

/// The bytes of a member's ONNX file.
package enum MemberBytes: Sendable {
  /// Those of a file.
  case file(MappedFile)
  /// In memory.
  case memory([UInt8])

  /// Calls `body` with the bytes, which are valid during the call only.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch self {
    case .file(let file): try file.withBytes(body)
    case .memory(let bytes): try bytes.withUnsafeBytes(body)
    }
  }

  /// SHA-256 in lower-case hexadecimal.
  package func sha256() -> String { withBytes { Files.sha256(of: $0) } }

  /// Writes them as the file at `path`, and returns their SHA-256.
  fileprivate func write(to path: String) throws -> String {
    try withBytes { bytes in
      try DurableFile.write(to: path) { writer in try writer.write(bytes) }
      return Files.sha256(of: bytes)
    }
  }
}

extension EnsembleManifest.Member {
  fileprivate init(_ member: EnsembleMember, file: String, sha256: String) {
    self.init(
      file: file, sha256: sha256, name: member.name, network: member.network,
      parameters: member.parameters, multiplyAccumulates: member.multiplyAccumulates,
      preprocessing: member.preprocessing, output: member.model.choice.name,
      outputKind: member.model.choice.kind)
  }
}
