import Files
import Networks
import Weights

/// Public weights under the names that Consort has for them.
package struct WeightsImport {
  /// Whose names the file's tensors have.
  package enum Naming: String, Sendable {
    case timm
    case torchvision
  }

  /// What the weights are for.
  package let network: Network
  package let naming: Naming
  /// What was understood.
  package let notes: [Note]
  /// What stands before every name of the file.
  private let prefix: String
  private let file: SafeTensors

  /// Finds every parameter of the network in the file.
  ///
  /// - Parameters:
  ///   - path: A safetensors file as timm or torchvision name its tensors; ours are timm's.
  ///   - classes: The number of logits; what the file has where it is nil.
  /// - Throws: `DeploymentError` where the file is a pickle, belongs to the other padding or does not fit; `WeightsError`;
  ///   `NetworkError`.
  package init(path: String, networkName: String, inputSize: Int?, classes: Int?) throws {
    do {
      file = try SafeTensors(path: path)
    } catch {
      // Only then: a header's length may begin like a pickle.
      throw try Self.isPickle(path) ? DeploymentError.pickledWeights(path: path) : error
    }
    prefix = Self.prefix(of: file.names)
    notes =
      prefix.isEmpty
      ? []
      : [Note(source: path, text: "names are read without the '\(prefix)' before each of them")]
    naming = file.names.contains(prefix + TorchvisionNames.sign) ? .torchvision : .timm
    var network = try Network(named: networkName, inputSize: inputSize, classes: classes)
    if classes == nil, let found = try Self.classes(of: network, in: file, prefix, naming) {
      network = try Network(named: networkName, inputSize: inputSize, classes: found)
    }
    if naming == .torchvision { network = try Self.asTorchvisionHasIt(network, path: path) }
    self.network = network
    try checkFit()
    for parameter in network.parameters {
      try file.checkNumbers(of: prefix + Self.name(of: parameter.name, naming))
    }
  }

  /// What trainings put before all names: data parallelism, compiled models and modules that hold the network.
  private static func prefix(of names: [String]) -> String {
    var found = ""
    while let next = ["module.", "_orig_mod.", "model."].first(where: { next in
      !names.isEmpty && names.allSatisfy { $0.hasPrefix(found + next) }
    }) { found += next }
    return found
  }

  /// The name in the file, less the prefix.
  private static func name(of parameter: String, _ naming: Naming) -> String {
    naming == .timm ? parameter : TorchvisionNames.name(of: parameter) ?? parameter
  }

  /// The rows of the last layer in the file.
  private static func classes(
    of network: Network, in file: SafeTensors, _ prefix: String, _ naming: Naming
  ) throws -> Int? {
    guard let last = network.parameters.last(where: { $0.kind == .linearWeight }) else {
      return nil
    }
    let name = prefix + name(of: last.name, naming)
    return file.names.contains(name) ? try file.entry(name).shape.first : nil
  }

  /// torchvision pads symmetrically, and its B5 to B7 have another epsilon than its B0 to B4.
  private static func asTorchvisionHasIt(_ network: Network, path: String) throws -> Network {
    guard network.name.hasSuffix("-symmetric") || !network.name.hasPrefix("efficientnet") else {
      throw DeploymentError.symmetricPadding(path: path, network: network.name)
    }
    guard ["b5", "b6", "b7"].contains(where: { network.name.contains("-\($0)-") }) else {
      return network
    }
    var layers = network.layers
    for index in layers.indices {
      guard case .batchNorm = layers[index].operation else { continue }
      layers[index].operation = .batchNorm(epsilon: 1e-3, momentum: 0.01)
    }
    return try network.replacing(layers: layers)
  }

  /// Tensors that count batches, which only a training needs.
  private static func isCounter(_ name: String) -> Bool { name.hasSuffix(".num_batches_tracked") }

  private func checkFit() throws {
    var shapes: [String: [Int]] = [:]
    for name in file.names where !Self.isCounter(name) {
      shapes[String(name.dropFirst(prefix.count))] = try file.entry(name).shape
    }
    let wanted = network.parameters.map { parameter in
      Parameter(
        name: Self.name(of: parameter.name, naming), shape: parameter.shape, kind: parameter.kind)
    }
    if let mismatch = ParameterMismatch(of: shapes, with: wanted) {
      throw DeploymentError.weightsDoNotFit(path: file.path, network: network.name, mismatch)
    }
  }

  /// Writes the weights as float32 under our names.
  func writeWeights(to path: String) throws {
    let contents = try network.parameters.map { parameter in
      TensorContent(
        name: parameter.name, shape: parameter.shape,
        floats: try file.floats(named: prefix + Self.name(of: parameter.name, naming)))
    }
    try SafeTensors.write(
      to: path, tensors: contents, metadata: ["network": network.name], isChecksummed: true)
  }

  /// Whether the file is one of PyTorch's: a ZIP archive or a pickle. Pickles can run any code, so none is read.
  private static func isPickle(_ path: String) throws -> Bool {
    let beginning = try MappedFile(path: path).withBytes { Array($0.prefix(4)) }
    return beginning.starts(with: [0x50, 0x4B, 0x03, 0x04]) || beginning.first == 0x80
      || [".pth", ".pt", ".bin", ".ckpt"].contains(where: path.hasSuffix)
  }
}
