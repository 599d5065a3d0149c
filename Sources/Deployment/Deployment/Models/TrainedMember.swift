import Datasets
import Files
import Inference
import Networks
import ONNX
import Runs
import Schemas

/// A member whose weights are there: trained in a run, or imported.
package struct TrainedMember {
  /// Unique among its fellows.
  package let name: String
  /// The network.
  package let network: Network
  /// What its images are like; nil where it was not recorded.
  package private(set) var description: MemberInterface?
  /// What distinguishes its training from others; nil outside of a run.
  private(set) var identity: String?
  /// The directory of its files.
  package let directory: MemberDirectory
  /// What was understood of files that do not say it.
  package private(set) var notes: [Note] = []

  /// The members of the run at `path`, in order, or the one member there.
  ///
  /// - Throws: `DeploymentError` where it is neither, or where members are not yet trained.
  package static func members(of path: String) throws -> [TrainedMember] {
    let run = RunDirectory(path: path)
    if Directory.exists(run.experimentPath) {
      let members = try run.experiment().allMembers.map(\.name)
      let missing = members.filter { !Directory.exists(run.member($0).weightsPath) }
      guard missing.isEmpty else {
        throw DeploymentError.untrainedMembers(path: path, members: missing, total: members.count)
      }
      return try members.map { try TrainedMember(name: $0, in: run) }
    }
    let directory = MemberDirectory(path: path)
    guard Directory.exists(directory.networkPath), Directory.exists(directory.weightsPath) else {
      throw DeploymentError.notTrained(path: path)
    }
    let name = path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init)
    var member = try TrainedMember(name: name ?? "member", directory) { _ in
      try directory.description()
    }
    member.correctDescription()
    return [member]
  }

  /// Takes what training did where an earlier version's training described it otherwise. Imported members keep no metrics.
  private mutating func correctDescription() {
    guard let said = description, said.isMisdescribed, Directory.exists(directory.metricsPath)
    else { return }
    description = said.corrected
    notes = [Self.correction(of: directory.path)]
  }

  private static func correction(of path: String) -> Note {
    Note(
      source: path,
      text:
        "images were resized \(ImageDataset.interpolation.rawValue) in training, and are now, though member.json "
        + "and what was exported or built from it by earlier versions say bicubic: export and build again"
    )
  }

  /// The member `name` of a run.
  ///
  /// - Throws: `ExperimentError`, `NetworkError` or `FileError` where a file of the run or the member is missing or
  ///   damaged.
  package init(name: String, in run: RunDirectory) throws {
    let (record, files) = (try run.dataRecord(), run.member(name))
    let sealed = try files.sealedDescription()
    try self.init(name: name, files) { sealed ?? record.description(of: $0) }
    let experiment = try run.experiment()
    identity = try experiment.allMembers.first { $0.name == name }
      .map { try experiment.identity(of: $0, data: record) }
    if sealed == nil, record.hasMisdescribedMembers { notes = [Self.correction(of: run.path)] }
  }

  private init(
    name: String, _ directory: MemberDirectory,
    description: (Network) throws -> MemberInterface?
  ) throws {
    self.name = name
    self.directory = directory
    network = try Network(file: directory.networkPath)
    self.description = try description(network)
  }

  /// The member as an ONNX model.
  ///
  /// - Throws: `ExperimentError` where the weights are not the member's, `ONNXError`, or `FileError`.
  package func onnx(endsInSoftmax: Bool) throws -> [UInt8] {
    let export = try ONNXExport(
      of: network, weights: directory.weights(of: identity), endsInSoftmax: endsInSoftmax)
    let cost = network.totals
    var metadata = [
      "name": name, "network": network.name, "parameters": "\(cost.parameters)",
      "multiply_accumulates": "\(cost.multiplyAccumulates)",
    ]
    if let description {
      metadata["labels"] = try description.classNames?.readableJSON()
      metadata["preprocessing"] = try description.preprocessing.readableJSON()
      metadata[EnsembleMember.descriptionKey] = EnsembleMember.descriptionVersion
    }
    return try export.bytes(metadata: metadata)
  }

  /// The member as a model that can be loaded.
  ///
  /// - Throws: As `onnx(endsInSoftmax:)`, or `InferenceError` where OpenVINO cannot read the model.
  package func imageModel(endsInSoftmax: Bool) throws -> ImageModel {
    try onnx(endsInSoftmax: endsInSoftmax).withUnsafeBytes {
      try ImageModel(bytes: $0, source: directory.path)
    }
  }
}
