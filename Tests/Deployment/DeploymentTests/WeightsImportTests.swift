import Checkpoints
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

  /// efficientnet-pytorch counts blocks through all stages, and normalisations from 0.
  @Test func namesOfEfficientNetPyTorchAreRead() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/weights.safetensors"
    let network = try Network(named: "efficientnet-lite0", classes: 2)
    let names = EfficientNetPyTorchNames.names(of: network)
    #expect(names["conv_stem.weight"] == "_conv_stem.weight")
    #expect(names["bn2.running_var"] == "_bn1.running_var")
    #expect(names["blocks.0.0.conv_pw.weight"] == "_blocks.0._project_conv.weight")
    #expect(names["blocks.1.0.conv_pw.weight"] == "_blocks.1._expand_conv.weight")
    #expect(names["blocks.6.0.bn3.bias"] == "_blocks.15._bn2.bias")
    #expect(names["classifier.bias"] == "_fc.bias")
    var number: Float = 0
    let tensors = network.parameters.map { parameter in
      number += 0.001
      return TensorContent(
        name: names[parameter.name] ?? "none", shape: parameter.shape,
        floats: [Float](repeating: number, count: parameter.count))
    }
    try SafeTensors.write(to: path, tensors: tensors)
    let weights = try WeightsImport(
      path: path, networkName: "efficientnet-lite0", inputSize: nil, classes: nil)
    #expect(weights.naming == .efficientNetPyTorch && weights.network.classes == 2)
    let published = weights.publishedPreprocessing
    #expect(published.resizing == .shortSide(256) && published.mean == [127, 127, 127])
    let member = MemberDirectory(path: "\(directory.path)/member")
    try weights.write(
      try weights.description(PreprocessingOverrides(), classNames: nil), to: member)
    let written = try SafeTensors(path: member.weightsPath)
    number = 0
    for parameter in network.parameters {
      number += 0.001
      #expect(try written.floats(named: parameter.name).first == number, "\(parameter.name)")
    }
  }

  /// What becomes of other types is said; here 1/3 is no float32.
  @Test func conversionsAreSaid() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/weights.safetensors"
    try Self.write(Network(named: "resnet-20", classes: 2), to: path) { tensors in
      for index in tensors.indices {
        let count = tensors[index].shape.reduce(1, *)
        let isWide = tensors[index].name == "fc.bias"
        tensors[index] = TensorContent(
          name: tensors[index].name, dataType: isWide ? .float64 : .float16,
          shape: tensors[index].shape,
          bytes: isWide
            ? (0..<count).flatMap { _ in withUnsafeBytes(of: 1.0 / 3) { Array($0) } }
            : (0..<count).flatMap { _ in [0x00, 0x38] as [UInt8] })
      }
    }
    let weights = try WeightsImport(
      path: path, networkName: "resnet-20", inputSize: nil, classes: nil)
    let texts = weights.notes.map(\.text)
    #expect(
      texts.contains { $0.contains("float64 become float32: 2 of 2 numbers rounded") }, "\(texts)")
    #expect(texts.contains("weights of type float16 become float32, exactly"), "\(texts)")
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
    #expect(throws: CheckpointError.self) {
      try WeightsImport(path: pickle, networkName: "resnet-20", inputSize: nil, classes: nil)
    }
    #expect(throws: DeploymentError.notTrained(path: directory.path)) {
      try TrainedMember.members(of: directory.path)
    }
  }
}
