import Checkpoints
import Files
import Networks
import Weights

/// Public weights under the names that Consort has for them.
package struct WeightsImport {
  /// Whose names the file's tensors have.
  package enum Naming: String, Sendable {
    case timm
    case torchvision
    case efficientNetPyTorch = "efficientnet-pytorch"
  }

  /// What the weights are for.
  package let network: Network
  package let naming: Naming
  /// What was understood.
  package let notes: [Note]
  /// What stands before every name of the file.
  private let prefix: String
  private let file: any WeightsSource

  /// Finds every parameter of the network in the file.
  ///
  /// - Parameters:
  ///   - path: A file of tensors named as by timm, torchvision or efficientnet-pytorch; ours are timm's. Safetensors, what
  ///     `torch.save` wrote, or an index of several such files.
  ///   - options: Which tensors of a checkpoint, and what it may hold beside them.
  ///   - classes: The number of logits; what the file has where it is nil.
  /// - Throws: `DeploymentError` where the file belongs to the other padding or does not fit; `CheckpointError`; `WeightsError`;
  ///   `NetworkError`.
  package init(
    path: String, _ options: WeightsFile.Options = WeightsFile.Options(), networkName: String,
    inputSize: Int?, classes: Int?
  ) throws {
    file = try WeightsFile.open(path, options)
    let names = file.names
    prefix = Self.prefix(of: names)
    naming = Self.naming(of: names, prefix)
    var network = try Network(named: networkName, inputSize: inputSize, classes: classes)
    if classes == nil, let found = try Self.classes(of: network, in: file, prefix, naming) {
      network = try Network(named: networkName, inputSize: inputSize, classes: found)
    }
    if naming == .torchvision { network = try Self.asTorchvisionHasIt(network, path: path) }
    self.network = network
    try Self.checkFit(of: network, in: file, prefix, naming)
    var notes = file.notes
    if !prefix.isEmpty {
      notes.append(
        Note(source: path, text: "names are read without the '\(prefix)' before each of them"))
    }
    var conversions = Conversions()
    for name in Self.names(of: network, prefix, naming) {
      conversions.add(try file.weights(named: name))
    }
    self.notes = notes + conversions.texts.map { Note(source: path, text: $0) }
  }

  /// What trainings put before all names: data parallelism, compiled models and modules that hold the network.
  private static func prefix(of names: [String]) -> String {
    var found = ""
    while let next = ["module.", "_orig_mod.", "model."].first(where: { next in
      !names.isEmpty && names.allSatisfy { $0.hasPrefix(found + next) }
    }) { found += next }
    return found
  }

  private static func naming(of names: [String], _ prefix: String) -> Naming {
    if names.contains(prefix + TorchvisionNames.sign) { return .torchvision }
    return names.contains(prefix + EfficientNetPyTorchNames.sign) ? .efficientNetPyTorch : .timm
  }

  /// What the file calls the network's parameters, in their order.
  private static func names(
    of network: Network, _ prefix: String, _ naming: Naming
  ) -> [String] {
    let packageNames =
      naming == .efficientNetPyTorch ? EfficientNetPyTorchNames.names(of: network) : [:]
    return network.parameters.map { parameter in
      let name = parameter.name
      let foreign: String? =
        switch naming {
        case .timm: name
        case .torchvision: TorchvisionNames.name(of: name)
        case .efficientNetPyTorch: packageNames[name]
        }
      return prefix + (foreign ?? name)
    }
  }

  /// The rows of the last layer in the file.
  private static func classes(
    of network: Network, in file: any WeightsSource, _ prefix: String, _ naming: Naming
  ) throws -> Int? {
    let names = names(of: network, prefix, naming)
    guard let last = network.parameters.lastIndex(where: { $0.kind == .linearWeight }),
      file.names.contains(names[last])
    else { return nil }
    return try file.shape(of: names[last]).first
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

  private static func checkFit(
    of network: Network, in file: any WeightsSource, _ prefix: String, _ naming: Naming
  ) throws {
    var shapes: [String: [Int]] = [:]
    for name in file.names where !isCounter(name) {
      shapes[String(name.dropFirst(prefix.count))] = try file.shape(of: name)
    }
    let wanted = zip(network.parameters, names(of: network, "", naming)).map { parameter, name in
      Parameter(name: name, shape: parameter.shape, kind: parameter.kind)
    }
    if let mismatch = ParameterMismatch(of: shapes, with: wanted) {
      throw DeploymentError.weightsDoNotFit(path: file.path, network: network.name, mismatch)
    }
  }

  /// Writes the weights as float32 under our names.
  func writeWeights(to path: String) throws {
    let names = Self.names(of: network, prefix, naming)
    let contents = try zip(network.parameters, names).map { parameter, name in
      TensorContent(
        name: parameter.name, shape: parameter.shape, floats: try file.weights(named: name).values)
    }
    try SafeTensors.write(
      to: path, tensors: contents, metadata: ["network": network.name], isChecksummed: true)
  }
}

/// What becomes of the numbers of a file whose tensors are not all float32.
private struct Conversions {
  private var counts: [TensorDataType: Int] = [:]
  private var rounded = 0
  private var greatestChange = 0.0

  mutating func add(_ converted: ConvertedWeights) {
    counts[converted.dataType, default: 0] += converted.values.count
    rounded += converted.roundedCount
    greatestChange = max(greatestChange, converted.greatestChange)
  }

  /// A line for each type.
  var texts: [String] {
    counts.keys.sorted { $0.rawValue < $1.rawValue }.compactMap { type in
      switch type {
      case .float32: return nil
      case .float64:
        let loss =
          rounded == 0
          ? "exactly"
          : "\(rounded) of \(counts[type] ?? 0) numbers rounded, by at most \(greatestChange) of themselves"
        return "weights of type float64 become float32: \(loss)"
      default:
        return
          "weights of type \(type == .float16 ? "float16" : "bfloat16") become float32, exactly"
      }
    }
  }
}
