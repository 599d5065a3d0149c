import Datasets
import Ensembles
import Formatting
import Inference
import ONNX
import Predictions
import Schemas

/// An ensemble as one ONNX model: its members, their combination and all temperatures.
///
/// Members keep their operations and numbers; their names get the prefix "member0/", "member1/" and so on. What is between
/// them and the outputs `probabilities` and `log_probabilities`, `[N, classes]`, is written by `CombinationGraph`. All of it
/// is float32.
package struct JoinedEnsemble {
  /// The file.
  package let bytes: [UInt8]
  /// The ensemble.
  package let ensemble: EnsembleDirectory
  /// What the model takes.
  package let input: EnsembleInput
  /// What the members become, checked.
  package let members: [EnsembleMember]

  /// The name of the input.
  package static let inputName = ONNXExport.inputName
  /// The names of the outputs, `[N, classes]`: the distribution, and its logarithms in nats.
  package static let outputNames = ["probabilities", "log_probabilities"]
  /// The first set of operators in which the combination can be written.
  private static let leastOperatorSet = 9
  /// The first version of the format in which constants are no inputs, and that of those sets.
  private static let leastFormat = 8

  /// Joins the members of an ensemble.
  ///
  /// - Parameter name: What the model is called.
  /// - Throws: `DeploymentError.notOneModel` where it is a cascade or calibrated by curves, or the members' inputs exclude one another; `ONNXError`
  ///   where their operator sets do; what keeps members from being read.
  package init(of ensemble: EnsembleDirectory, name: String) throws {
    let manifest = ensemble.manifest
    if let fault = Self.fault(of: manifest.combination) {
      throw DeploymentError.notOneModel(
        path: ensemble.path,
        reason: "\(fault); --format triton writes it for Triton, and `consort serve` serves it")
    }
    let parts = try manifest.members.indices.map { try ensemble.member(at: $0) }
    members = parts.map(\.member)
    input = try EnsembleInput(of: members, path: ensemble.path)
    self.ensemble = ensemble
    try Self.checkSize(of: parts.map(\.bytes), path: ensemble.path)
    var builder = JoinedGraph(input: input, classes: manifest.classes)
    for (member, bytes) in parts {
      let model = try bytes.withBytes { try ONNXModel(bytes: $0, path: member.model.source) }
      builder.raise(to: model, least: (Self.leastOperatorSet, Self.leastFormat))
    }
    for (member, bytes) in parts {
      try bytes.withBytes { try builder.append(member, $0) }
    }
    builder.combine(manifest.combination)
    bytes = try builder.model(
      named: name, outputs: Self.outputNames, metadata: Self.metadata(ensemble, input, name))
  }

  /// Why a combination is not written as operations of ONNX, such as "it is a cascade, whose …"; nil where it is.
  static func fault(of combination: Combination) -> String? {
    if combination.cascade != nil {
      return "it is a cascade, whose images stop on their own, which no ONNX model does"
    }
    switch combination.calibration {
    case .isotonic, .histogram:
      return
        "it is calibrated by curves or tables of each class, which are not written as operations of ONNX"
    case .vector, .dirichlet:
      return combination.rule == .majorityVote
        ? "it is a calibrated vote, which is not written as operations of ONNX" : nil
    case nil: return nil
    }
  }

  /// The longest file that ONNX allows, less what the combination takes.
  private static let mostBytes = Int(Int32.max) - (64 << 20)

  private static func checkSize(of files: [MemberBytes], path: String) throws {
    let total = files.reduce(0) { $0 + $1.withBytes(\.count) }
    guard total <= mostBytes else {
      throw DeploymentError.notOneModel(
        path: path,
        reason:
          "its members have \(total.grouped) bytes in all, and an ONNX file has at most 2 GiB; "
          + "--format triton --backend python keeps them apart")
    }
  }

  private static func metadata(
    _ ensemble: EnsembleDirectory, _ input: EnsembleInput, _ name: String
  ) throws -> [String: String] {
    let manifest = ensemble.manifest
    var metadata = [
      "name": name,
      "network": Predictions.description(of: manifest.members.map(\.network)),
      "parameters": "\(manifest.parameters)",
      "multiply_accumulates": "\(manifest.multiplyAccumulates)",
      "preprocessing": try input.preprocessing.readableJSON(),
      EnsembleMember.descriptionKey: EnsembleMember.descriptionVersion,
      "ensemble": try manifest.readableJSON(),
      "consort": consortVersion,
    ]
    metadata["labels"] = try manifest.labels?.readableJSON()
    return metadata
  }
}
