import CTritonModel
import Ensembles
import Files
import Inference
import ONNX

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// An ensemble or a cascade as a model of a Triton model repository.
///
/// Triton has no steps that some images take and others do not, so that a cascade runs in its Python backend, by the model.py
/// that is written beside the members, and so does what is calibrated by curves. Another ensemble is one ONNX model in its
/// ONNX Runtime backend, unless the Python backend is asked for.
package struct TritonRepository {
  /// What runs it.
  package enum Backend: String, CaseIterable, Sendable {
    case onnxruntime, python
  }

  private let ensemble: EnsembleDirectory
  private let name: DeployedName
  /// What runs it.
  package let backend: Backend
  /// The one model; nil where members stay apart.
  private let joined: JoinedEnsemble?
  private let members: [EnsembleMember]
  /// What it takes.
  package let input: EnsembleInput

  /// The largest batch that Triton forms.
  private static let mostImages = 64

  /// Prepares what is to be written.
  ///
  /// - Parameter backend: What runs it; where nil ONNX Runtime, if it can be one model.
  /// - Throws: As `JoinedEnsemble` does.
  package init(
    of ensemble: EnsembleDirectory, name: DeployedName, backend: Backend?
  ) throws {
    self.ensemble = ensemble
    self.name = name
    let isOneModel = JoinedEnsemble.fault(of: ensemble.manifest.combination) == nil
    self.backend = backend ?? (isOneModel ? .onnxruntime : .python)
    if self.backend == .onnxruntime {
      let joined = try JoinedEnsemble(of: ensemble, name: name.text)
      _ = try joined.check()
      (self.joined, members, input) = (joined, joined.members, joined.input)
    } else {
      joined = nil
      members = try ensemble.members()
      input = try EnsembleInput(of: members, path: ensemble.path)
    }
  }

  /// Writes it into the repository at `path`, which is made where it is missing, whole or not at all.
  ///
  /// - Returns: The model's directory.
  /// - Throws: `InferenceError.placeTaken` where the repository has a model of the name, or `FileError`.
  package func write(to path: String) throws -> String {
    let place = "\(path)/\(name.text)"
    guard !Directory.isTaken(place) else { throw InferenceError.placeTaken(path: place) }
    try Directory.createForResults(path)
    try Directory.createWhole(place) { directory in
      try Directory.create("\(directory)/1")
      try DurableFile.write(configuration(), to: "\(directory)/config.pbtxt")
      if let labels = ensemble.manifest.labels {
        try DurableFile.write(Self.lines(of: labels), to: "\(directory)/\(Self.labelFile)")
      }
      if let joined {
        try DurableFile.write(joined.bytes, to: "\(directory)/1/model.onnx")
      } else {
        try writeMembers(to: "\(directory)/1")
      }
    }
    return place
  }

  private func writeMembers(to directory: String) throws {
    try DurableFile.write(String(cString: consort_triton_model()), to: "\(directory)/model.py")
    let files = [EnsembleDirectory.manifestName] + ensemble.manifest.members.map(\.file)
    for file in files {
      let source = try MappedFile(path: "\(ensemble.path)/\(file)")
      try DurableFile.write(to: "\(directory)/\(file)") { writer in
        try source.withBytes { try writer.write($0) }
      }
    }
  }

  // MARK: - Text

  private static let labelFile = "labels.txt"

  /// A line a class: what would break a line becomes a space.
  private static func lines(of labels: [String]) -> String {
    labels.map { label in
      String(label.unicodeScalars.map { $0.value < 32 ? " " : Character($0) }) + "\n"
    }.joined()
  }

  private func configuration() throws -> String {
    let labels = ensemble.manifest.labels == nil ? nil : Self.labelFile
    var outputs = [
      tensor("probabilities", dims: [ensemble.manifest.classes], labels: labels),
      tensor("log_probabilities", dims: [ensemble.manifest.classes]),
    ]
    if backend == .python { outputs.append(tensor("exit_stage", type: "INT32", dims: [1])) }
    var text = """
      # Written by `consort export --format triton`. The input takes \(input.summary).
      name: \(Self.quoted(name.text))
      backend: "\(backend.rawValue)"
      max_batch_size: \(fixedBatch == nil ? Self.mostImages : 0)
      input [
      \(tensor(JoinedEnsemble.inputName, dims: input.shape))
      ]
      output [
      \(outputs.joined(separator: ",\n"))
      ]

      """
    if fixedBatch == nil { text += "dynamic_batching { }\n" }
    if backend == .python {
      text += "instance_group [ { kind: KIND_CPU, count: 1 } ]\n"
      text += """
        parameters {
          key: "member_outputs"
          value { string_value: \(Self.quoted(try memberOutputs())) }
        }

        """
    }
    return text
  }

  /// The only number of images of a model in ONNX Runtime's backend, which can form no other batches of it; the Python
  /// backend fills them up.
  private var fixedBatch: Int? { backend == .onnxruntime ? input.fixedBatch : nil }

  private func tensor(
    _ name: String, type: String = "FP32", dims: [Int], labels: String? = nil
  ) -> String {
    let sizes = ((fixedBatch.map { [$0] } ?? []) + dims).map(String.init).joined(separator: ", ")
    let file = labels.map { ", label_filename: \(Self.quoted($0))" } ?? ""
    return "  { name: \"\(name)\", data_type: TYPE_\(type), dims: [ \(sizes) ]\(file) }"
  }

  private struct MemberOutput: Encodable {
    let name: String
    let kind: ImageModel.OutputKind
  }

  /// Which output of each member's file holds the classes, and what it is: found out when the members were read.
  private func memberOutputs() throws -> String {
    let outputs = try members.indices.map { index in
      let (member, bytes) = try ensemble.member(at: index)
      let model = try bytes.withBytes { try ONNXModel(bytes: $0, path: member.model.source) }
      return MemberOutput(
        name: model.outputs[member.model.output].name, kind: member.model.outputKind)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(outputs), as: UTF8.self)
  }

  /// As protocol buffers' text format writes a string.
  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }
}
