import Datasets
import Deployment
import Files
import Networks
import Runs
import TestSupport
import Testing
import Weights

@Suite struct WeightsImportTests {
  private static func write(
    _ network: Network, prefix: String = "", to path: String,
    change: (inout [TensorContent]) -> Void = { _ in }
  ) throws {
    var tensors = network.parameters.map {
      TensorContent(
        name: prefix + $0.name, shape: $0.shape,
        floats: [Float](repeating: 0.5, count: $0.count))
    }
    change(&tensors)
    try SafeTensors.write(to: path, tensors: tensors)
  }

  /// Classes are counted in the file, and what stands before all names is left out.
  @Test func becomesAMemberThatExports() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/weights.safetensors"
    try Self.write(Network(named: "resnet-20", classes: 3), prefix: "module.", to: path)
    let weights = try WeightsImport(
      path: path, networkName: "resnet-20", inputSize: nil, classes: nil)
    #expect(weights.network.classes == 3 && weights.naming == .timm)
    #expect(weights.notes.count == 1)
    var overrides = PreprocessingOverrides()
    overrides.scale = 255
    let description = try weights.description(overrides, classNames: ["a", "b", "c"])
    #expect(description.preprocessing.mean == [0, 0, 0])
    #expect(description.preprocessing.standardDeviation == [1, 1, 1])
    let member = MemberDirectory(path: "\(directory.path)/member")
    try weights.write(description, to: member)
    #expect(throws: DeploymentError.memberExists(path: member.path)) {
      try weights.write(description, to: member)
    }
    let read = try TrainedMember.members(of: member.path)
    #expect(read.map(\.name) == ["member"] && read[0].description == description)
    let files = try ExportedModels(of: read, endsInSoftmax: true).write(
      to: "\(directory.path)/onnx")
    #expect(files.map(\.file) == ["\(directory.path)/onnx/member.onnx"])
    let selection = try ModelSelection(files.map(\.file))
    #expect(selection.labels == ["a", "b", "c"])
    #expect(selection.members[0].preprocessing == description.preprocessing)
    #expect(selection.members[0].parameters == files[0].parameters)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/weights.safetensors"
    try Self.write(Network(named: "resnet-20"), to: path) {
      $0.removeAll { $0.name == "bn1.bias" }
    }
    let error = #expect(throws: DeploymentError.self) {
      try WeightsImport(path: path, networkName: "resnet-20", inputSize: nil, classes: nil)
    }
    guard case .weightsDoNotFit(path, network: _, let mismatch) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(mismatch.missing == ["bn1.bias"] && mismatch.unexpected.isEmpty)
    let pickle = try directory.write([0x80, 2, 0, 0, 0, 0, 0, 0, 0], to: "weights.pth")
    #expect(throws: DeploymentError.pickledWeights(path: pickle)) {
      try WeightsImport(path: pickle, networkName: "resnet-20", inputSize: nil, classes: nil)
    }
    #expect(throws: DeploymentError.notTrained(path: directory.path)) {
      try TrainedMember.members(of: directory.path)
    }
  }
}
