import CommandLine
import Formatting
import Networks
import Schemas

/// `consort cost`: what a network costs for one image.
let costCommand = Command(
  name: "cost",
  summary: "Count a network's parameters, multiply-accumulates and activation memory.",
  operands: [
    Operand(
      "NETWORK",
      help:
        "A name such as wide-resnet-16-4, resnet-18 or efficientnet-b0, or the path of a network.json "
        + "or of any ONNX file."
    )
  ],
  options: [
    CommandOption(
      "--input-size", "N",
      help: "Pixels of each side of the image (default: what the network was made for)."),
    CommandOption(
      "--classes", "N", help: "Number of classes (default: 10 or 1,000, by the network)."),
    CommandOption("--layers", help: "Show each layer's cost too."),
    CommandOption("--json", help: "Print JSON."),
  ],
  discussion: """
    Counts are for one image. MACs are the multiply-accumulates of the convolutions and the linear
    layers, in an ONNX file of all matrix products, those of attention too; FLOPs are 2 x MACs.
    Activations are float32. A name with a slash, or one that ends in ".json" or ".onnx", is a path.
    """,
  examples: [
    "consort cost wide-resnet-16-4",
    "consort cost wide-resnet-28-10 --classes 100 --layers",
    "consort cost runs/NAME/members/wide-resnet-16-1-0/network.json --json",
    "consort cost resnet18.onnx --layers",
  ],
  run: { arguments in
    if let name = arguments.operand(0), name.hasSuffix(".onnx") {
      return print(try modelCost(path: name, arguments), terminator: "")
    }
    let costed = try CostedNetwork(arguments)
    let cost = costed.network.cost
    let showsLayers = arguments.isSet("--layers")
    if arguments.isSet("--json") {
      print(try costJSON(costed, cost, showsLayers: showsLayers), terminator: "")
    } else {
      print(costText(costed, cost, showsLayers: showsLayers), terminator: "")
    }
  })

/// The network that is asked about.
private struct CostedNetwork {
  let network: Network

  init(_ arguments: ParsedArguments) throws {
    let name = arguments.operand(0) ?? ""
    let inputSize = try arguments.integer("--input-size")
    let classes = try arguments.integer("--classes")
    guard name.contains("/") || name.hasSuffix(".json") else {
      network = try Network(named: name, inputSize: inputSize, classes: classes)
      return
    }
    guard inputSize == nil, classes == nil else {
      throw UsageError("--input-size and --classes go with a name: a file says them itself")
    }
    network = try Network(file: name)
  }
}

private struct CostAnswer: Encodable {
  let network: String
  let inputChannels, inputHeight, inputWidth: Int
  let classes, parameters, multiplyAccumulates, floatingPointOperations: Int
  let peakActivationBytes, trainingActivationBytes: Int
  let layers: [LayerCost]?
}

private func costJSON(
  _ costed: CostedNetwork, _ cost: NetworkCost, showsLayers: Bool
) throws -> String {
  let answer = CostAnswer(
    network: costed.network.name, inputChannels: costed.network.input.channels,
    inputHeight: costed.network.input.height, inputWidth: costed.network.input.width,
    classes: costed.network.classes, parameters: cost.parameters,
    multiplyAccumulates: cost.multiplyAccumulates,
    floatingPointOperations: cost.floatingPointOperations,
    peakActivationBytes: cost.peakActivationBytes,
    trainingActivationBytes: cost.trainingActivationBytes,
    layers: showsLayers ? cost.layers : nil)
  return try answer.readableJSON()
}

private func costText(_ costed: CostedNetwork, _ cost: NetworkCost, showsLayers: Bool) -> String {
  let (network, input) = (costed.network, costed.network.input)
  var text = showsLayers ? layerTable(cost) + "\n" : ""
  let head =
    "\(Terminal.printable(network.name)), one image of \(input.channels) x \(input.height) x \(input.width), "
    + costed.network.classes.counted("class", "classes")
  text += Terminal.wrapped(head, width: Terminal.textWidth).map { $0 + "\n" }.joined()
  var table = TextTable(columns: [.init(""), .init(""), .init("", .right)])
  let rows = [
    ("parameters", cost.parameters), ("MACs", cost.multiplyAccumulates),
    ("FLOPs (2 x MACs)", cost.floatingPointOperations),
    ("activation bytes, inference peak", cost.peakActivationBytes),
    ("activation bytes, kept in training", cost.trainingActivationBytes),
  ]
  for (label, value) in rows { table.append(["", label, value.grouped]) }
  return text + table.text()
}

private func layerTable(_ cost: NetworkCost) -> String {
  var table = TextTable(columns: [
    .init("layer"), .init("output", .right), .init("parameters", .right), .init("MACs", .right),
    .init("bytes", .right),
  ])
  for layer in cost.layers {
    let numbers = [layer.parameters, layer.multiplyAccumulates, layer.activationBytes]
    table.append([layer.name, layer.output] + numbers.map(\.grouped))
  }
  return table.text()
}
