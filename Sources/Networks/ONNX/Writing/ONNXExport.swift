import Networks
import Weights

/// A trained network as an ONNX model, for any runtime.
///
/// The batch is of any size; a normalisation right after a convolution is folded into it; what only trainings do is left
/// out.
public struct ONNXExport: Sendable {
  /// The name of the input: `[batch, C, H, W]`, float32, normalised.
  public static let inputName = "images"
  /// Source: https://github.com/onnx/onnx/blob/main/docs/Versioning.md: the operators of opset 17 need version 8.
  static let (operatorSet, formatVersion) = (17, 8)

  private let network: Network
  private let weights: [String: [Float]]
  /// Whether the model ends in a softmax.
  public let endsInSoftmax: Bool

  /// The name of the output, `[batch, classes]`: "probabilities" after a softmax, else "logits".
  public var outputName: String { endsInSoftmax ? "probabilities" : "logits" }

  /// Takes weights that are in memory.
  ///
  /// - Parameters:
  ///   - weights: The values of all of the network's parameters, row-major, by their names.
  ///   - endsInSoftmax: Whether the model gives probabilities in place of logits.
  /// - Throws: `ONNXError.unusableExport` where a parameter has not as many values as it holds.
  public init(
    of network: Network, weights: [String: [Float]], endsInSoftmax: Bool = false
  ) throws(ONNXError) {
    for parameter in network.parameters where weights[parameter.name]?.count != parameter.count {
      throw .unusableExport(
        network: network.name,
        reason: "'\(parameter.name)' has \(weights[parameter.name]?.count ?? 0) values, "
          + "not \(parameter.count)")
    }
    self.network = network
    self.weights = weights
    self.endsInSoftmax = endsInSoftmax
  }

  /// Reads the weights, and checks that they are those of the network.
  ///
  /// - Throws: `ONNXError.weightsOfAnotherNetwork`, or `WeightsError` where they cannot be read or are not finite.
  public init(
    of network: Network, weights: SafeTensors, endsInSoftmax: Bool = false
  ) throws {
    var shapes: [String: [Int]] = [:]
    for name in weights.names { shapes[name] = try weights.entry(name).shape }
    let parameters = network.parameters
    if let mismatch = ParameterMismatch(of: shapes, with: parameters) {
      throw ONNXError.weightsOfAnotherNetwork(path: weights.path, mismatch)
    }
    var values: [String: [Float]] = [:]
    for parameter in parameters {
      try weights.checkNumbers(of: parameter.name)
      values[parameter.name] = try weights.floats(named: parameter.name)
    }
    try self.init(of: network, weights: values, endsInSoftmax: endsInSoftmax)
  }

  /// The model's bytes, the same for the same network, weights and metadata; read back before they are given.
  ///
  /// - Parameter metadata: What the model says of itself to those who run it.
  /// - Throws: `ONNXError.unusableExport` where folded weights are not finite, or the model would be over 2 GiB.
  public func bytes(metadata: [String: String] = [:]) throws(ONNXError) -> [UInt8] {
    var builder = Builder(
      network, weights, outputName: outputName, endsInSoftmax: endsInSoftmax)
    for layer in network.layers { try builder.append(layer) }
    builder.finish(outputName: outputName, endsInSoftmax: endsInSoftmax)
    let input = network.input
    return try builder.graph.model(
      named: network.name,
      inputs: [.images(Self.inputName, [input.channels, input.height, input.width])],
      outputs: [.images(outputName, [network.classes])],
      operatorSet: Self.operatorSet, formatVersion: Self.formatVersion, metadata: metadata)
  }
}

extension ONNXModel.Port {
  /// float32 of a batch of any size.
  ///
  /// - Parameter shape: The dimensions after the batch's.
  static func images(_ name: String, _ shape: [Int]) -> ONNXModel.Port {
    ONNXModel.Port(
      name: name, elementType: ONNXGraph.float32,
      dimensions: [.symbolic("batch")] + shape.map { .fixed($0) })
  }
}

/// Turns layers into operations.
private struct Builder {
  private let network: Network
  private let weights: [String: [Float]]
  /// The shape of what each layer gives.
  private let shapes: [String: FeatureShape]
  /// Normalisations that are part of the convolution before them, by its name.
  private let folded: [String: Layer]
  /// The operation that has a layer's numbers.
  private var values = [Network.inputName: ONNXExport.inputName]
  private(set) var graph = ONNXGraph()
  /// The names of the operations that layers become: their own, unless these are taken.
  private var layerNames: [String: String] = [:]
  private var names: ONNXNames

  init(
    _ network: Network, _ weights: [String: [Float]], outputName: String, endsInSoftmax: Bool
  ) {
    self.network = network
    self.weights = weights
    var shapes: [String: FeatureShape] = [Network.inputName: .map(network.input)]
    for (layer, shape) in zip(network.layers, network.shapes) { shapes[layer.name] = shape }
    self.shapes = shapes
    folded = Self.foldedNormalizations(of: network)
    names = ONNXNames(taken: [ONNXExport.inputName, outputName])
    for layer in network.layers {
      // The last layer's numbers get the output's name anyway.
      let isOutput =
        !endsInSoftmax && layer.name == outputName && layer.name == network.layers.last?.name
      layerNames[layer.name] = isOutput ? layer.name : names.unique(layer.name)
    }
  }

  /// A new name for a part of what a layer becomes.
  private mutating func name(_ part: String, of layer: Layer) -> String {
    names.unique("\(layerNames[layer.name] ?? layer.name).\(part)")
  }

  /// A convolution's only reader, where that is a normalisation.
  private static func foldedNormalizations(of network: Network) -> [String: Layer] {
    var readers: [String: [Layer]] = [:]
    for layer in network.layers {
      for input in layer.inputs { readers[input, default: []].append(layer) }
    }
    var folded: [String: Layer] = [:]
    for layer in network.layers {
      guard case .convolution = layer.operation, let reader = readers[layer.name],
        reader.count == 1, case .batchNorm = reader[0].operation
      else { continue }
      folded[layer.name] = reader[0]
    }
    return folded
  }

  /// The values of a layer's parameter; the network has them all.
  private func values(_ parameter: String, of layer: Layer) -> [Float] {
    weights["\(layer.name).\(parameter)"] ?? []
  }

  mutating func append(_ layer: Layer) throws(ONNXError) {
    let inputs = layer.inputs.compactMap { values[$0] }
    let output = layerNames[layer.name] ?? layer.name
    values[layer.name] = output
    switch layer.operation {
    case .convolution(let convolution): try append(layer, convolution, inputs)
    case .batchNorm(let epsilon, _):
      if folded[layer.inputs[0]]?.name == layer.name {
        values[layer.name] = inputs[0]
      } else {
        appendNormalization(layer, epsilon: epsilon, inputs)
      }
    case .relu: graph.append("Relu", output, inputs)
    case .relu6:
      let (lowest, highest) = (name("min", of: layer), name("max", of: layer))
      graph.append(constant: lowest, shape: [], [0])
      graph.append(constant: highest, shape: [], [6])
      graph.append("Clip", output, inputs + [lowest, highest])
    case .sigmoid: graph.append("Sigmoid", output, inputs)
    case .silu:
      let sigmoid = name("sigmoid", of: layer)
      graph.append("Sigmoid", sigmoid, inputs)
      graph.append("Mul", output, inputs + [sigmoid])
    case .add: graph.append("Add", output, inputs)
    case .scale: graph.append("Mul", output, inputs)
    case .maxPool(let kernelSize, let stride, let padding):
      graph.append(
        "MaxPool", output, inputs,
        [
          ("kernel_shape", .integers([kernelSize, kernelSize])),
          ("strides", .integers([stride, stride])),
          ("pads", .integers([padding, padding, padding, padding])),
        ])
    case .globalAveragePool(keepsDimensions: false):
      let map = name("map", of: layer)
      graph.append("GlobalAveragePool", map, inputs)
      graph.append("Flatten", output, [map], [("axis", .integer(1))])
    case .globalAveragePool(keepsDimensions: true):
      graph.append("GlobalAveragePool", output, inputs)
    case .dropout, .dropPath: values[layer.name] = inputs[0]
    case .linear(let outputs): appendLinear(layer, outputs: outputs, inputs)
    case .memberMean(let members): appendMean(layer, of: members, inputs)
    }
  }

  private mutating func append(
    _ layer: Layer, _ convolution: Convolution, _ inputs: [String]
  ) throws(ONNXError) {
    guard case .map(let map)? = shapes[layer.inputs[0]] else { return }
    var weight = values("weight", of: layer)
    var bias = convolution.hasBias ? values("bias", of: layer) : nil
    if let normalization = folded[layer.name] {
      let (scales, shifts) = scalesAndShifts(of: normalization)
      let size = weight.count / scales.count
      for index in weight.indices {
        weight[index] = Float(Double(weight[index]) * scales[index / size])
      }
      let given = bias ?? Array(repeating: 0, count: scales.count)
      bias = given.indices.map { Float(Double(given[$0]) * scales[$0] + shifts[$0]) }
      guard weight.allSatisfy(\.isFinite), bias?.allSatisfy(\.isFinite) == true else {
        throw .unusableExport(
          network: network.name,
          reason:
            "the convolution '\(layer.name)' times the normalisation '\(normalization.name)' is not finite: "
            + "a weight is too large, or a running variance too small; train the member again")
      }
    }
    let size = convolution.kernelSize
    let (rows, columns) = (
      convolution.zeros(size: map.height), convolution.zeros(size: map.width)
    )
    let weightName = name("weight", of: layer)
    let biasName = bias.map { _ in name("bias", of: layer) }
    graph.append(
      constant: weightName,
      shape: [convolution.outputChannels, map.channels / convolution.groups, size, size], weight)
    if let bias, let biasName {
      graph.append(constant: biasName, shape: [convolution.outputChannels], bias)
    }
    graph.append(
      "Conv", layerNames[layer.name] ?? layer.name,
      inputs + [weightName] + (biasName.map { [$0] } ?? []),
      [
        ("group", .integer(convolution.groups)),
        ("kernel_shape", .integers([size, size])),
        ("pads", .integers([rows.before, columns.before, rows.after, columns.after])),
        ("strides", .integers([convolution.stride, convolution.stride])),
      ])
  }

  /// What a normalisation with its running statistics multiplies by and adds, a channel.
  private func scalesAndShifts(of layer: Layer) -> (scales: [Double], shifts: [Double]) {
    guard case .batchNorm(let epsilon, _) = layer.operation else { return ([], []) }
    let (weight, bias, mean, variance) = (
      values("weight", of: layer), values("bias", of: layer),
      values("running_mean", of: layer), values("running_var", of: layer)
    )
    let scales = weight.indices.map {
      Double(weight[$0]) / (Double(variance[$0]) + epsilon).squareRoot()
    }
    let shifts = bias.indices.map { Double(bias[$0]) - Double(mean[$0]) * scales[$0] }
    return (scales, shifts)
  }

  private mutating func appendNormalization(
    _ layer: Layer, epsilon: Double, _ inputs: [String]
  ) {
    var constants: [String] = []
    for part in ["weight", "bias", "running_mean", "running_var"] {
      let values = values(part, of: layer)
      constants.append(name(part, of: layer))
      graph.append(constant: constants[constants.count - 1], shape: [values.count], values)
    }
    graph.append(
      "BatchNormalization", layerNames[layer.name] ?? layer.name, inputs + constants,
      [("epsilon", .float(Float(epsilon)))])
  }

  private mutating func appendLinear(_ layer: Layer, outputs: Int, _ inputs: [String]) {
    var constants: [String] = []
    for part in ["weight", "bias"] {
      let values = values(part, of: layer)
      constants.append(name(part, of: layer))
      graph.append(
        constant: constants[constants.count - 1],
        shape: part == "weight" ? [outputs, values.count / outputs] : [outputs], values)
    }
    graph.append(
      "Gemm", layerNames[layer.name] ?? layer.name, inputs + constants,
      [("transB", .integer(1))])
  }

  /// The mean over members: `[batch, members * classes, 1, 1]` becomes `[batch, members, classes]`, then `[batch, classes]`.
  private mutating func appendMean(_ layer: Layer, of members: Int, _ inputs: [String]) {
    let (shape, parted) = (name("shape", of: layer), name("members", of: layer))
    // 0 keeps the batch.
    graph.append(constant: shape, integers: [0, members, network.classes])
    graph.append("Reshape", parted, inputs + [shape])
    graph.append(
      "ReduceMean", layerNames[layer.name] ?? layer.name, [parted],
      [("axes", .integers([1])), ("keepdims", .integer(0))])
  }

  /// Gives the last numbers the output's name.
  mutating func finish(outputName: String, endsInSoftmax: Bool) {
    guard endsInSoftmax, let last = network.layers.last.flatMap({ values[$0.name] }) else {
      graph.nameLastOutput(outputName)
      return
    }
    graph.append("Softmax", outputName, [last], [("axis", .integer(1))])
  }
}

/// The names of a graph's values and constants, each given once.
struct ONNXNames {
  private var taken: Set<String>

  init(taken: Set<String>) { self.taken = taken }

  /// The name, or the first of it with a number that is not taken.
  mutating func unique(_ name: String) -> String {
    var (found, number) = (name, 1)
    while !taken.insert(found).inserted {
      found = "\(name).\(number)"
      number += 1
    }
    return found
  }
}
